/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk under a driver that is the fuzzer's: the input says which pages
 * exist, what stands in the ring and in the buffers, and when the device is
 * kicked or reset. Whatever it says, the store is asked for whole sectors
 * inside itself only (store_mem), memory is touched in brackets and where it is
 * allowed (gmem_pages), the worker comes to rest, and afterwards a driver that
 * does everything right reads its disk.
 *
 * Input: byte 0 chooses features and pointers, then commands of a byte and its
 * arguments; see step().
 */
#include <iom/base/endian.h>
#include <iom/ep/blk.h>
#include <iom/spec/virtio.h>
#include <iom/spec/virtio_blk.h>

#include "fakes/plat_test.h"
#include "fakes/store_mem.h"
#include "lib/vdrv.h"

#define PAGES	24u
#define BASE	(UINT64_MAX - PAGES * GMEM_PAGES_SIZE + 1)
#define BUFS	(BASE + 2 * GMEM_PAGES_SIZE)
#define QUEUE	16u
#define SECTORS	64u
#define STEPS	200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct in {
	const uint8_t *p;
	size_t left;
};

struct fix {
	struct plat_test pt;
	struct gmem_pages m;
	struct store_mem store;
	struct iom_blk b;
	struct vdrv v;
};

static void require(bool good)
{
	if (!good)
		abort();
}

static void wake(void *arg)
{
	(void)arg;
}

static uint8_t take(struct in *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static uint32_t take16(struct in *in)
{
	uint32_t lo = take(in);

	return lo | (uint32_t)take(in) << 8;
}

/* A segment, nearly always inside memory. */
static struct iom_vq_seg take_seg(struct in *in)
{
	struct iom_vq_seg s = { BUFS + take16(in), take16(in) };

	if (s.len & 0x8000)
		s.len = s.len & 1 ? UINT32_MAX - s.len : s.len & 0x3f;
	return s;
}

/* Makes seg[0..nr_out) readable and the rest writable, with a header that may be odd. */
static void add(struct fix *t, struct in *in, struct iom_vq_seg *seg, unsigned int nr_out,
		unsigned int nr_in, uint32_t type, bool indirect)
{
	uint8_t head[16] = { 0 };

	iom_put_le32(head, type);
	iom_put_le64(head + 8, take(in));
	if (head[8] == 0xff)
		memset(head + 8, 0xff, 8);
	gmem_pages_poke(&t->m, seg[0].addr, head, 16);
	if (vdrv_room(&t->v, nr_out + nr_in, indirect))
		vdrv_add(&t->v, seg, nr_out, nr_in, indirect);
}

/* Any row of segments. */
static void any_request(struct fix *t, struct in *in)
{
	struct iom_vq_seg seg[2 + 6];
	unsigned int shape = take(in), nr_out = 1 + (shape & 3), nr_in = shape >> 2 & 3, i;

	seg[0].addr = BUFS + (take16(in) & 0xfff);
	seg[0].len = shape & 0x80 ? take(in) : 16;
	for (i = 1; i < nr_out + nr_in; i++)
		seg[i] = take_seg(in);
	add(t, in, seg, nr_out, nr_in, take(in), shape & 0x10);
}

/* One that is well-formed as far as its length goes, its data cut in two. */
static void good_request(struct fix *t, struct in *in)
{
	static const uint8_t types[] = { 0, 1, 4, 8, 11, 13, 0, 1 };
	unsigned int shape = take(in), n = take(in);
	uint32_t type = types[shape & 7], cut;
	struct iom_vq_seg seg[4] = { { BUFS, 16 }, { BUFS + take16(in), n * 64 / 512 * 512 } };
	uint8_t range[16] = { 0 };

	if (type == 8)
		seg[1].len = 20;
	if (type == 11 || type == 13) {
		seg[1].len = 16 * (n % 3);
		iom_put_le64(range, take(in));
		iom_put_le32(range + 8, take(in));
		iom_put_le32(range + 12, shape & 0x10 ? take(in) : 0);
		gmem_pages_poke(&t->m, seg[1].addr, range, 16);
		gmem_pages_poke(&t->m, seg[1].addr + 16, range, 16);
	}
	cut = seg[1].len ? take16(in) % seg[1].len : 0;
	seg[2].addr = shape & 0x20 ? BUFS + take16(in) : seg[1].addr + cut;
	seg[2].len = seg[1].len - cut;
	seg[1].len = cut;
	seg[3].addr = BUFS + take16(in) % 4096;
	seg[3].len = 1;
	if (type == 0 || type == 8)
		add(t, in, seg, 1, 3, type, shape & 0x40);
	else
		add(t, in, seg, 3, 1, type, shape & 0x40);
}

static void step(struct fix *t, struct in *in, uint64_t features)
{
	uint8_t bytes[16], n;
	unsigned int i;
	uint64_t at;

	switch (take(in) % 8) {
	case 0:
		any_request(t, in);
		break;
	case 1:
		good_request(t, in);
		break;
	case 2:
		vdrv_run(&t->v);
		break;
	case 3:			/* bytes anywhere, rings included */
		at = BASE + take16(in);
		n = take(in) & 15;
		for (i = 0; i < n; i++)
			bytes[i] = take(in);
		gmem_pages_poke(&t->m, at, bytes, n);
		break;
	case 4:
		gmem_pages_allow(&t->m, BASE + take16(in), take(in) & 3);
		break;
	case 5:
		t->store.fail_in = take(in) & 7;
		break;
	case 6:
		bytes[0] = take(in);
		iom_virtio_dev_config_rw(&t->b.vd, take(in), bytes, 1, bytes[0] & 1);
		break;
	case 7:
		if (take(in) & 1)
			vdrv_start(&t->v, &t->b.vd, &t->m, BASE, QUEUE, features);
		else
			vdrv_batch_done(&t->v);
		break;
	}
	if (t->v.nr_ids + 4u > VDRV_SIZE_MAX)
		vdrv_batch_done(&t->v);
}

/* After all that, a good driver finds a good disk. */
static void still_a_disk(struct fix *t)
{
	struct iom_vq_seg seg[3] = { { BUFS, 16 }, { BUFS + 512, 512 }, { BUFS + 2048, 1 } };
	uint8_t got[512] = { 0 };
	unsigned int n;
	uint32_t len;

	gmem_pages_allow_all(&t->m);
	t->store.fail_in = 0;
	require(vdrv_start(&t->v, &t->b.vd, &t->m, BASE, QUEUE, ~UINT64_C(0)));
	got[8] = 5;
	gmem_pages_poke(&t->m, BUFS, got, 16);
	vdrv_add(&t->v, seg, 1, 2, false);
	vdrv_run(&t->v);
	require(vdrv_get(&t->v, &n, &len) && len == 513);
	require(*gmem_pages_at(&t->m, BUFS + 2048) == VIRTIO_BLK_S_OK);
	gmem_pages_peek(&t->m, BUFS + 512, got, 512);
	require(!memcmp(got, t->store.cur + 5 * 512, 512));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fix t;
	struct in in = { data, size };
	struct iom_blk_cfg cfg = {
		.plat = &t.pt.plat, .gmem = &t.m.g, .store = &t.store.s, .id = "fuzz",
		.packed = true, .access_platform = true, .queue_size = QUEUE, .wake = wake,
	};
	uint64_t features = ~UINT64_C(0);
	struct test_rng rng;
	unsigned int i, choice = take(&in);

	memset(&t, 0, sizeof(t));
	test_rng_seed(&rng, choice);
	plat_test_init(&t.pt);
	gmem_pages_init(&t.m, BASE, PAGES, &rng);
	store_mem_init(&t.store, SECTORS * 512, &t.m);
	t.m.no_map = choice & 1;
	t.store.s.read_only = choice & 2;
	features &= choice & 4 ? ~VIRTIO_F_RING_PACKED : ~UINT64_C(0);
	features &= choice & 8 ? ~VIRTIO_BLK_F_FLUSH : ~UINT64_C(0);
	features &= choice & 16 ? ~VIRTIO_BLK_F_CONFIG_WCE : ~UINT64_C(0);
	features &= choice & 32 ? ~VIRTIO_F_INDIRECT_DESC : ~UINT64_C(0);
	require(!iom_blk_init(&t.b, &cfg));
	require(vdrv_start(&t.v, &t.b.vd, &t.m, BASE, QUEUE, features));
	for (i = 0; i < STEPS && in.left; i++)
		step(&t, &in, features);
	vdrv_run(&t.v);
	still_a_disk(&t);
	iom_blk_fini(&t.b);
	require(!plat_test_live(&t.pt));
	store_mem_fini(&t.store);
	gmem_pages_fini(&t.m);
	return 0;
}
