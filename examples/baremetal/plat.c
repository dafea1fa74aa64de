/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port: memory, locks, time, registers, as libiom's driver half asks for
 * them of a system.
 *
 * Memory is handed out in powers of two, each aligned to its size, so whatever
 * alignment a table wants is met. What comes back waits in a list of its size.
 * One allocator serves plat and dmem: physical addresses are the CPU's, and the
 * SMMU is coherent (a port to another machine says clean and inval in its dmem).
 *
 * heap.lock: all of the heap. No other lock is taken under it.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/base/mem.h>

#include "port.h"

#define ORDER_MIN	6u		/* 64 bytes: a cache line, an STE, a CD */
#define ORDER_MAX	30u

struct port port;

struct block {
	struct block *next;
};

static struct {
	atomic_bool lock;
	uint64_t rest, end;			/* from rest up to end nothing was given out yet */
	struct block *free[ORDER_MAX + 1];
	uint64_t live;
} heap;

/* --- locks --- */

static void spin_lock(atomic_bool *l)
{
	while (atomic_exchange_explicit(l, true, memory_order_acquire)) {
		while (atomic_load_explicit(l, memory_order_relaxed))
			__asm__ volatile("yield");
	}
}

static void spin_unlock(atomic_bool *l)
{
	atomic_store_explicit(l, false, memory_order_release);
}

/* --- memory --- */

static unsigned int order_of(uint64_t size)
{
	unsigned int order = ORDER_MIN;

	while (order <= ORDER_MAX && (UINT64_C(1) << order) < size)
		order++;
	return order;
}

static void give(struct block *b, unsigned int order)
{
	b->next = heap.free[order];
	heap.free[order] = b;
}

/* Under the lock: a block that came back. */
static struct block *reuse(unsigned int order, uint64_t align)
{
	struct block **at = &heap.free[order], *b;

	while (*at && ((uint64_t)*at & (align - 1)))
		at = &(*at)->next;
	b = *at;
	if (b)
		*at = b->next;
	return b;
}

/* Under the lock: a block of the rest. What alignment skips is made free blocks. */
static struct block *carve(unsigned int order, uint64_t align)
{
	uint64_t size = UINT64_C(1) << order, at = heap.rest, step;

	while (at & ((align > size ? align : size) - 1))
		at += at & -at;
	if (at > heap.end || heap.end - at < size)
		return NULL;
	while (heap.rest < at) {
		step = heap.rest & -heap.rest;
		give((struct block *)heap.rest, order_of(step));
		heap.rest += step;
	}
	heap.rest += size;
	return (struct block *)at;
}

/* The block's size follows from size alone: freeing is told no alignment. */
static int heap_alloc(uint64_t size, uint64_t align, void **out)
{
	unsigned int order = order_of(size);
	struct block *b;

	if (!size || order > ORDER_MAX || align > UINT64_C(1) << ORDER_MAX)
		return IOM_ENOMEM;
	spin_lock(&heap.lock);
	b = reuse(order, align);
	if (!b)
		b = carve(order, align);
	if (b)
		heap.live += UINT64_C(1) << order;
	spin_unlock(&heap.lock);
	if (!b)
		return IOM_ENOMEM;
	memset(b, 0, UINT64_C(1) << order);
	*out = b;
	return IOM_OK;
}

static void heap_free(void *mem, uint64_t size)
{
	unsigned int order = order_of(size);

	spin_lock(&heap.lock);
	heap.live -= UINT64_C(1) << order;
	give(mem, order);
	spin_unlock(&heap.lock);
}

uint64_t port_live_bytes(void)
{
	return heap.live;
}

/* --- plat --- */

static int plat_alloc(struct iom_plat *p, size_t size, size_t align, void **out)
{
	(void)p;
	return heap_alloc(size, align, out);
}

static void plat_free(struct iom_plat *p, void *mem, size_t size)
{
	(void)p;
	heap_free(mem, size);
}

static int lock_init(struct iom_plat *p, struct iom_lock *l)
{
	return p->ops.alloc(p, sizeof(atomic_bool), 1, &l->impl);
}

static void lock_fini(struct iom_plat *p, struct iom_lock *l)
{
	p->ops.free(p, l->impl, sizeof(atomic_bool));
}

static void lock(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	spin_lock(l->impl);
}

static void unlock(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	spin_unlock(l->impl);
}

/* With one CPU, a lock that is taken is ours. */
static bool lock_held(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	return atomic_load((atomic_bool *)l->impl);
}

static void relax(struct iom_plat *p, unsigned int turn)
{
	(void)p;
	(void)turn;
	__asm__ volatile("yield");
}

uint64_t port_now_ns(void)
{
	uint64_t now, hz;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(now) :: "memory");
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return now / hz * 1000000000 + now % hz * 1000000000 / hz;
}

static uint64_t now_ns(struct iom_plat *p)
{
	(void)p;
	return port_now_ns();
}

/* --- dmem --- */

static int dmem_alloc(struct iom_dmem *m, size_t size, size_t align, void **virt, uint64_t *pa)
{
	int rc = heap_alloc(size, align, virt);

	(void)m;
	if (!rc)
		*pa = (uint64_t)*virt;
	return rc;
}

static void dmem_free(struct iom_dmem *m, void *virt, uint64_t pa, size_t size)
{
	(void)m;
	(void)pa;
	heap_free(virt, size);
}

void port_init(struct iom_range ram)
{
	static const struct iom_plat_ops plat = {
		.alloc = plat_alloc, .free = plat_free,
		.lock_init = lock_init, .lock_fini = lock_fini,
		.lock = lock, .unlock = unlock, .lock_held = lock_held,
		.relax = relax, .now_ns = now_ns,
	};
	static const struct iom_dmem_ops dmem = { .alloc = dmem_alloc, .free = dmem_free };

	heap.rest = ram.start;
	heap.end = ram.last + 1;
	if (iom_plat_init(&port.plat, &plat) || iom_dmem_init(&port.dmem, &dmem))
		port_exit(3);
}

/* --- registers --- */

static uint32_t reg_read32(struct iom_mmio *m, uint64_t off)
{
	return port_read32(IOM_CONTAINER_OF(m, struct port_mmio, mmio)->base + off);
}

static void reg_write32(struct iom_mmio *m, uint64_t off, uint32_t val)
{
	port_write32(IOM_CONTAINER_OF(m, struct port_mmio, mmio)->base + off, val);
}

static uint64_t reg_read64(struct iom_mmio *m, uint64_t off)
{
	return port_read64(IOM_CONTAINER_OF(m, struct port_mmio, mmio)->base + off);
}

static void reg_write64(struct iom_mmio *m, uint64_t off, uint64_t val)
{
	port_write64(IOM_CONTAINER_OF(m, struct port_mmio, mmio)->base + off, val);
}

static void wmb(struct iom_mmio *m)
{
	(void)m;
	__asm__ volatile("dmb oshst" ::: "memory");
}

static void rmb(struct iom_mmio *m)
{
	(void)m;
	__asm__ volatile("dmb oshld" ::: "memory");
}

void port_mmio_init(struct port_mmio *m, uint64_t base)
{
	static const struct iom_mmio_ops ops = {
		.read32 = reg_read32, .write32 = reg_write32,
		.read64 = reg_read64, .write64 = reg_write64, .wmb = wmb, .rmb = rmb,
	};

	m->mmio.ops = &ops;
	m->base = base;
}
