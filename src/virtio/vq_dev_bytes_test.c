/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both ring layouts as bytes written by hand from VIRTIO 1.3 sections 2.7 and
 * 2.8, without spec/virtio.h and without the reference driver: what pop makes
 * of them, which bytes push and the notification words become, and each way to
 * break a ring, one row a rule.
 */
#include <iom/base/field.h>
#include <iom/virtio/vq_dev.h>

#include "fakes/gmem_fake.h"
#include "lib/test.h"

static _Alignas(16) uint8_t mem[0x1000];
static struct iom_gmem_flat flat;
static struct gmem_fake fake;
static bool can_map;

static void start(struct iom_vq_dev *vq, const struct iom_vq_cfg *cfg)
{
	assert_int_equal(iom_gmem_flat_init(&flat, 0, mem, sizeof(mem)), IOM_OK);
	gmem_fake_init(&fake, &flat.g);
	fake.can_map = can_map;
	assert_int_equal(iom_vq_dev_enable(vq, &fake.g, cfg, NULL), IOM_OK);
	assert_int_equal(iom_gmem_begin(&fake.g), IOM_OK);
}

static void put(uint64_t at, const char *bytes, size_t len)
{
	memcpy(mem + at, bytes, len);
}
#define PUT(at, bytes) put(at, bytes, sizeof(bytes) - 1)
#define SEE(at, bytes) assert_memory_equal(mem + (at), bytes, sizeof(bytes) - 1)

static const struct iom_vq_cfg split4 = {
	.size = 4, .event_idx = true, .indirect = true,
	.desc = 0x000, .driver = 0x042, .device = 0x054,
};

static void split_bytes(void **state)
{
	struct iom_vq_seg seg[4];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = 4 };
	struct iom_vq_dev vq;
	bool want;

	(void)state;
	memset(mem, 0, sizeof(mem));
	start(&vq, &split4);
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_EAGAIN);
	SEE(0x054 + 4 + 32, "\x00\x00");

	/* 2.7.5: desc[2] -> desc[0], 24 bytes readable, 4 writable */
	PUT(0x020, "\x00\x01\x00\x00\x00\x00\x00\x80" "\x18\x00\x00\x00" "\x01\x00" "\x00\x00");
	PUT(0x000, "\xf0\xde\xbc\x9a\x78\x56\x34\x12" "\x04\x00\x00\x00" "\x02\x00" "\x03\x00");
	/* 2.7.6: flags, idx 1, ring[0] = 2, then used_event 0 */
	PUT(0x042, "\x01\x00" "\x01\x00" "\x02\x00" "\xff\xff\xff\xff\xff\xff" "\x00\x00");
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_OK);
	assert_int_equal(ch.id, 2);
	assert_int_equal(ch.nr_out, 1);
	assert_int_equal(ch.nr_in, 1);
	assert_int_equal(seg[0].addr, UINT64_C(0x8000000000000100));
	assert_int_equal(seg[0].len, 24);
	assert_int_equal(seg[1].addr, UINT64_C(0x123456789abcdef0));
	assert_int_equal(seg[1].len, 4);

	/* 2.7.8: flags, idx 1, ring[0] = {id 2, len 3}; EVENT_IDX: flags of the driver ignored */
	assert_int_equal(iom_vq_dev_push(&vq, &ch, 3), IOM_OK);
	SEE(0x054, "\x00\x00" "\x01\x00" "\x02\x00\x00\x00" "\x03\x00\x00\x00" "\x00\x00\x00\x00");
	assert_int_equal(iom_vq_dev_want_irq(&vq, &want), IOM_OK);
	assert_true(want);
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_EAGAIN);
	SEE(0x054 + 4 + 32, "\x01\x00");

	/* 2.7.5.3: desc[1] names a table of two at 0x100 */
	PUT(0x010, "\x00\x01\x00\x00\x00\x00\x00\x00" "\x20\x00\x00\x00" "\x04\x00" "\x00\x00");
	PUT(0x100, "\x00\x02\x00\x00\x00\x00\x00\x00" "\x08\x00\x00\x00" "\x01\x00" "\x01\x00");
	PUT(0x110, "\x00\x03\x00\x00\x00\x00\x00\x00" "\x10\x00\x00\x00" "\x02\x00" "\x00\x00");
	PUT(0x042, "\x00\x00" "\x02\x00" "\x02\x00" "\x01\x00");
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_OK);
	assert_int_equal(ch.id, 1);
	assert_int_equal(seg[0].addr, 0x200);
	assert_int_equal(ch.out_len, 8);
	assert_int_equal(seg[1].addr, 0x300);
	assert_int_equal(ch.in_len, 16);
	assert_int_equal(iom_vq_dev_push(&vq, &ch, 16), IOM_OK);
	SEE(0x054, "\x00\x00" "\x02\x00" "\x02\x00\x00\x00" "\x03\x00\x00\x00"
	    "\x01\x00\x00\x00" "\x10\x00\x00\x00");
	/* used_event is still 0: entry 1 is not asked for. */
	assert_int_equal(iom_vq_dev_want_irq(&vq, &want), IOM_OK);
	assert_false(want);
	iom_gmem_end(&fake.g);
}

/* 2.7.7, 2.7.10 without EVENT_IDX: flags on both sides. */
static void split_flags(void **state)
{
	struct iom_vq_cfg cfg = split4;
	struct iom_vq_seg seg[4];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = 4 };
	struct iom_vq_dev vq;
	bool want;

	(void)state;
	cfg.event_idx = false;
	memset(mem, 0, sizeof(mem));
	PUT(0x000, "\x00\x01\x00\x00\x00\x00\x00\x00" "\x18\x00\x00\x00" "\x02\x00" "\x00\x00");
	PUT(0x042, "\x00\x00" "\x01\x00" "\x00\x00");
	start(&vq, &cfg);
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_OK);
	SEE(0x054, "\x01\x00" "\x00\x00");
	assert_int_equal(iom_vq_dev_pop(&vq, &(struct iom_vq_chain){ 0 }), IOM_EAGAIN);
	SEE(0x054, "\x00\x00" "\x00\x00");
	assert_int_equal(iom_vq_dev_want_irq(&vq, &want), IOM_OK);
	assert_false(want);
	PUT(0x042, "\x01\x00");
	assert_int_equal(iom_vq_dev_push(&vq, &ch, 1), IOM_OK);
	assert_int_equal(iom_vq_dev_want_irq(&vq, &want), IOM_OK);
	assert_false(want);
	PUT(0x042, "\x00\x00" "\x02\x00" "\x00\x00" "\x00\x00");
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_OK);
	assert_int_equal(iom_vq_dev_push(&vq, &ch, 1), IOM_OK);
	assert_int_equal(iom_vq_dev_want_irq(&vq, &want), IOM_OK);
	assert_true(want);
	iom_gmem_end(&fake.g);
}

/*
 * Three chains of one writable buffer: taken while the next one is sure to fit,
 * returned all or none. One word more is stored for them all: the index.
 */
static void split_batch(void **state)
{
	static const uint32_t written[4] = { 1, 2, 3, 0 };
	static const uint32_t too_long[3] = { 1, 2, 5 };
	struct iom_vq_chain ch[4] = { { 0 } };
	struct iom_vq_seg seg[5];
	struct iom_vq_dev vq;
	unsigned int got;

	(void)state;
	memset(mem, 0, sizeof(mem));
	PUT(0x000, "\x00\x01\x00\x00\x00\x00\x00\x00" "\x04\x00\x00\x00" "\x02\x00" "\x00\x00");
	PUT(0x010, "\x00\x02\x00\x00\x00\x00\x00\x00" "\x04\x00\x00\x00" "\x02\x00" "\x00\x00");
	PUT(0x042, "\x00\x00" "\x03\x00" "\x00\x00" "\x01\x00" "\x00\x00");
	start(&vq, &split4);
	ch[0].seg = seg;
	ch[0].seg_max = 5;
	assert_int_equal(iom_vq_dev_pop_batch(&vq, ch, 4, &got), IOM_OK);
	assert_int_equal(got, 2);
	assert_int_equal(seg[0].addr, 0x100);
	assert_int_equal(seg[1].addr, 0x200);
	ch[2].seg = seg;
	ch[2].seg_max = 5;
	assert_int_equal(iom_vq_dev_pop_batch(&vq, ch + 2, 2, &got), IOM_OK);
	assert_int_equal(got, 1);
	assert_int_equal(iom_vq_dev_pop_batch(&vq, ch + 2, 2, &got), IOM_EAGAIN);
	assert_int_equal(got, 0);

	assert_int_equal(iom_vq_dev_push_batch(&vq, ch, too_long, 3), IOM_EINVAL);
	ch[3] = ch[2];
	assert_int_equal(iom_vq_dev_push_batch(&vq, ch, written, 4), IOM_EINVAL);
	SEE(0x054, "\x00\x00" "\x00\x00" "\x00\x00\x00\x00" "\x00\x00\x00\x00");
	assert_int_equal(iom_vq_dev_push_batch(&vq, ch, written, 3), IOM_OK);
	SEE(0x054, "\x00\x00" "\x03\x00" "\x00\x00\x00\x00" "\x01\x00\x00\x00"
	    "\x01\x00\x00\x00" "\x02\x00\x00\x00" "\x00\x00\x00\x00" "\x03\x00\x00\x00");
	assert_int_equal(vq.inflight, 0);
	iom_gmem_end(&fake.g);
}

static const struct iom_vq_cfg packed3 = {
	.size = 3, .packed = true, .event_idx = true, .indirect = true,
	.desc = 0x010, .driver = 0x044, .device = 0x040,
};

static void packed_bytes(void **state)
{
	struct iom_vq_seg seg[4], seg2[4];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = 4 }, ch2 = { .seg = seg2, .seg_max = 4 };
	struct iom_vq_dev vq;
	bool want;

	(void)state;
	memset(mem, 0, sizeof(mem));
	start(&vq, &packed3);
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_EAGAIN);
	/* 2.8.14: offset 0, wrap 1, flags 2 */
	SEE(0x040, "\x00\x80\x02\x00");

	/* Slots 0 and 1, lap 1: AVAIL set, USED clear. ID in the last: 0x1234 */
	PUT(0x010, "\x00\x01\x00\x00\x00\x00\x00\x00" "\x18\x00\x00\x00" "\xad\xde" "\x81\x00");
	PUT(0x020, "\x00\x02\x00\x00\x00\x00\x00\x00" "\x08\x00\x00\x00" "\x34\x12" "\x82\x00");
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_OK);
	assert_int_equal(ch.id, 0x1234);
	assert_int_equal(ch.ndesc, 2);
	assert_int_equal(ch.nr_out, 1);
	assert_int_equal(ch.out_len, 24);
	assert_int_equal(seg[1].addr, 0x200);
	assert_int_equal(ch.in_len, 8);

	/* An indirect one in slot 2. In the table NEXT, INDIRECT and ID mean nothing. */
	PUT(0x030, "\x00\x03\x00\x00\x00\x00\x00\x00" "\x20\x00\x00\x00" "\x78\x56" "\x84\x00");
	PUT(0x300, "\x00\x04\x00\x00\x00\x00\x00\x00" "\x01\x00\x00\x00" "\xff\xff" "\x04\x00");
	PUT(0x310, "\x00\x05\x00\x00\x00\x00\x00\x00" "\x02\x00\x00\x00" "\xff\xff" "\x03\x00");
	assert_int_equal(iom_vq_dev_pop(&vq, &ch2), IOM_OK);
	assert_int_equal(ch2.id, 0x5678);
	assert_int_equal(ch2.ndesc, 1);
	assert_int_equal(seg2[0].addr, 0x400);
	assert_int_equal(ch2.out_len, 1);
	assert_int_equal(seg2[1].addr, 0x500);
	assert_int_equal(ch2.in_len, 2);
	assert_int_equal(iom_vq_dev_pop(&vq, &(struct iom_vq_chain){ 0 }), IOM_EAGAIN);
	/* offset 0 of the next lap */
	SEE(0x040, "\x00\x00\x02\x00");

	/* The second comes back first: slot 0, and the position moves by one. */
	PUT(0x044, "\x01\x80\x02\x00");		/* interrupt at slot 1, wrap 1 */
	assert_int_equal(iom_vq_dev_push(&vq, &ch2, 2), IOM_OK);
	SEE(0x018, "\x02\x00\x00\x00" "\x78\x56" "\x82\x80");
	assert_int_equal(iom_vq_dev_want_irq(&vq, &want), IOM_OK);
	assert_false(want);
	/* The first: slot 1, nothing written, moves by two to slot 0 of lap 2. */
	assert_int_equal(iom_vq_dev_push(&vq, &ch, 0), IOM_OK);
	SEE(0x028, "\x00\x00\x00\x00" "\x34\x12" "\x80\x80");
	SEE(0x038, "\x20\x00\x00\x00" "\x78\x56" "\x84\x00");
	assert_int_equal(iom_vq_dev_want_irq(&vq, &want), IOM_OK);
	assert_true(want);

	/* Lap 2: AVAIL clear, USED set; used: both clear. */
	PUT(0x010, "\x00\x01\x00\x00\x00\x00\x00\x00" "\x18\x00\x00\x00" "\x01\x00" "\x02\x80");
	assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_OK);
	assert_int_equal(iom_vq_dev_push(&vq, &ch, 0x18), IOM_OK);
	SEE(0x018, "\x18\x00\x00\x00" "\x01\x00" "\x02\x00");
	iom_gmem_end(&fake.g);
}

/* In the rows below, what is not written is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* --- one row a rule ------------------------------------------------------------- */

struct desc {
	uint64_t addr;
	uint32_t len;
	unsigned int flags;
	unsigned int next;	/* packed: ID */
};

struct rule {
	const char *name;
	struct desc ring[4];
	struct desc table[5];	/* at 0x800 */
	unsigned int idx;	/* split: available index; 0 stands for 1 */
	unsigned int head;
	bool no_indirect;
	unsigned int seg_max;	/* 0 stands for 8 */
	int rc;
	unsigned int nr_out, nr_in, ndesc;
};

#define N 1u
#define W 2u
#define I 4u
#define A 0x80u
#define U 0x8000u
#define T 0x800

static const struct rule split_rules[] = {
	{ "one readable", { { 1, 2, 0, 9 } }, .nr_out = 1 },
	{ "one writable", { { 1, 2, W, 9 } }, .nr_in = 1 },
	{ "unknown flags", { { 1, 2, 0xfff8, 9 } }, .nr_out = 1 },
	{ "length 0", { { 0, 0, N, 1 }, { 5, 0, W } }, .nr_out = 1, .nr_in = 1 },
	{ "length 0 at the top", { { UINT64_MAX, 0 } }, .nr_out = 1 },
	{ "last byte", { { UINT64_MAX, 1 } }, .nr_out = 1 },
	{ "wraps", { { UINT64_MAX, 2 } }, .rc = IOM_EPROTO },
	{ "ends at exactly 2^64", { { UINT64_MAX - 1, 2, W } }, .nr_in = 1 },
	{ "2^32 - 1 bytes", { { 0, UINT32_MAX - 1, N, 1 }, { 0, 1, W } },
	  .nr_out = 1, .nr_in = 1 },
	{ "2^32 bytes", { { 0, UINT32_MAX, N, 1 }, { 0, 1, W } }, .rc = IOM_EPROTO },
	{ "head out of range", { { 0 } }, .head = 4, .rc = IOM_EPROTO },
	{ "head 0xffff", { { 0 } }, .head = 0xffff, .rc = IOM_EPROTO },
	{ "next out of range", { { 0, 1, N, 4 } }, .rc = IOM_EPROTO },
	{ "loop of one", { { 0, 0, N, 0 } }, .rc = IOM_EPROTO },
	{ "loop of two", { { 0, 0, N, 1 }, { 0, 0, N, 0 } }, .rc = IOM_EPROTO },
	{ "as long as the queue", { { 0, 0, N, 3 }, { 0, 0, N, 2 }, { 0 }, { 0, 0, N, 1 } },
	  .nr_out = 4 },
	{ "readable after writable", { { 0, 1, W | N, 1 }, { 0, 1 } }, .rc = IOM_EPROTO },
	{ "too many segments", { { 0, 1, N, 1 }, { 0, 1, N, 2 }, { 0, 1 } }, .seg_max = 2,
	  .rc = IOM_E2BIG },
	{ "no room for segments", { { 0, 1 } }, .seg_max = UINT32_MAX, .rc = IOM_E2BIG },
	{ "idx one", { { 0 } }, .idx = 1, .nr_out = 1 },
	{ "idx the size", { { 0 } }, .idx = 4, .nr_out = 1 },
	{ "idx jumps", { { 0 } }, .idx = 5, .rc = IOM_EPROTO },
	{ "idx goes back", { { 0 } }, .idx = 0xffff, .rc = IOM_EPROTO },
	{ "table", { { T, 32, I } }, { { 7, 1, N, 1 }, { 7, 1, W } }, .nr_out = 1, .nr_in = 1 },
	{ "table, WRITE beside INDIRECT", { { T, 16, I | W } }, { { 7, 1 } }, .nr_out = 1 },
	{ "table, unused rest", { { T, 64, I } }, { { 7, 1 } }, .nr_out = 1 },
	{ "table, out of order", { { T, 48, I } }, { { 7, 1, N, 2 }, { 7, 1, W }, { 7, 1, N, 1 } },
	  .nr_out = 2, .nr_in = 1 },
	{ "descriptors, then a table", { { 0, 1, N, 2 }, { 0 }, { T, 32, I } },
	  { { 7, 1, N, 1 }, { 7, 1, W } }, .nr_out = 2, .nr_in = 1 },
	{ "writable, then a readable table", { { 0, 1, W | N, 2 }, { 0 }, { T, 16, I } },
	  { { 7, 1 } }, .rc = IOM_EPROTO },
	{ "descriptors and table beyond the size", { { 0, 1, N, 2 }, { 0 }, { T, 64, I } },
	  { { 7, 1, N, 1 }, { 7, 1, N, 2 }, { 7, 1, N, 3 }, { 7, 1 } }, .rc = IOM_EPROTO },
	{ "table not negotiated", { { T, 16, I } }, { { 7, 1 } }, .no_indirect = true,
	  .rc = IOM_EPROTO },
	{ "INDIRECT and NEXT", { { T, 16, I | N, 1 }, { 0, 1 } }, { { 7, 1 } }, .rc = IOM_EPROTO },
	{ "INDIRECT in a table", { { T, 16, I } }, { { T, 16, I } }, .rc = IOM_EPROTO },
	{ "table of length 0", { { T, 0, I } }, .rc = IOM_EPROTO },
	{ "table of half a descriptor", { { T, 24, I } }, { { 7, 1 } }, .rc = IOM_EPROTO },
	{ "table longer than the queue", { { T, 80, I } }, { { 7, 1 } }, .rc = IOM_EPROTO },
	{ "table that wraps", { { UINT64_MAX - 15, 32, I } }, .rc = IOM_EPROTO },
	{ "table not in memory", { { 0x100000, 16, I } }, .rc = IOM_EFAULT },
	{ "table, next is its length", { { T, 16, I } }, { { 7, 1, N, 1 } }, .rc = IOM_EPROTO },
	{ "table, next out of range", { { T, 16, I } }, { { 7, 1, N, 3 } }, .rc = IOM_EPROTO },
	{ "table, loop", { { T, 32, I } }, { { 7, 1, N, 1 }, { 7, 1, N, 0 } }, .rc = IOM_EPROTO },
	{ "table, too many segments", { { T, 32, I } }, { { 7, 1, N, 1 }, { 7, 1, W } },
	  .seg_max = 1, .rc = IOM_E2BIG },
};

static const struct rule packed_rules[] = {
	{ "one readable", { { 1, 2, A, 3 } }, .nr_out = 1, .ndesc = 1 },
	{ "one writable", { { 1, 2, A | W, 3 } }, .nr_in = 1, .ndesc = 1 },
	{ "unknown flags", { { 1, 2, 0x7f78 | A, 9 } }, .nr_out = 1, .ndesc = 1 },
	{ "not available", { { 1, 2, U, 3 } }, .rc = IOM_EAGAIN },
	{ "used", { { 1, 2, A | U, 3 } }, .rc = IOM_EAGAIN },
	{ "length 0", { { 0, 0, A | N }, { 5, 0, A | W } }, .nr_out = 1, .nr_in = 1, .ndesc = 2 },
	{ "wraps", { { UINT64_MAX, 2, A } }, .rc = IOM_EPROTO },
	{ "2^32 bytes", { { 0, UINT32_MAX, A | N }, { 0, 1, A } }, .rc = IOM_EPROTO },
	{ "rest not available", { { 0, 1, A | N }, { 0, 1, U } }, .rc = IOM_EPROTO },
	{ "rest used", { { 0, 1, A | N }, { 0, 1, A | U } }, .rc = IOM_EPROTO },
	{ "as long as the queue",
	  { { 0, 0, A | N }, { 0, 0, A | N }, { 0, 0, A | N }, { 0, 0, A } },
	  .nr_out = 4, .ndesc = 4 },
	{ "longer than the queue", { { 0, 0, A | N }, { 0, 0, A | N }, { 0, 0, A | N },
	  { 0, 0, A | N } }, .rc = IOM_EPROTO },
	{ "readable after writable", { { 0, 1, A | W | N }, { 0, 1, A } }, .rc = IOM_EPROTO },
	{ "too many segments", { { 0, 1, A | N }, { 0, 1, A | N }, { 0, 1, A } }, .seg_max = 1,
	  .rc = IOM_E2BIG, .ndesc = 3 },
	{ "table", { { T, 32, A | I } }, { { 7, 1 }, { 7, 1, W } }, .nr_out = 1, .nr_in = 1,
	  .ndesc = 1 },
	{ "table, WRITE beside INDIRECT", { { T, 16, A | I | W } }, { { 7, 1 } }, .nr_out = 1,
	  .ndesc = 1 },
	{ "table, too many segments", { { T, 32, A | I } }, { { 7, 1 }, { 7, 1, W } },
	  .seg_max = 1, .rc = IOM_E2BIG, .ndesc = 1 },
	{ "table, readable after writable", { { T, 32, A | I } }, { { 7, 1, W }, { 7, 1 } },
	  .rc = IOM_EPROTO },
	{ "table not negotiated", { { T, 16, A | I } }, { { 7, 1 } }, .no_indirect = true,
	  .rc = IOM_EPROTO },
	{ "INDIRECT and NEXT", { { T, 16, A | I | N }, { 0, 1, A } }, { { 7, 1 } },
	  .rc = IOM_EPROTO },
	{ "INDIRECT behind NEXT", { { 0, 1, A | N }, { T, 16, A | I } }, { { 7, 1 } },
	  .rc = IOM_EPROTO },
	{ "table of length 0", { { T, 0, A | I } }, .rc = IOM_EPROTO },
	{ "table of half a descriptor", { { T, 24, A | I } }, .rc = IOM_EPROTO },
	{ "table longer than the queue", { { T, 80, A | I } }, .rc = IOM_EPROTO },
	{ "table not in memory", { { 0x100000, 16, A | I } }, .rc = IOM_EFAULT },
};

static void put_desc(uint64_t at, const struct desc *d, bool packed)
{
	unsigned int mid = packed ? d->next : d->flags, end = packed ? d->flags : d->next, i;

	for (i = 0; i < 8; i++)
		mem[at + i] = (uint8_t)(d->addr >> 8 * i);
	for (i = 0; i < 4; i++)
		mem[at + 8 + i] = (uint8_t)(d->len >> 8 * i);
	mem[at + 12] = (uint8_t)mid;
	mem[at + 13] = (uint8_t)(mid >> 8);
	mem[at + 14] = (uint8_t)end;
	mem[at + 15] = (uint8_t)(end >> 8);
}

static void check_rule(const struct rule *r, bool packed)
{
	struct iom_vq_cfg cfg = {
		.size = 4, .packed = packed, .indirect = !r->no_indirect,
		.desc = 0x100, .driver = 0x200, .device = 0x300,
	};
	struct iom_vq_seg seg[8];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = r->seg_max ? r->seg_max : 8 };
	unsigned int i, idx = r->idx ? r->idx : 1;
	unsigned long accesses;
	struct iom_vq_dev vq;
	bool broken = r->rc && r->rc != IOM_E2BIG && r->rc != IOM_EAGAIN, flag;
	int rc;

	print_message("%s: %s\n", packed ? "packed" : "split", r->name);
	if (r->seg_max == UINT32_MAX)
		ch.seg_max = 0;
	memset(mem, 0, sizeof(mem));
	for (i = 0; i < 4; i++)
		put_desc(0x100 + 16 * i, &r->ring[i], packed);
	for (i = 0; i < 5; i++)
		put_desc(T + 16 * i, &r->table[i], packed);
	if (!packed) {
		mem[0x202] = (uint8_t)idx;
		mem[0x203] = (uint8_t)(idx >> 8);
		mem[0x204] = (uint8_t)r->head;
		mem[0x205] = (uint8_t)(r->head >> 8);
	}
	start(&vq, &cfg);
	rc = iom_vq_dev_pop(&vq, &ch);
	assert_int_equal(rc, r->rc);
	assert_int_equal(vq.broken, broken);
	assert_int_equal(vq.inflight, !rc || rc == IOM_E2BIG ? (packed ? r->ndesc : 1) : 0);
	if (!rc) {
		assert_int_equal(ch.nr_out, r->nr_out);
		assert_int_equal(ch.nr_in, r->nr_in);
	}
	if (broken) {
		/* From now on the ring is not touched. */
		accesses = fake.accesses;
		assert_int_equal(iom_vq_dev_pop(&vq, &ch), IOM_EPROTO);
		assert_int_equal(iom_vq_dev_push(&vq, &ch, 0), IOM_EPROTO);
		assert_int_equal(iom_vq_dev_want_irq(&vq, &flag), IOM_EPROTO);
		assert_int_equal(iom_vq_dev_pending(&vq, &flag), IOM_EPROTO);
		assert_false(flag);
		assert_int_equal(fake.accesses, accesses);
	}
	if (rc == IOM_E2BIG)
		assert_int_equal(iom_vq_dev_push(&vq, &ch, 0), IOM_OK);
	iom_gmem_end(&fake.g);
}

static void broken_rings(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(split_rules); i++)
		check_rule(&split_rules[i], false);
	for (i = 0; i < IOM_ARRAY_SIZE(packed_rules); i++)
		check_rule(&packed_rules[i], true);
}

/* --- enable ---------------------------------------------------------------------- */

static void enable_checks(void **state)
{
	static const struct {
		struct iom_vq_cfg cfg;
		struct iom_vq_state st;
		int rc;
	} row[] = {
		{ { .size = 4, .desc = 16, .driver = 2, .device = 4 }, { 0 }, IOM_OK },
		{ { .size = 32768, .desc = 16, .driver = 2, .device = 4 }, { 0 }, IOM_OK },
		{ { .size = 0, .desc = 16, .driver = 2, .device = 4 }, { 0 }, IOM_EINVAL },
		{ { .size = 3, .desc = 16, .driver = 2, .device = 4 }, { 0 }, IOM_EINVAL },
		{ { .size = 4, .desc = 8, .driver = 2, .device = 4 }, { 0 }, IOM_EINVAL },
		{ { .size = 4, .desc = 16, .driver = 1, .device = 4 }, { 0 }, IOM_EINVAL },
		{ { .size = 4, .desc = 16, .driver = 2, .device = 2 }, { 0 }, IOM_EINVAL },
		{ { .size = 4, .desc = -64ull, .driver = -14ull, .device = -40ull }, { 0 },
		  IOM_OK },
		{ { .size = 8, .desc = -64ull, .driver = 2, .device = 4 }, { 0 }, IOM_EINVAL },
		{ { .size = 8, .desc = 16, .driver = -20ull, .device = 4 }, { 0 }, IOM_EINVAL },
		{ { .size = 8, .desc = 16, .driver = 2, .device = -68ull }, { 0 }, IOM_EINVAL },
		{ { .size = 4, .desc = 16, .driver = 2, .device = 4 }, { 3, 65535, 0, 0 }, IOM_OK },
		{ { .size = 4, .desc = 16, .driver = 2, .device = 4 }, { 4, 65535, 0, 0 },
		  IOM_EINVAL },
		{ { .size = 4, .desc = 16, .driver = 2, .device = 4 }, { 3, 4, 0, 0 }, IOM_EINVAL },
		{ { .size = 3, .packed = true, .desc = 16, .driver = 4, .device = 8 },
		  { 2, 1, 1, 1 }, IOM_OK },
		{ { .size = 3, .packed = true, .desc = 16, .driver = 4, .device = 8 },
		  { 1, 1, 0, 1 }, IOM_OK },
		{ { .size = 3, .packed = true, .desc = 16, .driver = 4, .device = 8 },
		  { 1, 2, 1, 1 }, IOM_EINVAL },
		{ { .size = 3, .packed = true, .desc = 16, .driver = 4, .device = 8 },
		  { 2, 1, 0, 1 }, IOM_EINVAL },
		{ { .size = 3, .packed = true, .desc = 16, .driver = 4, .device = 8 },
		  { 3, 3, 1, 1 }, IOM_EINVAL },
		{ { .size = 3, .packed = true, .desc = 16, .driver = 2, .device = 8 }, { 0 },
		  IOM_EINVAL },
		{ { .size = 3, .packed = true, .desc = 16, .driver = 4, .device = 6 }, { 0 },
		  IOM_EINVAL },
		{ { .size = 32769, .packed = true, .desc = 16, .driver = 4, .device = 8 }, { 0 },
		  IOM_EINVAL },
	};
	struct iom_vq_dev vq, before;
	size_t i;

	(void)state;
	assert_int_equal(iom_gmem_flat_init(&flat, 0, mem, sizeof(mem)), IOM_OK);
	for (i = 0; i < IOM_ARRAY_SIZE(row); i++) {
		memset(&vq, 0x5a, sizeof(vq));
		before = vq;
		assert_int_equal(iom_vq_dev_enable(&vq, &flat.g, &row[i].cfg, &row[i].st),
				 row[i].rc);
		if (row[i].rc)
			assert_memory_equal(&vq, &before, sizeof(vq));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_bytes),
		cmocka_unit_test(split_flags),
		cmocka_unit_test(split_batch),
		cmocka_unit_test(packed_bytes),
		cmocka_unit_test(broken_rings),
		cmocka_unit_test(enable_checks),
	};
	int bad = cmocka_run_group_tests_name("loads and stores", tests, NULL, NULL);

	can_map = true;
	return bad + cmocka_run_group_tests_name("pointers", tests, NULL, NULL);
}
