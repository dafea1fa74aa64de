/* SPDX-License-Identifier: BSD-2-Clause */
/* The gmem of gmem_fake.h. */
#include <iom/base/field.h>

#include "fakes/gmem_fake.h"

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "gmem_fake: %s\n", what);
	abort();
}

static bool fails_now(struct gmem_fake *f)
{
	if (!f->fail_in || --f->fail_in)
		return false;
	f->failed = true;
	return true;
}

/* Each access but begin and end comes through here. */
static int enter(struct gmem_fake *f, enum gmem_fake_kind kind, uint64_t addr, size_t len)
{
	require(f->open, "access outside a bracket");
	f->accesses++;
	if (f->before)
		f->before(f->before_arg, kind, addr, len);
	return fails_now(f) ? f->fail_rc : IOM_OK;
}

/* What was read changes behind the reader's back. */
static void scramble(struct gmem_fake *f, uint64_t addr, size_t len)
{
	unsigned int i;
	uint64_t a;

	for (i = 0; i < f->nr_hot; i++)
		for (a = addr; a < addr + len; a++) {
			uint8_t b = (uint8_t)test_rng_u64(&f->rng);

			if (a < f->hot[i].start || a > f->hot[i].last)
				continue;
			if (f->hot[i].stride &&
			    (a - f->hot[i].start) % f->hot[i].stride >= f->hot[i].bytes)
				continue;
			f->below->ops.write(f->below, a, &b, 1);
		}
}

static struct gmem_fake *of(struct iom_gmem *g)
{
	return IOM_CONTAINER_OF(g, struct gmem_fake, g);
}

static int fake_begin(struct iom_gmem *g)
{
	struct gmem_fake *f = of(g);
	int rc;

	require(!f->open, "brackets nest");
	if (f->before)
		f->before(f->before_arg, GMEM_FAKE_BEGIN, 0, 0);
	rc = fails_now(f) ? f->fail_rc : iom_gmem_begin(f->below);
	f->open = !rc;
	return rc;
}

static void fake_end(struct iom_gmem *g)
{
	require(of(g)->open, "end of no bracket");
	of(g)->open = false;
	iom_gmem_end(of(g)->below);
}

static int fake_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	struct gmem_fake *f = of(g);
	int rc = enter(f, GMEM_FAKE_READ, addr, len);

	require(len && addr + (len - 1) >= addr, "read of a bad range");
	if (!rc)
		rc = f->below->ops.read(f->below, addr, buf, len);
	if (!rc)
		scramble(f, addr, len);
	return rc;
}

static int fake_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	struct gmem_fake *f = of(g);
	int rc = enter(f, GMEM_FAKE_WRITE, addr, len);

	require(len && addr + (len - 1) >= addr, "write of a bad range");
	return rc ? rc : f->below->ops.write(f->below, addr, buf, len);
}

static int fake_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	struct gmem_fake *f = of(g);
	int rc = enter(f, GMEM_FAKE_LOAD, addr, size);

	require(size == 2 || size == 4 || size == 8, "load of a bad size");
	require(!(addr & (size - 1)), "misaligned load");
	if (!rc)
		rc = f->below->ops.load(f->below, addr, size, val);
	if (!rc)
		scramble(f, addr, size);
	return rc;
}

static int fake_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	struct gmem_fake *f = of(g);
	int rc = enter(f, GMEM_FAKE_STORE, addr, size);

	require(size == 2 || size == 4 || size == 8, "store of a bad size");
	require(!(addr & (size - 1)), "misaligned store");
	return rc ? rc : f->below->ops.store(f->below, addr, size, val);
}

static int fake_cas64(struct iom_gmem *g, uint64_t addr, uint64_t *old, uint64_t val)
{
	struct gmem_fake *f = of(g);
	int rc = enter(f, GMEM_FAKE_CAS64, addr, 8);

	return rc ? rc : f->below->ops.cas64(f->below, addr, old, val);
}

static int fake_map(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access,
		    void **ptr, size_t *got)
{
	struct gmem_fake *f = of(g);
	int rc = enter(f, GMEM_FAKE_MAP, addr, len);

	if (!rc && !f->can_map)
		rc = IOM_EOPNOTSUPP;
	return rc ? rc : f->below->ops.map(f->below, addr, len, access, ptr, got);
}

void gmem_fake_init(struct gmem_fake *f, struct iom_gmem *below)
{
	static const struct iom_gmem_ops ops = {
		.begin = fake_begin,
		.end = fake_end,
		.read = fake_read,
		.write = fake_write,
		.load = fake_load,
		.store = fake_store,
		.cas64 = fake_cas64,
		.map = fake_map,
	};

	memset(f, 0, sizeof(*f));
	f->below = below;
	test_rng_seed(&f->rng, 1);
	require(iom_gmem_init(&f->g, &ops) == IOM_OK, "iom_gmem_init");
}

void gmem_fake_fail_nth(struct gmem_fake *f, long n, int rc)
{
	f->fail_in = n;
	f->fail_rc = rc;
	f->failed = false;
}

void gmem_fake_hot(struct gmem_fake *f, uint64_t start, uint64_t last, uint64_t stride,
		   uint64_t bytes)
{
	require(f->nr_hot < GMEM_FAKE_HOT_MAX, "too many hot ranges");
	f->hot[f->nr_hot].start = start;
	f->hot[f->nr_hot].last = last;
	f->hot[f->nr_hot].stride = stride;
	f->hot[f->nr_hot].bytes = bytes;
	f->nr_hot++;
}
