/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker's way to guest memory: the gmem ops over the table of DMA maps. The
 * protocol between brackets and unmapping stands at the top of vfu_map.c. A
 * bracket that was cancelled (by a reset, by the end of bus mastering or of
 * the connection) stays open, but every access in it fails with IOM_ENODEV.
 */
#include <stdlib.h>
#include <string.h>

#include <iom/base/endian.h>

#include "vfu/vfu_int.h"

static struct iomi_vfu_gmem *to_gmem(struct iom_gmem *g)
{
	return IOM_CONTAINER_OF(g, struct iomi_vfu_gmem, g);
}

/* --- brackets ------------------------------------------------------------- */

void iomi_vfu_gmem_enter(struct iomi_vfu_gmem *g)
{
	struct iom_vfu *v = g->v;
	uint64_t epoch;

	/*
	 * A cancellation raises epoch before cancelled, so a bracket that
	 * began before it and sees it here begins anew after it.
	 */
	do {
		epoch = atomic_load(&v->epoch);
		atomic_store(&g->active, epoch);
	} while (epoch < atomic_load(&v->cancelled));
	g->table = atomic_load(&v->table);
}

void iomi_vfu_gmem_leave(struct iomi_vfu_gmem *g)
{
	struct iom_vfu *v = g->v;

	g->table = &iomi_vfu_map_none;
	atomic_store(&g->active, 0);
	if (atomic_load(&v->end_wakes) && atomic_exchange(&v->end_wakes, false))
		iomi_vfu_wake(v);
}

static int gmem_begin(struct iom_gmem *gm)
{
	struct iomi_vfu_gmem *g = to_gmem(gm);
	struct iom_vfu *v = g->v;

	iomi_vfu_gmem_enter(g);
	/* Asked after enter: whoever answers no from now on will see us. */
	if (!atomic_load(&v->connected) || !v->ops.dma_allowed(v->cfg.dev)) {
		iomi_vfu_gmem_leave(g);
		return IOM_ENODEV;
	}
	g->begun = atomic_load_explicit(&g->active, memory_order_relaxed);
	g->pinned = false;
	g->outer = iomi_vfu_guard_brackets;
	iomi_vfu_guard_brackets = g;
	return IOM_OK;
}

static void gmem_end(struct iom_gmem *gm)
{
	struct iomi_vfu_gmem *g = to_gmem(gm), **at;

	for (at = &iomi_vfu_guard_brackets; *at && *at != g; at = &(*at)->outer)
		;
	if (*at)
		*at = g->outer;
	iomi_vfu_gmem_leave(g);
}

/* --- accesses ------------------------------------------------------------- */

static bool cancelled(const struct iomi_vfu_gmem *g)
{
	return g->begun < atomic_load_explicit(&g->v->cancelled, memory_order_acquire);
}

static bool entry_has(const struct iomi_vfu_map *m, uint64_t addr)
{
	return iom_range_has(m->gpa, addr) && atomic_load(&m->live);
}

/* The live entry that holds addr, or NULL. */
static const struct iomi_vfu_map *lookup(struct iomi_vfu_gmem *g, uint64_t addr)
{
	const struct iomi_vfu_table *t = g->table;
	unsigned int low = 0, high = t->n, mid;

	if (g->hint < t->n && entry_has(&t->map[g->hint], addr))
		return &t->map[g->hint];
	/* Dead entries are ordered among the live ones: MAP, not UNMAP, makes room. */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (t->map[mid].gpa.last < addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == t->n || !entry_has(&t->map[low], addr))
		return NULL;
	g->hint = low;
	return &t->map[low];
}

/*
 * Part of an access: the entry at addr, its pointer (NULL: by message) and how
 * many of len bytes it has.
 */
static int piece(struct iomi_vfu_gmem *g, uint64_t addr, uint64_t len, unsigned int access,
		 uint8_t **host, size_t *got)
{
	const struct iomi_vfu_map *m;
	uint64_t left;

	if (cancelled(g))
		return IOM_ENODEV;
	m = lookup(g, addr);
	if (!m)
		return IOM_EFAULT;
	if ((m->access & access) != access)
		return IOM_EACCES;
	left = m->gpa.last - addr;
	*got = left < len - 1 ? (size_t)left + 1 : (size_t)len;
	*host = m->host ? m->host + (addr - m->gpa.start) : NULL;
	return IOM_OK;
}

static int gmem_read(struct iom_gmem *gm, uint64_t addr, void *buf, size_t len)
{
	struct iomi_vfu_gmem *g = to_gmem(gm);
	uint8_t *p = buf, *host;
	size_t got;
	int rc;

	for (; len; addr += got, p += got, len -= got) {
		rc = piece(g, addr, len, IOM_ACCESS_READ, &host, &got);
		if (rc)
			return rc;
		if (host)
			memcpy(p, host, got);
		else
			rc = iomi_vfu_dma_rw(g, addr, p, got, false);
		if (rc)
			return rc;
	}
	return IOM_OK;
}

static int gmem_write(struct iom_gmem *gm, uint64_t addr, const void *buf, size_t len)
{
	struct iomi_vfu_gmem *g = to_gmem(gm);
	const uint8_t *p = buf;
	uint8_t *host;
	size_t got;
	int rc;

	for (; len; addr += got, p += got, len -= got) {
		rc = piece(g, addr, len, IOM_ACCESS_WRITE, &host, &got);
		if (rc)
			return rc;
		if (host)
			memcpy(host, p, got);
		else
			rc = iomi_vfu_dma_rw(g, addr, (void *)(uintptr_t)p, got, true);
		if (rc)
			return rc;
	}
	return IOM_OK;
}

/* Maps are of whole pages, so an aligned value is never in two of them. */
static int gmem_load(struct iom_gmem *gm, uint64_t addr, unsigned int size, uint64_t *val)
{
	struct iomi_vfu_gmem *g = to_gmem(gm);
	uint8_t *p, bytes[8] = { 0 };
	size_t got;
	int rc;

	if (size != 2 && size != 4 && size != 8)
		return IOM_EINVAL;
	rc = piece(g, addr, size, IOM_ACCESS_READ, &p, &got);
	if (rc)
		return rc;
	if (!p) {
		rc = iomi_vfu_dma_rw(g, addr, bytes, size, false);
		if (!rc)
			*val = iom_get_le64(bytes);
		return rc;
	}
	if (size == 2)
		*val = IOMI_LE16(atomic_load((_Atomic uint16_t *)(void *)p));
	else if (size == 4)
		*val = IOMI_LE32(atomic_load((_Atomic uint32_t *)(void *)p));
	else
		*val = IOMI_LE64(atomic_load((_Atomic uint64_t *)(void *)p));
	return IOM_OK;
}

static int gmem_store(struct iom_gmem *gm, uint64_t addr, unsigned int size, uint64_t val)
{
	struct iomi_vfu_gmem *g = to_gmem(gm);
	uint8_t *p, bytes[8];
	size_t got;
	int rc;

	if (size != 2 && size != 4 && size != 8)
		return IOM_EINVAL;
	rc = piece(g, addr, size, IOM_ACCESS_WRITE, &p, &got);
	if (rc)
		return rc;
	if (!p) {
		iom_put_le64(bytes, val);
		return iomi_vfu_dma_rw(g, addr, bytes, size, true);
	}
	if (size == 2)
		atomic_store((_Atomic uint16_t *)(void *)p, IOMI_LE16((uint16_t)val));
	else if (size == 4)
		atomic_store((_Atomic uint32_t *)(void *)p, IOMI_LE32((uint32_t)val));
	else
		atomic_store((_Atomic uint64_t *)(void *)p, IOMI_LE64(val));
	return IOM_OK;
}

/* No message of the protocol compares, so only in shared memory. */
static int gmem_cas64(struct iom_gmem *gm, uint64_t addr, uint64_t *old, uint64_t val)
{
	struct iomi_vfu_gmem *g = to_gmem(gm);
	uint64_t want = IOMI_LE64(*old);
	uint8_t *p;
	size_t got;
	int rc;

	if (addr % 8)
		return IOM_EINVAL;
	rc = piece(g, addr, 8, IOM_ACCESS_READ | IOM_ACCESS_WRITE, &p, &got);
	if (rc)
		return rc;
	if (!p)
		return IOM_EOPNOTSUPP;
	atomic_compare_exchange_strong((_Atomic uint64_t *)(void *)p, &want, IOMI_LE64(val));
	*old = IOMI_LE64(want);
	return IOM_OK;
}

static int gmem_map(struct iom_gmem *gm, uint64_t addr, size_t len, unsigned int access,
		    void **ptr, size_t *got)
{
	struct iomi_vfu_gmem *g = to_gmem(gm);
	size_t n;
	uint8_t *p;
	int rc;

	rc = piece(g, addr, len, access, &p, &n);
	if (rc)
		return rc;
	if (!p)
		return IOM_EOPNOTSUPP;
	g->pinned = true;
	*ptr = p;
	*got = n;
	return IOM_OK;
}

static const struct iom_gmem_ops vfu_gmem_ops = {
	.begin = gmem_begin,
	.end = gmem_end,
	.read = gmem_read,
	.write = gmem_write,
	.load = gmem_load,
	.store = gmem_store,
	.cas64 = gmem_cas64,
	.map = gmem_map,
};

int iomi_vfu_gmem_init(struct iom_vfu *v)
{
	size_t size = v->cfg.nr_gmems * sizeof(*v->gmem);
	pthread_condattr_t attr;
	unsigned int i;
	void *mem;
	int rc = 0;

	if (posix_memalign(&mem, _Alignof(struct iomi_vfu_gmem), size))
		return IOM_ENOMEM;
	memset(mem, 0, size);
	v->gmem = mem;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	for (i = 0; i < v->cfg.nr_gmems && !rc; i++) {
		v->gmem[i].v = v;
		v->gmem[i].index = i;
		v->gmem[i].table = &iomi_vfu_map_none;
		iom_gmem_init(&v->gmem[i].g, &vfu_gmem_ops);
		rc = pthread_cond_init(&v->gmem[i].wait_cond, &attr);
	}
	pthread_condattr_destroy(&attr);
	if (!rc)
		return IOM_OK;
	while (--i)
		pthread_cond_destroy(&v->gmem[i - 1].wait_cond);
	free(v->gmem);
	return IOM_ENOMEM;
}

void iomi_vfu_gmem_fini(struct iom_vfu *v)
{
	unsigned int i;

	for (i = 0; i < v->cfg.nr_gmems; i++)
		pthread_cond_destroy(&v->gmem[i].wait_cond);
	free(v->gmem);
}

struct iom_gmem *iom_vfu_gmem(struct iom_vfu *v, unsigned int n)
{
	return &v->gmem[n].g;
}
