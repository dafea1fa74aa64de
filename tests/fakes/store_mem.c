/* SPDX-License-Identifier: BSD-2-Clause */
/* See store_mem.h. */
#include <iom/base/err.h>
#include <iom/base/field.h>

#include "fakes/store_mem.h"

static struct store_mem *of(struct iom_store *s)
{
	return IOM_CONTAINER_OF(s, struct store_mem, s);
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "store_mem: %s\n", what);
	abort();
}

static bool fails(struct store_mem *t)
{
	t->nr_ops++;
	return t->fail_in > 0 && !--t->fail_in;
}

static void check(struct store_mem *t, uint64_t off, uint64_t len)
{
	must(len && off % 512 == 0 && len % 512 == 0, "no whole sectors");
	must(off <= t->s.size && len <= t->s.size - off, "outside");
}

static void check_alone(struct store_mem *t)
{
	must(!t->m || !t->m->depth, "a slow operation inside a bracket");
}

static uint64_t iov_len(const struct iom_store_iov *iov, size_t n)
{
	uint64_t len = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		must(iov[i].len, "an empty piece");
		len += iov[i].len;
	}
	return len;
}

static int mem_readv(struct iom_store *s, uint64_t off, const struct iom_store_iov *iov, size_t n)
{
	struct store_mem *t = of(s);
	size_t i;

	check(t, off, iov_len(iov, n));
	if (fails(t))
		return t->fail_rc;
	for (i = 0; i < n; off += iov[i].len, i++)
		memcpy(iov[i].ptr, t->cur + off, iov[i].len);
	return IOM_OK;
}

static int mem_writev(struct iom_store *s, uint64_t off, const struct iom_store_iov *iov, size_t n)
{
	struct store_mem *t = of(s);
	size_t i;

	check(t, off, iov_len(iov, n));
	must(!s->read_only, "write to a read-only store");
	if (fails(t))
		return t->fail_rc;
	for (i = 0; i < n; off += iov[i].len, i++)
		memcpy(t->cur + off, iov[i].ptr, iov[i].len);
	return IOM_OK;
}

static int mem_flush(struct iom_store *s)
{
	struct store_mem *t = of(s);

	check_alone(t);
	if (t->flushing)
		t->flushing(t->arg);
	if (fails(t))
		return t->fail_rc;
	t->nr_flushes++;
	memcpy(t->durable, t->cur, (size_t)s->size);
	return IOM_OK;
}

static int mem_discard(struct iom_store *s, uint64_t off, uint64_t len)
{
	struct store_mem *t = of(s);

	check(t, off, len);
	check_alone(t);
	must(!s->read_only, "discard on a read-only store");
	if (fails(t))
		return t->fail_rc;
	memset(t->cur + off, STORE_MEM_DISCARDED, (size_t)len);
	return IOM_OK;
}

static int mem_write_zeroes(struct iom_store *s, uint64_t off, uint64_t len, bool unmap)
{
	struct store_mem *t = of(s);

	(void)unmap;
	check(t, off, len);
	check_alone(t);
	must(!s->read_only, "zeroes to a read-only store");
	if (fails(t))
		return t->fail_rc;
	memset(t->cur + off, 0, (size_t)len);
	return IOM_OK;
}

void store_mem_init(struct store_mem *t, uint64_t size, const struct gmem_pages *m)
{
	memset(t, 0, sizeof(*t));
	t->ops.readv = mem_readv;
	t->ops.writev = mem_writev;
	t->ops.flush = mem_flush;
	t->ops.discard = mem_discard;
	t->ops.write_zeroes = mem_write_zeroes;
	t->s.ops = &t->ops;
	t->s.size = size;
	t->m = m;
	t->fail_rc = IOM_EIO;
	t->cur = calloc(1, (size_t)size);
	t->durable = calloc(1, (size_t)size);
	must(t->cur && t->durable, "no memory");
}

void store_mem_fini(struct store_mem *t)
{
	free(t->cur);
	free(t->durable);
}
