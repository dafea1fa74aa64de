/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk beside single requests: requests of more than one batch or of
 * bytes alone, rings that fault (A8), a store that fails, DMA switched off on
 * the way, order of flush and answer, cache mode, features, saved state.
 */
#include <iom/base/endian.h>
#include <iom/ep/blk.h>
#include <iom/spec/virtio.h>
#include <iom/spec/virtio_blk.h>

#include "fakes/plat_test.h"
#include "fakes/store_mem.h"
#include "lib/vdrv.h"

#define PAGES	1100u
#define BASE	UINT64_C(0x100000000)
#define QUEUE	1024u
#define BUFS	(BASE + 64 * GMEM_PAGES_SIZE)
#define STATUS	(BASE + (PAGES - 1) * GMEM_PAGES_SIZE)
#define HEADER	(STATUS + 64)
#define DISK	(4u << 20)
#define ALL	(~UINT64_C(0))
#define IN	VIRTIO_BLK_T_IN
#define OUT	VIRTIO_BLK_T_OUT

struct fix {
	struct test_rng rng;
	struct plat_test pt;
	struct gmem_pages m;
	struct store_mem store;
	struct iom_blk b;
	struct vdrv v;
	unsigned int answered_at_flush;
};

static void wake(void *arg)
{
	(void)arg;
}

static struct iom_blk_cfg cfg_of(struct fix *t)
{
	struct iom_blk_cfg cfg = {
		.plat = &t->pt.plat, .gmem = &t->m.g, .store = &t->store.s, .id = "disk",
		.packed = true, .access_platform = true, .queue_size = QUEUE, .wake = wake,
		.physical_block_size = 4096,
	};

	return cfg;
}

static void start(struct fix *t, uint64_t features)
{
	struct iom_blk_cfg cfg;

	memset(t, 0, sizeof(*t));
	test_rng_init(&t->rng);
	plat_test_init(&t->pt);
	gmem_pages_init(&t->m, BASE, PAGES, &t->rng);
	store_mem_init(&t->store, DISK, &t->m);
	test_rng_fill(&t->rng, t->store.cur, DISK);
	cfg = cfg_of(t);
	assert_int_equal(iom_blk_init(&t->b, &cfg), IOM_OK);
	assert_true(vdrv_start(&t->v, &t->b.vd, &t->m, BASE, QUEUE, features));
}

static void stop(struct fix *t)
{
	iom_blk_fini(&t->b);
	assert_int_equal(plat_test_live(&t->pt), 0);
	store_mem_fini(&t->store);
	gmem_pages_fini(&t->m);
}

/* Adds a request whose data is n segments; header and status stand apart. */
static unsigned int add(struct fix *t, uint32_t type, uint64_t sector,
			const struct iom_vq_seg *data, unsigned int n)
{
	static struct iom_vq_seg seg[QUEUE];
	unsigned int out = type == OUT || type == VIRTIO_BLK_T_WRITE_ZEROES ||
			   type == VIRTIO_BLK_T_DISCARD ? n : 0;
	uint8_t h[16] = { 0 };

	iom_put_le32(h, type);
	iom_put_le64(h + 8, sector);
	gmem_pages_poke(&t->m, HEADER, h, 16);
	gmem_pages_poke(&t->m, STATUS, "\xee", 1);
	seg[0].addr = HEADER;
	seg[0].len = 16;
	if (n)
		memcpy(seg + 1, data, n * sizeof(*seg));
	seg[n + 1].addr = STATUS;
	seg[n + 1].len = 1;
	return vdrv_add(&t->v, seg, 1 + out, n - out + 1, false);
}

static uint8_t status(struct fix *t)
{
	return *gmem_pages_at(&t->m, STATUS);
}

/* One request alone; its status, or -1 if the device did not answer. */
static int ask(struct fix *t, uint32_t type, uint64_t sector, const struct iom_vq_seg *data,
	       unsigned int n, uint32_t *used)
{
	unsigned int id;

	add(t, type, sector, data, n);
	vdrv_run(&t->v);
	if (!vdrv_get(&t->v, &id, used))
		return -1;
	vdrv_batch_done(&t->v);
	return status(t);
}

/* --- more than one batch --------------------------------------------------- */

/* 300 pages, one segment each: 256 pieces are a batch, if no two are neighbours. */
static void batches(void **state)
{
	static struct iom_vq_seg seg[300];
	static uint8_t got[300 * 4096];
	static struct fix t;
	unsigned long begins;
	uint32_t used;
	unsigned int i;

	(void)state;
	start(&t, ALL);
	for (i = 0; i < 300; i++) {
		seg[i].addr = BUFS + 3 * i * UINT64_C(4096);
		seg[i].len = 4096;
	}
	begins = t.m.nr_begins;
	assert_int_equal(ask(&t, IN, 8, seg, 300, &used), 0);
	assert_int_equal(used, 300 * 4096 + 1);
	assert_true(t.m.nr_begins >= begins + 2);	/* an UNMAP waits for a batch only */
	for (i = 0; i < 300; i++)
		gmem_pages_peek(&t.m, seg[i].addr, got + i * 4096, 4096);
	assert_memory_equal(got, t.store.cur + 8 * 512, sizeof(got));

	/* A8: refused in the second batch: the first is there, the second not begun */
	gmem_pages_allow(&t.m, seg[290].addr, IOM_ACCESS_READ);
	assert_int_equal(ask(&t, IN, 16, seg, 300, &used), 1);
	assert_true(used >= 256 * 4096 && used <= 290 * 4096 && used % 512 == 0);
	for (i = 0; i < 300; i++) {
		gmem_pages_peek(&t.m, seg[i].addr, got, 4096);
		assert_memory_equal(got, t.store.cur + (i * 4096 < used ? 16 : 8) * 512 + i * 4096,
				    4096);
	}
	/* the same for a write */
	gmem_pages_allow(&t.m, seg[290].addr, IOM_ACCESS_WRITE);
	memcpy(got, t.store.cur, sizeof(got));
	assert_int_equal(ask(&t, OUT, 0, seg, 300, &used), 1);
	assert_int_equal(used, 1);
	assert_memory_equal(t.store.cur + 290 * 4096, got + 290 * 4096, 10 * 4096);
	for (i = 0; i < 256; i++) {
		gmem_pages_peek(&t.m, seg[i].addr, got, 4096);
		assert_memory_equal(t.store.cur + i * 4096, got, 4096);
	}
	stop(&t);
}

/*
 * 1000 small segments, and one that makes up for whole sectors: of one byte, so
 * that no batch has a sector, and of some, so that batches end inside of one.
 */
static void small_pieces(void **state)
{
	static struct iom_vq_seg seg[1001];
	static uint8_t got[16384];
	static struct fix t;
	unsigned int i, round, sum;
	uint32_t used;

	(void)state;
	start(&t, ALL);
	for (round = 0; round < 10; round++) {
		for (i = sum = 0; i < 1001; sum += seg[i++].len) {
			seg[i].addr = BUFS + 1000 * UINT64_C(4097) - i * UINT64_C(4097);
			seg[i].len = round ? 1 + (uint32_t)test_rng_below(&t.rng, 12) : 1;
		}
		sum -= seg[1000].len;
		seg[1000].len = 512 - sum % 512;
		sum += seg[1000].len;
		assert_int_equal(ask(&t, IN, 3, seg, 1001, &used), 0);
		assert_int_equal(used, sum + 1);
		for (i = used = 0; i < 1001; used += seg[i++].len)
			gmem_pages_peek(&t.m, seg[i].addr, got + used, seg[i].len);
		assert_memory_equal(got, t.store.cur + 3 * 512, sum);
		assert_int_equal(ask(&t, OUT, 77, seg, 1001, &used), 0);
		assert_memory_equal(got, t.store.cur + 77 * 512, sum);
	}
	stop(&t);
}

/* A device that can do nothing but read and write moves the same bytes. */
static void large_without_pointers(void **state)
{
	struct iom_vq_seg seg = { BUFS + 123, 3u << 20 };
	static uint8_t got[3u << 20];
	static struct fix t;
	uint32_t used;

	(void)state;
	start(&t, ALL);
	t.m.no_map = true;
	assert_int_equal(ask(&t, IN, 1, &seg, 1, &used), 0);
	assert_int_equal(used, sizeof(got) + 1);
	gmem_pages_peek(&t.m, seg.addr, got, sizeof(got));
	assert_memory_equal(got, t.store.cur + 512, sizeof(got));
	assert_int_equal(ask(&t, OUT, 9, &seg, 1, &used), 0);
	assert_memory_equal(got, t.store.cur + 9 * 512, sizeof(got));
	stop(&t);
}

/* --- what makes the device need a reset (A8) ------------------------------- */

static void ring_faults_need_reset(void **state)
{
	static struct fix t;
	struct iom_vq_seg seg = { BUFS, 512 };
	unsigned int part, packed;
	uint64_t addr[3];
	uint32_t used;

	(void)state;
	start(&t, ALL);
	for (packed = 0; packed < 2; packed++)
		for (part = 0; part < 3; part++) {
			vdrv_start(&t.v, &t.b.vd, &t.m, BASE, QUEUE,
				   packed ? ALL : ALL & ~VIRTIO_F_RING_PACKED);
			assert_int_equal(ask(&t, IN, 0, &seg, 1, &used), 0);
			addr[0] = t.v.desc;
			addr[1] = t.v.driver;
			addr[2] = t.v.device;
			/* packed: the suppression words are read only when signalling */
			gmem_pages_allow(&t.m, addr[part], 0);
			ask(&t, IN, 0, &seg, 1, &used);
			assert_true(vdrv_needs_reset(&t.v));
			assert_true(t.v.config_irqs > 0);
			gmem_pages_allow_all(&t.m);
			/* nothing is served any more, until it is reset */
			assert_int_equal(ask(&t, IN, 0, &seg, 1, &used), -1);
		}
	vdrv_start(&t.v, &t.b.vd, &t.m, BASE, QUEUE, ALL);
	assert_int_equal(ask(&t, IN, 0, &seg, 1, &used), 0);
	stop(&t);
}

/* The status byte is looked at first: nothing is written that cannot be answered. */
static void status_refused_needs_reset(void **state)
{
	static struct fix t;
	struct iom_vq_seg seg = { BUFS, 4096 };
	uint8_t before[4096];
	uint32_t used;

	(void)state;
	start(&t, ALL);
	memcpy(before, t.store.cur, 4096);
	gmem_pages_allow(&t.m, STATUS, IOM_ACCESS_READ);
	assert_int_equal(ask(&t, OUT, 0, &seg, 1, &used), -1);
	assert_true(vdrv_needs_reset(&t.v));
	assert_memory_equal(t.store.cur, before, 4096);
	assert_int_equal(status(&t), 0xee);
	stop(&t);
}

/* Bus mastering ends while the store flushes: the answer cannot be given. */
static void dma_off_on_the_way(void **state)
{
	static struct fix t;
	uint32_t used;

	(void)state;
	start(&t, ALL);
	t.m.off_in = 2;			/* of this run the first bracket only */
	assert_int_equal(ask(&t, VIRTIO_BLK_T_FLUSH, 0, NULL, 0, &used), -1);
	assert_int_equal(t.store.nr_flushes, 1);
	assert_true(vdrv_needs_reset(&t.v));
	/* off from the start: kept, and served later */
	vdrv_start(&t.v, &t.b.vd, &t.m, BASE, QUEUE, ALL);
	assert_int_equal(ask(&t, VIRTIO_BLK_T_FLUSH, 0, NULL, 0, &used), -1);
	assert_int_equal(t.v.run_rc, IOM_ENODEV);
	assert_false(vdrv_needs_reset(&t.v));
	t.m.off = false;
	vdrv_run(&t.v);
	assert_int_equal(status(&t), 0);
	stop(&t);
}

/* --- the store -------------------------------------------------------------- */

static void store_failures_are_answered(void **state)
{
	static const uint32_t type[] = { IN, OUT, VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_WRITE_ZEROES };
	static struct fix t;
	struct iom_vq_seg seg = { BUFS, 3u << 20 };
	unsigned int k, n, no_map;
	uint32_t used, want;
	uint8_t range[16] = { 0 };
	int st;

	(void)state;
	start(&t, ALL);
	for (no_map = 0; no_map < 2; no_map++)
		for (k = 0; k < 4; k++)
			for (n = 1; ; n++) {
				t.m.no_map = no_map;
				t.store.fail_in = n;
				seg.len = 3u << 20;
				if (type[k] == VIRTIO_BLK_T_WRITE_ZEROES) {
					range[8] = 1;
					gmem_pages_poke(&t.m, BUFS, range, 16);
					seg.len = 16;
				}
				st = ask(&t, type[k], 0, &seg, type[k] != VIRTIO_BLK_T_FLUSH,
					 &used);
				if (t.store.fail_in)
					break;		/* nothing is left to fail */
				assert_int_equal(st, VIRTIO_BLK_S_IOERR);
				want = type[k] != IN ? 1 : no_map ? (n - 1) * 65536 : 0;
				if (type[k] == IN && !no_map)
					assert_true(used % 4096 == 0 && used <= (n - 1) << 20);
				else
					assert_int_equal(used, want);
			}
	assert_int_equal(st, 0);
	stop(&t);
}

static void count_answers(void *arg)
{
	struct fix *t = arg;
	uint8_t idx[2];

	gmem_pages_peek(&t->m, t->v.device + 2, idx, 2);
	t->answered_at_flush = iom_get_le16(idx);
}

static void flush_is_answered_after_it(void **state)
{
	static struct fix t;
	struct iom_vq_seg seg = { BUFS, 512 };
	unsigned int i, id;
	uint32_t len;

	(void)state;
	start(&t, ALL & ~VIRTIO_F_RING_PACKED);
	t.store.flushing = count_answers;
	t.store.arg = &t;
	for (i = 0; i < 3; i++)
		add(&t, OUT, i, &seg, 1);
	gmem_pages_poke(&t.m, HEADER, "\4", 1);	/* all four share the header: FLUSH */
	gmem_pages_poke(&t.m, HEADER + 1, "\0\0\0", 3);
	vdrv_run(&t.v);
	for (i = 0; vdrv_get(&t.v, &id, &len); i++)
		;
	assert_int_equal(i, 3);
	assert_int_equal(t.store.nr_flushes, 3);
	assert_int_equal(t.answered_at_flush, 2);	/* at the third, the two before it */
	assert_memory_equal(t.store.durable, t.store.cur, DISK);
	stop(&t);
}

static uint8_t cfg_byte(struct fix *t, unsigned int off)
{
	uint8_t v = 0xff;

	iom_virtio_dev_config_rw(&t->b.vd, off, &v, 1, false);
	return v;
}

static void set_writeback(struct fix *t, uint8_t v)
{
	iom_virtio_dev_config_rw(&t->b.vd, VIRTIO_BLK_CFG_WRITEBACK, &v, 1, true);
}

static void cache_mode(void **state)
{
	static struct fix t;
	struct iom_vq_seg seg = { BUFS, 512 };
	uint32_t used;

	(void)state;
	start(&t, ALL);
	assert_int_equal(cfg_byte(&t, 32), 1);
	assert_int_equal(ask(&t, OUT, 0, &seg, 1, &used), 0);
	assert_int_equal(t.store.nr_flushes, 0);
	set_writeback(&t, 2);
	assert_int_equal(cfg_byte(&t, 32), 1);
	set_writeback(&t, 0);
	assert_int_equal(cfg_byte(&t, 32), 0);
	assert_int_equal(ask(&t, OUT, 0, &seg, 1, &used), 0);
	assert_int_equal(t.store.nr_flushes, 1);
	assert_memory_equal(t.store.durable, t.store.cur, DISK);
	/* a write whose flush fails is not stable, and says so */
	t.store.fail_in = 2;
	assert_int_equal(ask(&t, OUT, 0, &seg, 1, &used), 1);
	/* 5.2.5.2: CONFIG_WCE without FLUSH begins write-through */
	vdrv_start(&t.v, &t.b.vd, &t.m, BASE, QUEUE, ALL & ~VIRTIO_BLK_F_FLUSH);
	assert_int_equal(cfg_byte(&t, 32), 0);
	set_writeback(&t, 1);
	assert_int_equal(cfg_byte(&t, 32), 1);
	/* not negotiated: not writable */
	vdrv_start(&t.v, &t.b.vd, &t.m, BASE, QUEUE, ALL & ~VIRTIO_BLK_F_CONFIG_WCE);
	set_writeback(&t, 0);
	assert_int_equal(cfg_byte(&t, 32), 1);
	stop(&t);
}

/* --- features, configuration, life ------------------------------------------ */

static void configuration_by_hand(void **state)
{
	static const uint8_t want[60] = {
		0x00, 0x20, 0, 0, 0, 0, 0, 0,		/* 8192 sectors */
		0, 0, 0, 0, 0xfe, 0x03, 0, 0,		/* size_max, seg_max 1022 */
		0, 0, 0, 0, 0x00, 0x02, 0, 0,		/* geometry, blk_size */
		3, 0, 8, 0, 0, 0, 0, 0,			/* topology: 4096 = 512 << 3 */
		1, 0, 0, 0,				/* writeback, num_queues */
		0x00, 0x00, 0x40, 0, 32, 0, 0, 0, 1, 0, 0, 0,
		0x00, 0x00, 0x01, 0, 32, 0, 0, 0, 1, 0, 0, 0,
	};
	static struct fix t;
	uint8_t got[60];

	(void)state;
	start(&t, ALL);
	iom_virtio_dev_config_rw(&t.b.vd, 0, got, 60, false);
	assert_memory_equal(got, want, 60);
	assert_true(t.v.features == (UINT64_C(0x730006600) | VIRTIO_BLK_F_SEG_MAX |
				     VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_CONFIG_WCE |
				     VIRTIO_BLK_F_TOPOLOGY));
	/* behind an IOMMU, a driver that would hand over physical addresses is refused */
	assert_false(vdrv_start(&t.v, &t.b.vd, &t.m, BASE, QUEUE, ALL & ~VIRTIO_F_ACCESS_PLATFORM));
	stop(&t);
}

static void what_init_refuses(void **state)
{
	static struct fix t;
	struct iom_blk_cfg good, cfg;
	struct iom_blk b;
	long live;
	int rc, n;

	(void)state;
	start(&t, ALL);
	good = cfg_of(&t);
	live = plat_test_live(&t.pt);
#define REFUSED(change) \
	do { \
		cfg = good; \
		change; \
		assert_int_equal(iom_blk_init(&b, &cfg), IOM_EINVAL); \
		assert_int_equal(plat_test_live(&t.pt), live); \
	} while (0)
	REFUSED(cfg.queue_size = 3);
	REFUSED(cfg.queue_size = 2048);
	REFUSED(cfg.block_size = 256);
	REFUSED(cfg.block_size = 768);
	REFUSED(cfg.physical_block_size = 256);
	REFUSED(cfg.store = NULL);
	REFUSED(cfg.wake = NULL);
	t.store.s.size = 512 * 7;
	REFUSED(cfg.block_size = 4096);
	t.store.s.size = 0;
	REFUSED((void)0);
	t.store.s.size = DISK;
	for (n = 1; ; n++) {
		plat_test_fail_nth(&t.pt, n);
		rc = iom_blk_init(&b, &good);
		if (!plat_test_failed(&t.pt))
			break;
		assert_int_equal(rc, IOM_ENOMEM);
		assert_int_equal(plat_test_live(&t.pt), live);
	}
	plat_test_fail_nth(&t.pt, 0);
	assert_int_equal(rc, IOM_OK);
	iom_blk_fini(&b);
	/* no ops, no features */
	t.store.ops.discard = NULL;
	assert_int_equal(iom_blk_init(&b, &good), IOM_OK);
	assert_false(b.vd.cfg.features & VIRTIO_BLK_F_DISCARD);
	assert_true(b.vd.cfg.features & VIRTIO_BLK_F_WRITE_ZEROES);
	iom_blk_fini(&b);
	stop(&t);
}

/* A restored disk goes on in the same ring; the request that waits is served. */
static void saved_and_restored(void **state)
{
	static uint8_t dev[8192], own[512];
	static struct fix t;
	struct iom_vq_seg seg = { BUFS, 512 };
	struct iom_blk_cfg cfg;
	size_t dev_len, own_len, len, i;
	unsigned int id;
	struct iom_blk b;
	uint32_t used;

	(void)state;
	start(&t, ALL);
	assert_int_equal(ask(&t, OUT, 0, &seg, 1, &used), 0);
	set_writeback(&t, 0);
	add(&t, OUT, 4, &seg, 1);
	assert_int_equal(iom_blk_save(&t.b, NULL, 0, &own_len), IOM_ENOSPC);
	assert_int_equal(iom_blk_save(&t.b, own, own_len, &len), IOM_OK);
	assert_int_equal(len, own_len);
	assert_int_equal(iom_virtio_dev_save(&t.b.vd, dev, sizeof(dev), &dev_len), IOM_OK);

	cfg = cfg_of(&t);
	assert_int_equal(iom_blk_init(&b, &cfg), IOM_OK);
	for (i = 0; i < own_len; i++) {
		own[i] ^= 1;
		assert_int_equal(iom_blk_restore(&b, own, own_len, &len), IOM_EINVAL);
		own[i] ^= 1;
		assert_int_equal(iom_blk_restore(&b, own, i, &len), IOM_EINVAL);
		assert_int_equal(atomic_load(&b.writeback), 1);
	}
	vdrv_moved(&t.v, &b.vd);
	assert_int_equal(iom_virtio_dev_restore(&b.vd, dev, dev_len, &len), IOM_OK);
	assert_int_equal(iom_blk_restore(&b, own, sizeof(own), &len), IOM_OK);
	assert_int_equal(len, own_len);
	iom_virtio_dev_run(&b.vd);
	assert_true(vdrv_get(&t.v, &id, &used));
	assert_int_equal(status(&t), 0);
	assert_int_equal(t.store.nr_flushes, 1);	/* it is still write-through */
	iom_blk_fini(&b);
	/* another disk: refused */
	cfg.id[0] ^= 1;
	assert_int_equal(iom_blk_init(&b, &cfg), IOM_OK);
	assert_int_equal(iom_blk_restore(&b, own, own_len, &len), IOM_EINVAL);
	iom_blk_fini(&b);
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches),
		cmocka_unit_test(small_pieces),
		cmocka_unit_test(large_without_pointers),
		cmocka_unit_test(ring_faults_need_reset),
		cmocka_unit_test(status_refused_needs_reset),
		cmocka_unit_test(dma_off_on_the_way),
		cmocka_unit_test(store_failures_are_answered),
		cmocka_unit_test(flush_is_answered_after_it),
		cmocka_unit_test(cache_mode),
		cmocka_unit_test(configuration_by_hand),
		cmocka_unit_test(what_init_refuses),
		cmocka_unit_test(saved_and_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
