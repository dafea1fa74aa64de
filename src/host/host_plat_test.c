/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hosted plat keeps the promises of plat/plat.h: memory zeroed and aligned,
 * locks that exclude and know their holder, relax that ends, a clock that
 * never goes back; random bytes differ; a memfd is shared and cannot shrink.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <iom/base/field.h>
#include <iom/host/host.h>

static void memory_is_zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = { 1, 7, 64, 4096, 100000 };
	struct iom_plat *p = iom_host_plat();
	size_t i, j, align;
	uint8_t *mem;
	void *out;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(sizes); i++) {
		for (align = 1; align <= 4096; align *= 2) {
			assert_int_equal(iom_plat_alloc(p, sizes[i], align, &out), IOM_OK);
			assert_int_equal((uintptr_t)out & (align - 1), 0);
			mem = out;
			for (j = 0; j < sizes[i]; j++)
				assert_int_equal(mem[j], 0);
			memset(mem, 0xa5, sizes[i]);	/* the next one must clear it */
			iom_plat_free(p, out, sizes[i]);
		}
	}
}

struct counting {
	struct iom_lock lock;
	unsigned long n;
	bool wrong;
};

static void *count(void *arg)
{
	struct counting *c = arg;
	struct iom_plat *p = iom_host_plat();
	int i;

	for (i = 0; i < 20000; i++) {
		if (p->ops.lock_held(p, &c->lock))
			c->wrong = true;
		iom_plat_lock(p, &c->lock);
		if (!p->ops.lock_held(p, &c->lock))
			c->wrong = true;
		c->n++;
		iom_plat_unlock(p, &c->lock);
	}
	return NULL;
}

static void locks_exclude_and_know_their_holder(void **state)
{
	struct iom_plat *p = iom_host_plat();
	struct counting c = { .n = 0 };
	pthread_t t[2];
	int i;

	(void)state;
	assert_int_equal(p->ops.lock_init(p, &c.lock), IOM_OK);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, count, &c), 0);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(c.n, 40000);
	assert_false(c.wrong);
	p->ops.lock_fini(p, &c.lock);
}

static void relax_gets_longer_but_stays_short(void **state)
{
	struct iom_plat *p = iom_host_plat();
	uint64_t t0, t1, t2;
	unsigned int i;

	(void)state;
	t0 = p->ops.now_ns(p);
	for (i = 0; i < 64; i++)
		p->ops.relax(p, i);
	t1 = p->ops.now_ns(p);
	p->ops.relax(p, 1000);
	p->ops.relax(p, UINT32_MAX);
	t2 = p->ops.now_ns(p);
	assert_true(t1 >= t0);
	assert_true(t2 - t1 >= 1000000);	/* sleeps */
	assert_true(t2 - t1 < 1000000000);
}

static void random_bytes_differ(void **state)
{
	struct iom_entropy *e = iom_host_entropy();
	uint8_t a[300], b[300];

	(void)state;
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	assert_int_equal(e->ops->fill(e, a, sizeof(a)), IOM_OK);
	assert_int_equal(e->ops->fill(e, b, sizeof(b)), IOM_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + 268, b + 268, 32);
	assert_int_equal(e->ops->fill(e, a, 0), IOM_OK);
}

static void memfd_is_shared_and_cannot_shrink(void **state)
{
	struct iom_host_memfd m;
	uint8_t *other;

	(void)state;
	assert_int_equal(iom_host_memfd_init(&m, "t", 0), IOM_EINVAL);
	assert_int_equal(iom_host_memfd_init(&m, "t", 100), IOM_EINVAL);
	assert_int_equal(iom_host_memfd_init(&m, "t", 8192), IOM_OK);
	other = mmap(NULL, 8192, PROT_READ, MAP_SHARED, m.fd, 0);
	assert_ptr_not_equal(other, MAP_FAILED);
	assert_int_equal(other[5000], 0);
	((uint8_t *)m.mem)[5000] = 9;
	assert_int_equal(other[5000], 9);
	assert_int_equal(ftruncate(m.fd, 4096), -1);
	munmap(other, 8192);
	iom_host_memfd_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(locks_exclude_and_know_their_holder),
		cmocka_unit_test(relax_gets_longer_but_stays_short),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(memfd_is_shared_and_cannot_shrink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
