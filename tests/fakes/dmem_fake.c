/* SPDX-License-Identifier: BSD-2-Clause */
/* An arena, never given back before the end, with a free list for each size. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <iom/base/endian.h>
#include <iom/base/field.h>

#include "fakes/dmem_fake.h"

#define POISON 0xa4	/* bit 0 clear: an entry in freed memory is invalid */

#define REQUIRE(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

static unsigned int lg2_of(size_t size)
{
	unsigned int n = 0;

	while ((size_t)1 << n < size)
		n++;
	REQUIRE((size_t)1 << n == size);
	return n;
}

static uint64_t pa_of(struct dmem_fake *f, const void *virt)
{
	return (uint64_t)((const uint8_t *)virt - f->mem) + f->base;
}

uint8_t *dmem_fake_ptr(struct dmem_fake *f, uint64_t pa)
{
	REQUIRE(pa >= f->base && pa - f->base < DMEM_FAKE_SIZE);
	return f->mem + (pa - f->base);
}

static void *op_virt(struct iom_dmem *m, uint64_t pa)
{
	return dmem_fake_ptr(IOM_CONTAINER_OF(m, struct dmem_fake, dmem), pa);
}

static void hw_copy(struct dmem_fake *f, const void *virt, size_t size)
{
	size_t off = (size_t)((const uint8_t *)virt - f->mem);

	if (f->hw != f->mem)
		memcpy(f->hw + off, virt, size);
}

static bool should_fail(struct dmem_fake *f)
{
	f->nr_allocs++;
	if (!f->fail_in || --f->fail_in)
		return false;
	f->failed = true;
	return true;
}

static uint8_t *carve(struct dmem_fake *f, size_t size, unsigned int lg2)
{
	uint8_t *mem = f->free[lg2];
	size_t i;

	if (mem) {
		memcpy(&f->free[lg2], mem, sizeof(void *));
		for (i = sizeof(void *); i < size; i++)
			REQUIRE(mem[i] == POISON);
		return mem;
	}
	f->used = (f->used + size - 1) & ~(uint64_t)(size - 1);
	REQUIRE(f->used + size <= DMEM_FAKE_SIZE);
	f->used += size;
	return f->mem + f->used - size;
}

static int op_alloc(struct iom_dmem *m, size_t size, size_t align, void **virt, uint64_t *pa)
{
	struct dmem_fake *f = IOM_CONTAINER_OF(m, struct dmem_fake, dmem);
	unsigned int lg2 = lg2_of(size);
	uint8_t *mem;

	REQUIRE(align && !(align & (align - 1)) && align <= size);
	pthread_mutex_lock(&f->lock);
	if (should_fail(f)) {
		pthread_mutex_unlock(&f->lock);
		return IOM_ENOMEM;
	}
	mem = carve(f, size, lg2);
	f->live++;
	memset(mem, 0, size);
	hw_copy(f, mem, size);
	pthread_mutex_unlock(&f->lock);
	*virt = mem;
	*pa = pa_of(f, mem);
	return IOM_OK;
}

static void op_free(struct iom_dmem *m, void *virt, uint64_t pa, size_t size)
{
	struct dmem_fake *f = IOM_CONTAINER_OF(m, struct dmem_fake, dmem);
	unsigned int lg2 = lg2_of(size);

	REQUIRE(pa == pa_of(f, virt));
	pthread_mutex_lock(&f->lock);
	memset(virt, POISON, size);
	hw_copy(f, virt, size);
	memcpy(virt, &f->free[lg2], sizeof(void *));
	f->free[lg2] = virt;
	f->live--;
	REQUIRE(f->live >= 0);
	pthread_mutex_unlock(&f->lock);
}

static void op_clean(struct iom_dmem *m, const void *virt, size_t size)
{
	struct dmem_fake *f = IOM_CONTAINER_OF(m, struct dmem_fake, dmem);

	if (f->cleaning)
		f->cleaning(f);
	pthread_mutex_lock(&f->lock);
	REQUIRE((const uint8_t *)virt >= f->mem &&
		(const uint8_t *)virt + size <= f->mem + f->used);
	hw_copy(f, virt, size);
	f->nr_cleans++;
	pthread_mutex_unlock(&f->lock);
	if (f->cleaned)
		f->cleaned(f);
}

static uint8_t *arena(void)
{
	/* low, where an address of 32 bits can name it, if that is free */
	void *p = mmap((void *)(uintptr_t)0x40000000, DMEM_FAKE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

void dmem_fake_init(struct dmem_fake *f, unsigned int flags)
{
	struct iom_dmem_ops ops = { .alloc = op_alloc, .free = op_free };

	memset(f, 0, sizeof(*f));
	f->flags = flags;
	pthread_mutex_init(&f->lock, NULL);
	f->mem = f->hw = arena();
	f->base = (uint64_t)(uintptr_t)f->mem;
	if (!(flags & DMEM_FAKE_IDENTITY)) {
		f->base = DMEM_FAKE_BASE;
		ops.virt = op_virt;
	}
	if (flags & DMEM_FAKE_STALE) {
		f->hw = arena();
		ops.clean = op_clean;
	}
	REQUIRE(!iom_dmem_init(&f->dmem, &ops));
}

void dmem_fake_fini(struct dmem_fake *f)
{
	REQUIRE(!f->live);
	if (f->hw != f->mem)
		munmap(f->hw, DMEM_FAKE_SIZE);
	munmap(f->mem, DMEM_FAKE_SIZE);
	pthread_mutex_destroy(&f->lock);
}

void dmem_fake_fail_nth(struct dmem_fake *f, long n)
{
	f->fail_in = n;
	f->failed = false;
}

uint64_t dmem_fake_hw(struct dmem_fake *f, uint64_t pa)
{
	REQUIRE(pa >= f->base && pa - f->base < DMEM_FAKE_SIZE);
	return iom_get_le64(f->hw + (pa - f->base));
}
