/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of virtio-rng over both rings, behind pages that may be refused: a
 * chain gets the source's bytes in order, from its first byte to the last
 * before a refused one or the limit; the used length says how many; nothing
 * else in memory changes (A8).
 */
#include <iom/ep/rng.h>
#include <iom/spec/virtio.h>

#include "fakes/plat_test.h"
#include "lib/vdrv.h"

#define PAGES	64u
#define BASE	UINT64_C(0x7000000000)
#define BUFS	(BASE + 8 * GMEM_PAGES_SIZE)
#define ALL	(~UINT64_C(0))
#define SEGS	8u

struct fix {
	struct test_rng rng;
	struct plat_test pt;
	struct gmem_pages m;
	struct iom_entropy source;
	struct iom_rng r;
	struct vdrv v;
	uint8_t mem[PAGES * GMEM_PAGES_SIZE];
	uint64_t given, expected;	/* bytes of the source, of the model */
	bool fails;
};

/* Byte n of the source. */
static uint8_t source_byte(uint64_t n)
{
	return (uint8_t)(n * 0x9e3779b97f4a7c15u >> 56);
}

static int fill(struct iom_entropy *e, void *buf, size_t len)
{
	struct fix *t = IOM_CONTAINER_OF(e, struct fix, source);
	size_t i;

	assert_true(len > 0 && len <= IOM_RNG_BYTES_MAX);
	if (t->fails)
		return IOM_EIO;
	for (i = 0; i < len; i++)
		((uint8_t *)buf)[i] = source_byte(t->given++);
	return IOM_OK;
}

static void wake(void *arg)
{
	(void)arg;
}

static void start(struct fix *t)
{
	static const struct iom_entropy_ops ops = { fill };
	struct iom_rng_cfg cfg = {
		.plat = &t->pt.plat, .gmem = &t->m.g, .entropy = &t->source, .packed = true,
		.wake = wake,
	};

	memset(t, 0, sizeof(*t));
	t->source.ops = &ops;
	test_rng_init(&t->rng);
	plat_test_init(&t->pt);
	gmem_pages_init(&t->m, BASE, PAGES, &t->rng);
	plat_test_fail_nth(&t->pt, 1);
	assert_int_equal(iom_rng_init(&t->r, &cfg), IOM_ENOMEM);
	cfg.queue_size = 48;
	assert_int_equal(iom_rng_init(&t->r, &cfg), IOM_EINVAL);
	cfg.queue_size = 0;
	assert_int_equal(iom_rng_init(&t->r, &cfg), IOM_OK);
}

static void stop(struct fix *t)
{
	iom_rng_fini(&t->r);
	assert_int_equal(plat_test_live(&t->pt), 0);
	gmem_pages_fini(&t->m);
}

/* What a chain gets, a byte at a time; its used length. */
static uint32_t model(struct fix *t, const struct iom_vq_seg *seg, unsigned int n)
{
	uint32_t want = 0, len = 0, used = 0, i;
	unsigned int k;
	bool refused = false;

	for (k = 0; k < n; k++)
		want += seg[k].len;
	want = want < IOM_RNG_BYTES_MAX ? want : IOM_RNG_BYTES_MAX;
	if (t->fails)
		return 0;
	for (k = 0; k < n && !refused; k++) {
		for (i = 0; i < seg[k].len && len < want; i++, len++) {
			refused = !gmem_pages_allowed(&t->m, seg[k].addr + i, IOM_ACCESS_WRITE);
			if (refused)
				break;
			t->mem[seg[k].addr + i - BASE] = source_byte(t->expected + len);
		}
		if (!refused)
			used = len;		/* a piece counts whole or not at all */
	}
	t->expected += want;
	return used;
}

static void run_batch(struct fix *t)
{
	static uint8_t now[sizeof(t->mem)];
	struct iom_vq_seg seg[6][SEGS];
	unsigned int c, k, n, nr_out[6], nr[6], chains = 0;
	uint64_t at = BUFS + test_rng_below(&t->rng, 4096);
	uint32_t len;

	for (c = 0; c < 6; c++) {
		nr_out[c] = !test_rng_below(&t->rng, 6);
		nr[c] = nr_out[c] + (unsigned int)test_rng_below(&t->rng, SEGS - 1);
		for (k = 0; k < nr[c]; k++) {
			seg[c][k].addr = at;
			seg[c][k].len = (uint32_t)test_rng_below(&t->rng, k ? 600 : 6000);
			at += seg[c][k].len + test_rng_below(&t->rng, 100);
		}
		if (!nr[c])
			break;
		vdrv_add(&t->v, seg[c], nr_out[c], nr[c] - nr_out[c], test_rng_below(&t->rng, 2));
		chains++;
	}
	gmem_pages_peek(&t->m, BASE, t->mem, sizeof(t->mem));
	vdrv_run(&t->v);
	for (c = 0; c < chains; c++) {
		assert_true(vdrv_get(&t->v, &n, &len));
		assert_int_equal(n, c);
		assert_int_equal(len, model(t, seg[c] + nr_out[c], nr[c] - nr_out[c]));
	}
	assert_false(vdrv_get(&t->v, &n, &len));
	vdrv_batch_done(&t->v);
	gmem_pages_peek(&t->m, BASE, now, sizeof(now));
	assert_memory_equal(now + (BUFS - BASE), t->mem + (BUFS - BASE),
			    sizeof(now) - (BUFS - BASE));
}

static void chains_get_what_they_can(void **state)
{
	static struct fix t;
	unsigned int i, k;

	(void)state;
	start(&t);
	for (i = 0; i < 800; i++) {
		if (i % 200 == 0)
			assert_true(vdrv_start(&t.v, &t.r.vd, &t.m, BASE, 64,
					       i % 400 ? ALL : ALL & ~VIRTIO_F_RING_PACKED));
		gmem_pages_allow_all(&t.m);
		for (k = (unsigned int)test_rng_below(&t.rng, 6); k; k--)
			gmem_pages_allow(&t.m, BUFS + test_rng_below(&t.rng, 40000),
					 (unsigned int)test_rng_below(&t.rng, 4));
		t.fails = !test_rng_below(&t.rng, 20);
		run_batch(&t);
		assert_false(vdrv_needs_reset(&t.v));
	}
	assert_true(atomic_load(&t.r.stats.faults) > 20);
	assert_true(atomic_load(&t.r.stats.source_errors) > 0);
	gmem_pages_allow_all(&t.m);
	gmem_pages_allow(&t.m, BASE, 0);
	vdrv_run(&t.v);
	assert_true(vdrv_needs_reset(&t.v));
	stop(&t);
}

static void saved_and_restored(void **state)
{
	static struct fix t;
	uint8_t buf[256];
	size_t len, n, i;

	(void)state;
	start(&t);
	assert_int_equal(iom_rng_save(&t.r, NULL, 0, &len), IOM_ENOSPC);
	assert_int_equal(iom_rng_save(&t.r, buf, sizeof(buf), &len), IOM_OK);
	assert_int_equal(iom_rng_restore(&t.r, buf, sizeof(buf), &n), IOM_OK);
	assert_int_equal(n, len);
	for (i = 0; i < len; i++) {
		buf[i] ^= 4;
		assert_int_equal(iom_rng_restore(&t.r, buf, len, &n), IOM_EINVAL);
		buf[i] ^= 4;
		assert_int_equal(iom_rng_restore(&t.r, buf, i, &n), IOM_EINVAL);
	}
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_get_what_they_can),
		cmocka_unit_test(saved_and_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
