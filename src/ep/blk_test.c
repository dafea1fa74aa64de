/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of virtio-blk over both rings, with and without pointers into memory,
 * behind pages that may be refused, against tests/lib/blk_model.h:
 * - any request, however framed, leaves disk, durable disk and every byte of
 *   the driver's memory as the model says: no byte outside of the buffers, none
 *   behind a refused one (A8);
 * - used length and status are exact; a status that cannot be delivered, and a
 *   ring that faults, make the device need a reset (A8), which then works;
 * - a flush is answered after the data is durable.
 */
#include <iom/base/endian.h>
#include <iom/ep/blk.h>
#include <iom/spec/virtio.h>
#include <iom/spec/virtio_blk.h>

#include "fakes/plat_test.h"
#include "fakes/store_mem.h"
#include "lib/blk_model.h"
#include "lib/vdrv.h"

#define PAGES	320u
#define BASE	(UINT64_MAX - PAGES * GMEM_PAGES_SIZE + 1)	/* up to the top */
#define BUFS	(BASE + 16 * GMEM_PAGES_SIZE)	/* rings before, buffers behind */
#define BUFS_LEN ((PAGES - 16) * GMEM_PAGES_SIZE)
#define SECTORS	600u
#define BATCH	8u
#define ALL	(~UINT64_C(0))

struct fix {
	struct test_rng rng;
	struct plat_test pt;
	struct gmem_pages m;
	struct store_mem store;
	struct iom_blk b;
	struct vdrv v;
	struct blk_model model;
	uint8_t mem[PAGES * GMEM_PAGES_SIZE];
	uint8_t disk[SECTORS * 512], durable[SECTORS * 512];
	uint64_t at;			/* next free byte of the buffers */
	struct blk_model_req req[BATCH];
	unsigned int nr;
	unsigned long nr_dead, nr_faulted, nr_ok;
};

static void wake(void *arg)
{
	(void)arg;
}

static struct iom_blk_cfg cfg_of(struct fix *t)
{
	struct iom_blk_cfg cfg = {
		.plat = &t->pt.plat, .gmem = &t->m.g, .store = &t->store.s,
		.id = "a disk of 20 letter", .packed = true, .access_platform = true,
		.queue_size = 64, .wake = wake,
	};

	return cfg;
}

static void drive(struct fix *t, uint64_t features)
{
	assert_true(vdrv_start(&t->v, &t->b.vd, &t->m, BASE, 64,
			       features | VIRTIO_F_ACCESS_PLATFORM));
	features = t->v.features;
	t->model.read_only = t->store.s.read_only;
	t->model.dwz = features & VIRTIO_BLK_F_DISCARD;
	t->model.write_through = !(features & VIRTIO_BLK_F_FLUSH);
}

static void start(struct fix *t, bool read_only)
{
	struct iom_blk_cfg cfg;

	memset(t, 0, sizeof(*t));
	test_rng_init(&t->rng);
	plat_test_init(&t->pt);
	gmem_pages_init(&t->m, BASE, PAGES, &t->rng);
	store_mem_init(&t->store, sizeof(t->disk), &t->m);
	t->store.s.read_only = read_only;
	test_rng_fill(&t->rng, t->disk, sizeof(t->disk));
	memcpy(t->durable, t->disk, sizeof(t->disk));
	memcpy(t->store.cur, t->disk, sizeof(t->disk));
	memcpy(t->store.durable, t->disk, sizeof(t->disk));
	cfg = cfg_of(t);
	assert_int_equal(iom_blk_init(&t->b, &cfg), IOM_OK);
	t->model.m = &t->m;
	t->model.mem = t->mem;
	t->model.disk = t->disk;
	t->model.durable = t->durable;
	t->model.sectors = SECTORS;
	memcpy(t->model.id, cfg.id, 20);
	t->at = BUFS;
}

static void stop(struct fix *t)
{
	iom_blk_fini(&t->b);
	assert_int_equal(plat_test_live(&t->pt), 0);
	store_mem_fini(&t->store);
	gmem_pages_fini(&t->m);
}

/* --- requests ------------------------------------------------------------- */

/* Cuts len bytes at n - 1 random places, each piece somewhere of its own. */
static unsigned int cut(struct fix *t, struct iom_vq_seg *seg, unsigned int n, uint64_t len)
{
	unsigned int i;
	uint64_t part;

	for (i = 0; i < n; i++) {
		part = i + 1 < n ? test_rng_below(&t->rng, len + 1) : len;
		seg[i].addr = t->at;
		seg[i].len = (uint32_t)part;
		t->at += part + test_rng_below(&t->rng, 3) * test_rng_below(&t->rng, 700);
		len -= part;
	}
	return n;
}

static void fill(struct fix *t, const struct iom_vq_seg *seg, unsigned int n, const uint8_t *from)
{
	unsigned int i;

	for (i = 0; i < n; from += seg[i++].len)
		gmem_pages_poke(&t->m, seg[i].addr, from, seg[i].len);
}

/* Makes a chain of out readable bytes and in writable ones available. */
static void request(struct fix *t, const uint8_t *out, uint64_t out_len, uint64_t in_len,
		    unsigned int max_segs)
{
	struct blk_model_req *r = &t->req[t->nr];
	bool indirect = test_rng_below(&t->rng, 2) && t->v.features & VIRTIO_F_INDIRECT_DESC;

	r->nr_out = r->nr_in = 0;
	if (out_len)
		r->nr_out = cut(t, r->seg, 1 + (unsigned int)test_rng_below(&t->rng, max_segs),
				out_len);
	if (in_len)
		r->nr_in = cut(t, r->seg + r->nr_out,
			       1 + (unsigned int)test_rng_below(&t->rng, max_segs), in_len);
	if (!vdrv_room(&t->v, r->nr_out + r->nr_in, indirect))
		return;
	fill(t, r->seg, r->nr_out, out);
	assert_int_equal(vdrv_add(&t->v, r->seg, r->nr_out, r->nr_in, indirect), t->nr);
	t->nr++;
}

static uint64_t random_sector(struct fix *t)
{
	return test_rng_below(&t->rng, 15) ? test_rng_below(&t->rng, SECTORS + 1) :
					     test_rng_edgy(&t->rng);
}

static uint64_t put_ranges(struct fix *t, uint8_t *to)
{
	uint64_t n = test_rng_below(&t->rng, 20) ? 1 + test_rng_below(&t->rng, 4) :
						   test_rng_below(&t->rng, 40);
	uint64_t i, sector;

	for (i = 0; i < n; i++) {
		sector = random_sector(t);
		iom_put_le64(to + 16 * i, sector);
		iom_put_le32(to + 16 * i + 8, (uint32_t)test_rng_below(&t->rng, 40));
		iom_put_le32(to + 16 * i + 12, test_rng_below(&t->rng, 10) ? 0 :
			     (uint32_t)test_rng_below(&t->rng, 3));
	}
	return 16 * n;
}

static void random_request(struct fix *t)
{
	static const uint32_t types[] = { 0, 0, 0, 1, 1, 1, 4, 8, 11, 13, 10, 14, 2, 15 };
	static uint8_t out[16 + 200 * 512];
	uint32_t type = types[test_rng_below(&t->rng, IOM_ARRAY_SIZE(types))];
	uint64_t len = 512 * test_rng_below(&t->rng, test_rng_below(&t->rng, 8) ? 24 : 200);
	uint64_t out_len = 16, in_len = 1;

	if (!test_rng_below(&t->rng, 40))
		len += test_rng_below(&t->rng, 512);
	iom_put_le32(out, type);
	iom_put_le32(out + 4, (uint32_t)test_rng_u64(&t->rng));
	iom_put_le64(out + 8, random_sector(t));
	if (type == VIRTIO_BLK_T_IN) {
		in_len += len;
	} else if (type == VIRTIO_BLK_T_OUT) {
		test_rng_fill(&t->rng, out + 16, len);
		out_len += len;
	} else if (type == VIRTIO_BLK_T_GET_ID) {
		in_len += test_rng_below(&t->rng, 4) ? 20 : test_rng_below(&t->rng, 30);
	} else if (type == VIRTIO_BLK_T_DISCARD || type == VIRTIO_BLK_T_WRITE_ZEROES) {
		out_len += put_ranges(t, out + 16);
		out_len += !test_rng_below(&t->rng, 20);
	}
	if (!test_rng_below(&t->rng, 30))		/* more, or less, than there should be */
		in_len += test_rng_below(&t->rng, 40);
	if (!test_rng_below(&t->rng, 40))
		in_len = 0;
	if (!test_rng_below(&t->rng, 40))
		out_len = test_rng_below(&t->rng, 18);
	request(t, out, out_len, in_len, 12);
}

/* Runs what was added; everything must be as the model says. */
static void run_batch(struct fix *t)
{
	static uint8_t now[sizeof(t->mem)];
	bool dead = false;
	unsigned int i, n;
	uint32_t len;

	gmem_pages_peek(&t->m, BASE, t->mem, sizeof(t->mem));
	for (i = 0; i < t->nr; i++) {
		t->req[i].dead = true;
		if (!dead)
			blk_model_request(&t->model, &t->req[i]);
		dead |= t->req[i].dead;
		t->nr_ok += t->req[i].status == 0;
	}
	vdrv_run(&t->v);
	for (i = 0; i < t->nr && !t->req[i].dead; i++) {
		assert_true(vdrv_get(&t->v, &n, &len));
		assert_int_equal(n, i);
		if (len != t->req[i].used)
			fprintf(stderr, "chain %u, status %d\n", i, t->req[i].status);
		assert_int_equal(len, t->req[i].used);
	}
	assert_false(vdrv_get(&t->v, &n, &len));
	assert_int_equal(vdrv_needs_reset(&t->v), dead);
	gmem_pages_peek(&t->m, BASE, now, sizeof(now));
	assert_memory_equal(now + (BUFS - BASE), t->mem + (BUFS - BASE), BUFS_LEN);
	assert_memory_equal(t->store.cur, t->disk, sizeof(t->disk));
	assert_memory_equal(t->store.durable, t->durable, sizeof(t->durable));
	t->nr_dead += dead;
	if (dead)
		drive(t, t->v.features);
	else
		vdrv_batch_done(&t->v);
	t->nr = 0;
	t->at = BUFS + test_rng_below(&t->rng, GMEM_PAGES_SIZE);
}

static void random_pages(struct fix *t)
{
	unsigned int i;

	gmem_pages_allow_all(&t->m);
	for (i = (unsigned int)test_rng_below(&t->rng, 12); i; i--)
		gmem_pages_allow(&t->m, BUFS + test_rng_below(&t->rng, 0x40000),
				 (unsigned int)test_rng_below(&t->rng, 4));
}

static void random_requests(struct fix *t, uint64_t features, unsigned int batches, bool refuse)
{
	unsigned int i, k;

	drive(t, features);
	for (i = 0; i < batches; i++) {
		if (refuse)
			random_pages(t);
		for (k = 1 + (unsigned int)test_rng_below(&t->rng, BATCH); k; k--)
			if (t->at < BASE + (uint64_t)BUFS_LEN / 2)
				random_request(t);
		run_batch(t);
	}
	gmem_pages_allow_all(&t->m);
	t->nr_faulted += atomic_load(&t->b.stats.faults);
}

static void content_follows_the_model(void **state)
{
	static struct fix t;

	(void)state;
	start(&t, false);
	random_requests(&t, ALL, 150, false);
	random_requests(&t, ALL & ~VIRTIO_F_RING_PACKED, 150, false);
	t.m.no_map = true;
	random_requests(&t, ALL, 100, false);
	random_requests(&t, ALL & ~VIRTIO_F_RING_PACKED & ~VIRTIO_F_EVENT_IDX, 100, false);
	t.m.no_map = false;
	assert_int_equal(t.nr_faulted + t.nr_dead, 0);
	/* a driver that knows of no cache; one without discard and indirect */
	random_requests(&t, ALL & ~(VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_CONFIG_WCE), 80, false);
	random_requests(&t, VIRTIO_BLK_F_FLUSH, 80, false);
	assert_true(t.nr_ok > 500);
	stop(&t);
	start(&t, true);
	random_requests(&t, ALL, 60, false);
	assert_true(t.v.features & VIRTIO_BLK_F_RO);
	stop(&t);
}

static void refused_pages_are_not_touched(void **state)
{
	static struct fix t;

	(void)state;
	start(&t, false);
	random_requests(&t, ALL, 150, true);
	random_requests(&t, ALL & ~VIRTIO_F_RING_PACKED, 150, true);
	t.m.no_map = true;
	random_requests(&t, ALL, 100, true);
	random_requests(&t, ALL & ~VIRTIO_F_RING_PACKED, 100, true);
	assert_true(t.nr_faulted > 100);
	assert_true(t.nr_dead > 10);
	stop(&t);
}

/* --- by hand: what one request gets -------------------------------------- */

static void head(uint8_t *h, uint32_t type, uint64_t sector)
{
	iom_put_le32(h, type);
	iom_put_le32(h + 4, 0);
	iom_put_le64(h + 8, sector);
}

/* A chain of three: readable, writable data, status. Returns the status byte, or -1. */
static int three(struct fix *t, uint32_t type, uint64_t sector, uint32_t out_len, uint32_t in_len,
		 uint32_t *used)
{
	struct iom_vq_seg seg[4] = {
		{ BUFS, 16 }, { BUFS + 16, out_len }, { BUFS + 0x8000, in_len },
		{ BUFS + 0x20000, 1 },
	};
	unsigned int n;
	uint8_t h[16];

	head(h, type, sector);
	gmem_pages_poke(&t->m, BUFS, h, 16);
	gmem_pages_poke(&t->m, BUFS + 0x20000, "\xee", 1);
	vdrv_add(&t->v, seg, 2, 2, false);
	vdrv_run(&t->v);
	if (!vdrv_get(&t->v, &n, used))
		return -1;
	vdrv_batch_done(&t->v);
	return *gmem_pages_at(&t->m, BUFS + 0x20000);
}

static void answers_by_hand(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t sector;
		uint32_t out_len, in_len;
		int status;
		uint32_t used;
	} want[] = {
		{ 0, 0, 0, 512, 0, 513 },		/* IN */
		{ 0, SECTORS - 1, 0, 512, 0, 513 },
		{ 0, SECTORS, 0, 512, 1, 0 },
		{ 0, SECTORS - 1, 0, 1024, 1, 0 },
		{ 0, SECTORS, 0, 0, 0, 1 },
		{ 0, UINT64_MAX, 0, 512, 1, 0 },
		{ 0, UINT64_C(1) << 55, 0, 512, 1, 0 },	/* in bytes it would wrap to 0 */
		{ 0, 0, 0, 511, 1, 0 },
		{ 0, 0, 512, 512, 0, 513 },		/* readable bytes behind the header */
		{ 1, 0, 512, 0, 0, 1 },			/* OUT */
		{ 1, 1, 513, 0, 1, 1 },
		{ 1, SECTORS, 512, 0, 1, 1 },
		{ 1, 1, 512, 7, 0, 0 },			/* 7 bytes nobody writes: no prefix */
		{ 4, 0, 0, 0, 0, 1 },			/* FLUSH */
		{ 4, 99999, 0, 0, 0, 1 },
		{ 8, 0, 0, 20, 0, 21 },			/* GET_ID */
		{ 8, 0, 0, 19, 1, 0 },
		{ 8, 0, 0, 21, 1, 0 },
		{ 11, 0, 0, 0, 1, 1 },			/* DISCARD with no range */
		{ 11, 0, 15, 0, 1, 1 },
		{ 13, 0, 33 * 16, 0, 1, 1 },		/* 33 of at most 32 ranges */
		{ 2, 0, 0, 0, 2, 1 },			/* once SCSI */
		{ 10, 0, 0, 6, 2, 0 },
		{ 14, 0, 16, 0, 2, 1 },
		{ 16, 0, 0, 64, 2, 0 },			/* zones */
		{ UINT32_MAX, 0, 0, 0, 2, 1 },
	};
	static struct fix t;
	unsigned int i;
	uint32_t used;

	(void)state;
	start(&t, false);
	drive(&t, ALL);
	for (i = 0; i < IOM_ARRAY_SIZE(want); i++) {
		int status = three(&t, want[i].type, want[i].sector, want[i].out_len,
				   want[i].in_len, &used);

		if (status != want[i].status || used != want[i].used)
			fprintf(stderr, "line %u: status %d, used %u\n", i, status, used);
		assert_int_equal(status, want[i].status);
		assert_int_equal(used, want[i].used);
	}
	stop(&t);
}

static void ranges_by_hand(void **state)
{
	static const struct {
		uint32_t type, sectors, flags;
		uint64_t sector;
		int status;
	} want[] = {
		{ 11, 8, 0, 0, 0 }, { 11, 8, 1, 0, 2 }, { 11, 8, 2, 0, 2 },
		{ 11, 8, 2, SECTORS, 2 }, { 11, 1, 0, SECTORS, 1 }, { 11, 0, 0, SECTORS, 0 },
		{ 11, UINT32_MAX, 0, 0, 1 }, { 13, 8, 0, 0, 0 }, { 13, 8, 1, 0, 0 },
		{ 13, 8, 3, 0, 2 }, { 13, 2, 0, SECTORS - 1, 1 }, { 13, 1, 0, UINT64_MAX, 1 },
	};
	static struct fix t;
	unsigned int i;
	uint32_t used;
	uint8_t r[16];

	(void)state;
	start(&t, false);
	drive(&t, ALL);
	for (i = 0; i < IOM_ARRAY_SIZE(want); i++) {
		iom_put_le64(r, want[i].sector);
		iom_put_le32(r + 8, want[i].sectors);
		iom_put_le32(r + 12, want[i].flags);
		gmem_pages_poke(&t.m, BUFS + 16, r, 16);
		assert_int_equal(three(&t, want[i].type, 0, 16, 0, &used), want[i].status);
		assert_int_equal(used, 1);
	}
	/* a store that cannot, although it offered to */
	t.store.fail_rc = IOM_EOPNOTSUPP;
	t.store.fail_in = 1;
	iom_put_le64(r, 0);
	iom_put_le32(r + 8, 1);
	iom_put_le32(r + 12, 0);
	gmem_pages_poke(&t.m, BUFS + 16, r, 16);
	assert_int_equal(three(&t, 13, 0, 16, 0, &used), VIRTIO_BLK_S_UNSUPP);
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_by_hand),
		cmocka_unit_test(ranges_by_hand),
		cmocka_unit_test(content_follows_the_model),
		cmocka_unit_test(refused_pages_are_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
