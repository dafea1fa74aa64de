/* SPDX-License-Identifier: BSD-2-Clause */
/* See gmem_pages.h. */
#include <stdatomic.h>

#include <iom/base/endian.h>
#include <iom/base/field.h>

#include "fakes/gmem_pages.h"

static struct gmem_pages *of(struct iom_gmem *g)
{
	return IOM_CONTAINER_OF(g, struct gmem_pages, g);
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "gmem_pages: %s\n", what);
	abort();
}

static bool inside(const struct gmem_pages *m, uint64_t addr)
{
	return addr >= m->base && (addr - m->base) / GMEM_PAGES_SIZE < m->nr;
}

uint8_t *gmem_pages_at(struct gmem_pages *m, uint64_t addr)
{
	uint64_t off = addr - m->base;

	must(inside(m, addr), "the test looks outside");
	return m->mem + (size_t)m->to[off / GMEM_PAGES_SIZE] * GMEM_PAGES_SIZE +
	       off % GMEM_PAGES_SIZE;
}

static size_t in_page(uint64_t addr, size_t len)
{
	size_t room = GMEM_PAGES_SIZE - (size_t)(addr % GMEM_PAGES_SIZE);

	return len < room ? len : room;
}

void gmem_pages_peek(struct gmem_pages *m, uint64_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;
	size_t n;

	for (; len; len -= n, addr += n, to += n) {
		n = in_page(addr, len);
		memcpy(to, gmem_pages_at(m, addr), n);
	}
}

void gmem_pages_poke(struct gmem_pages *m, uint64_t addr, const void *buf, size_t len)
{
	const uint8_t *from = buf;
	size_t n;

	for (; len; len -= n, addr += n, from += n) {
		n = in_page(addr, len);
		memcpy(gmem_pages_at(m, addr), from, n);
	}
}

void gmem_pages_allow(struct gmem_pages *m, uint64_t addr, unsigned int access)
{
	must(inside(m, addr), "the test sets a page outside");
	m->access[(addr - m->base) / GMEM_PAGES_SIZE] = (uint8_t)access;
}

void gmem_pages_allow_all(struct gmem_pages *m)
{
	memset(m->access, IOM_ACCESS_READ | IOM_ACCESS_WRITE, m->nr);
}

bool gmem_pages_allowed(const struct gmem_pages *m, uint64_t addr, unsigned int access)
{
	return inside(m, addr) &&
	       (m->access[(addr - m->base) / GMEM_PAGES_SIZE] & access) == access;
}

/* The bytes of the page at addr from it on, at most len. */
static int piece(struct gmem_pages *m, uint64_t addr, size_t len, unsigned int access,
		 uint8_t **ptr, size_t *got)
{
	must(m->depth == 1, "access outside of a bracket");
	if (!gmem_pages_allowed(m, addr, access)) {
		m->nr_refused++;
		return inside(m, addr) && m->access[(addr - m->base) / GMEM_PAGES_SIZE] ?
			       IOM_EACCES : IOM_EFAULT;
	}
	*ptr = gmem_pages_at(m, addr);
	*got = in_page(addr, len);
	return IOM_OK;
}

static int pages_begin(struct iom_gmem *g)
{
	struct gmem_pages *m = of(g);

	must(!m->depth, "nested bracket");
	if (m->off_in && !--m->off_in)
		m->off = true;
	if (m->off)
		return IOM_ENODEV;
	m->depth = 1;
	m->nr_begins++;
	return IOM_OK;
}

static void pages_end(struct iom_gmem *g)
{
	must(of(g)->depth == 1, "end without begin");
	of(g)->depth = 0;
}

static int pages_rw(struct gmem_pages *m, uint64_t addr, uint8_t *in, const uint8_t *out,
		    size_t len)
{
	uint8_t *ptr;
	size_t n;
	int rc;

	for (; len; len -= n, addr += n) {
		rc = piece(m, addr, len, in ? IOM_ACCESS_READ : IOM_ACCESS_WRITE, &ptr, &n);
		if (rc)
			return rc;
		if (in) {
			memcpy(in, ptr, n);
			in += n;
		} else {
			memcpy(ptr, out, n);
			out += n;
		}
	}
	return IOM_OK;
}

static int pages_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	return pages_rw(of(g), addr, buf, NULL, len);
}

static int pages_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	return pages_rw(of(g), addr, NULL, buf, len);
}

static int pages_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	uint8_t b[8] = { 0 };
	int rc = pages_rw(of(g), addr, b, NULL, size);

	if (!rc)
		*val = iom_get_le64(b);
	return rc;
}

static int pages_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	uint8_t b[8];

	iom_put_le64(b, val);
	return pages_rw(of(g), addr, NULL, b, size);
}

static int pages_map(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access,
		     void **ptr, size_t *got)
{
	struct gmem_pages *m = of(g);
	uint8_t *p;
	int rc;

	if (m->no_map) {
		must(m->depth == 1, "map outside of a bracket");
		return IOM_EOPNOTSUPP;
	}
	rc = piece(m, addr, len, access, &p, got);
	if (!rc)
		*ptr = p;
	return rc;
}

static const struct iom_gmem_ops pages_ops = {
	.begin = pages_begin,
	.end = pages_end,
	.read = pages_read,
	.write = pages_write,
	.load = pages_load,
	.store = pages_store,
	.map = pages_map,
};

void gmem_pages_init(struct gmem_pages *m, uint64_t base, unsigned int nr, struct test_rng *rng)
{
	unsigned int i, j, t;

	memset(m, 0, sizeof(*m));
	m->base = base;
	m->nr = nr;
	m->mem = malloc((size_t)nr * GMEM_PAGES_SIZE);
	m->to = malloc(nr * sizeof(*m->to));
	m->access = malloc(nr);
	must(m->mem && m->to && m->access, "no memory");
	for (i = 0; i < nr; i++)
		m->to[i] = i;
	for (i = nr - 1; i; i--) {
		j = (unsigned int)test_rng_below(rng, i + 1);
		t = m->to[i];
		m->to[i] = m->to[j];
		m->to[j] = t;
	}
	test_rng_fill(rng, m->mem, (size_t)nr * GMEM_PAGES_SIZE);
	gmem_pages_allow_all(m);
	must(!iom_gmem_init(&m->g, &pages_ops), "gmem ops");
}

void gmem_pages_fini(struct gmem_pages *m)
{
	must(!m->depth, "a bracket was left open");
	free(m->mem);
	free(m->to);
	free(m->access);
}
