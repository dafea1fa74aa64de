/* SPDX-License-Identifier: BSD-2-Clause */
/* The identity gmem does what a flat one over the same block does, and keeps to its ranges. */
#include <iom/plat/gmem.h>

#include "lib/test.h"

#define SIZE	4096u

struct pair {
	_Alignas(8) uint8_t own[2][SIZE];	/* what the identity, and the flat one, work on */
	struct iom_gmem_flat flat;
	struct iom_gmem_identity id;
	struct iom_range range;
	uint64_t base;
};

static void open_pair(struct pair *p)
{
	p->base = (uintptr_t)p->own[0];
	memset(p->own, 0, sizeof(p->own));
	p->range = (struct iom_range){ p->base, p->base + SIZE - 1 };
	assert_int_equal(iom_gmem_flat_init(&p->flat, p->base, p->own[1], SIZE), IOM_OK);
	assert_int_equal(iom_gmem_identity_init(&p->id, &p->range, 1), IOM_OK);
}

/* One random access by both; near the edges often, sometimes outside. */
static void one(struct pair *p, struct test_rng *rng)
{
	static const unsigned int sizes[] = { 2, 4, 8, 3 };
	uint64_t addr = p->base - 16 + test_rng_below(rng, SIZE + 32);
	size_t len = test_rng_below(rng, 33), got[2] = { 0 };
	unsigned int size = sizes[test_rng_below(rng, 4)];
	uint64_t val[2] = { 0 }, x = test_rng_u64(rng);
	uint8_t buf[2][32];
	void *ptr[2];
	int rc[2], i;

	memset(buf, (int)x, sizeof(buf));
	if (!test_rng_below(rng, 8))
		addr = test_rng_edgy(rng);
	if (test_rng_below(rng, 4))
		addr &= ~UINT64_C(7);
	for (i = 0; i < 2; i++) {
		struct iom_gmem *g = i ? &p->flat.g : &p->id.g;

		switch (x % 6) {
		case 0:
			rc[i] = iom_gmem_read(g, addr, buf[i], len);
			break;
		case 1:
			rc[i] = iom_gmem_write(g, addr, buf[i], len);
			break;
		case 2:
			rc[i] = size & 1 ? 0 : iom_gmem_load(g, addr, size, &val[i]);
			break;
		case 3:
			rc[i] = size & 1 ? 0 : iom_gmem_store(g, addr, size, x);
			break;
		case 4:
			val[i] = x & 64 ? 0 : x;
			rc[i] = g->ops.cas64(g, addr, &val[i], x);
			break;
		default:
			rc[i] = iom_gmem_map(g, addr, len, IOM_ACCESS_READ, &ptr[i], &got[i]);
			if (!rc[i])
				assert_ptr_equal(ptr[i], p->own[i] + (addr - p->base));
			break;
		}
	}
	assert_int_equal(rc[0], rc[1]);
	assert_int_equal(val[0], val[1]);
	assert_int_equal(got[0], got[1]);
	assert_memory_equal(buf[0], buf[1], sizeof(buf[0]));
}

static void as_flat(void **state)
{
	static struct pair p;
	struct test_rng rng;
	unsigned int i;

	(void)state;
	test_rng_init(&rng);
	open_pair(&p);
	for (i = 0; i < 200000; i++)
		one(&p, &rng);
	assert_memory_equal(p.own[0], p.own[1], SIZE);
}

static void ranges(void **state)
{
	static _Alignas(8) uint8_t mem[64];
	uint64_t a = (uintptr_t)mem, val;
	struct iom_range two[] = { { a, a + 7 }, { a + 16, a + 31 } };
	struct iom_range bad = { 8, 7 };
	struct iom_gmem_identity id;
	uint8_t buf[32];

	(void)state;
	assert_int_equal(iom_gmem_identity_init(&id, &bad, 1), IOM_EINVAL);
	assert_int_equal(iom_gmem_identity_init(&id, two, 2), IOM_OK);
	mem[16] = 0x5a;
	assert_int_equal(iom_gmem_load(&id.g, a + 16, 8, &val), IOM_OK);
	assert_int_equal(val, 0x5a);
	assert_int_equal(iom_gmem_load(&id.g, a + 8, 8, &val), IOM_EFAULT);
	/* Neighbours are not joined: what the caller names apart is apart. */
	assert_int_equal(iom_gmem_read(&id.g, a + 4, buf, 8), IOM_EFAULT);
	assert_int_equal(iom_gmem_read(&id.g, a + 16, buf, 16), IOM_OK);
	assert_int_equal(iom_gmem_read(&id.g, a + 16, buf, 17), IOM_EFAULT);

	/* All of memory, but what can only be a mistake. */
	assert_int_equal(iom_gmem_identity_init(&id, NULL, 0), IOM_OK);
	assert_int_equal(iom_gmem_read(&id.g, a, buf, 32), IOM_OK);
	assert_int_equal(buf[16], 0x5a);
	assert_int_equal(iom_gmem_read(&id.g, 0, buf, 1), IOM_EFAULT);
	assert_int_equal(iom_gmem_load(&id.g, 4088, 8, &val), IOM_EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_flat),
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
