/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings of a driver that means harm, and memory that fails. Laws:
 *  1. whatever stands in the ring, and however it changes meanwhile, a call
 *     makes at most a number of accesses that the queue size bounds;
 *  2. it reads only the ring, and tables if INDIRECT was negotiated, and writes
 *     only where the device may write;
 *  3. what is in flight is never more than the queue size;
 *  4. a broken queue stays broken, and makes no access;
 *  5. the nth access fails: the error comes out, the queue is broken, or (no
 *     DMA now, in pop) as before, and then goes on with nothing lost.
 */
#include "fakes/gmem_fake.h"
#include "lib/test.h"
#include "lib/vq_ref.h"

#define SIZE_MAX_T	64u
#define BASE		UINT64_C(0x7ff0000000)
#define MEM		0x20000u	/* vq_ref_bytes(64) and more */
#define SEGS		96u

struct world {
	struct test_rng rng;
	uint8_t *mem;
	struct iom_gmem_flat flat;
	struct gmem_fake fake;
	struct vq_ref ref;
	struct iom_vq_dev vq;
	bool scribble;
};

static uint64_t below(struct world *w, uint64_t n)
{
	return test_rng_below(&w->rng, n);
}

static bool inside(uint64_t addr, size_t len, uint64_t start, uint64_t bytes)
{
	return addr >= start && addr - start < bytes && len <= bytes - (addr - start);
}

/* Rows of random, edgy or slightly wrong values over the ring. */
static void harm(struct world *w)
{
	uint64_t ring = w->ref.tables - BASE, n = below(w, 8), at;

	while (n--) {
		at = below(w, 4) ? below(w, ring) : below(w, w->ref.bytes);
		switch (below(w, 4)) {
		case 0:
			w->mem[at] ^= (uint8_t)(1u << below(w, 8));
			break;
		case 1:
			w->mem[at] = (uint8_t)test_rng_edgy(&w->rng);
			break;
		case 2:		/* an index, a flag, a length: one step off */
			w->mem[at] = (uint8_t)(w->mem[at] + (below(w, 2) ? 1 : -1));
			break;
		default:
			at &= ~(uint64_t)7;
			if (at + 8 <= w->ref.bytes) {
				uint64_t v = below(w, 2) ? test_rng_edgy(&w->rng) :
							   w->ref.tables + below(w, 0x1000);

				memcpy(w->mem + at, &v, 8);
			}
		}
	}
}

static void watch(void *arg, enum gmem_fake_kind kind, uint64_t addr, size_t len)
{
	struct world *w = arg;
	const struct iom_vq_cfg *c = &w->ref.cfg;
	bool desc = inside(addr, len, c->desc, 16ull * c->size);
	bool driver = inside(addr, len, c->driver, c->packed ? 4 : 6 + 2ull * c->size);
	bool device = inside(addr, len, c->device, c->packed ? 4 : 6 + 8ull * c->size);

	if (kind == GMEM_FAKE_WRITE || kind == GMEM_FAKE_STORE)
		assert_true(device || (c->packed && desc));
	else if (kind == GMEM_FAKE_LOAD)
		assert_true(driver || (c->packed && desc));
	else if (kind == GMEM_FAKE_READ)
		assert_true(desc || (c->indirect && len <= 128 && len % 16 == 0));
	else if (kind == GMEM_FAKE_MAP)
		assert_true((desc || driver || device) &&
			    (addr == c->desc || addr == c->driver || addr == c->device));
	else
		assert_int_equal(kind, GMEM_FAKE_BEGIN);
	if (w->scribble && !below(w, 4))
		harm(w);
}

/* A valid ring with a few chains, then harm: what is nearly right goes deepest. */
static void make_ring(struct world *w)
{
	struct iom_vq_cfg cfg = {
		.packed = below(w, 2), .event_idx = below(w, 2), .indirect = below(w, 4) != 0,
	};
	struct iom_vq_seg seg[SIZE_MAX_T];
	unsigned int i, n;

	cfg.size = (uint16_t)(1 + below(w, SIZE_MAX_T));
	if (!cfg.packed)
		cfg.size = (uint16_t)(1u << below(w, 7));
	vq_ref_init(&w->ref, &cfg, w->mem, BASE, NULL);
	if (!below(w, 8))
		test_rng_fill(&w->rng, w->mem, w->ref.tables - BASE);
	for (n = 0; n < 8; n++) {
		unsigned int segs = 1 + (unsigned int)below(w, cfg.size);

		for (i = 0; i < segs; i++) {
			seg[i].addr = below(w, 8) ? BASE + below(w, MEM) :
						    test_rng_edgy(&w->rng);
			seg[i].len = (uint32_t)(below(w, 8) ? below(w, 64) :
							      test_rng_edgy(&w->rng));
		}
		i = (unsigned int)below(w, segs + 1);
		vq_ref_add(&w->ref, &w->rng, (enum vq_ref_frame)below(w, cfg.packed ? 2 : 3),
			   (unsigned int)below(w, segs), seg, i, segs - i);
	}
	harm(w);
}

static void hostile(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct iom_vq_seg seg[16][SEGS];
	struct iom_vq_chain ch[16];
	unsigned int run, step, k, pops = 0, broken = 0;
	unsigned long before;
	uint8_t buf[64];
	bool flag;
	int rc;

	(void)state;
	w->mem = aligned_alloc(64, MEM);
	test_rng_init(&w->rng);
	for (run = 0; run < 30000; run++) {
		unsigned int held = 0;

		assert_int_equal(iom_gmem_flat_init(&w->flat, BASE, w->mem, MEM), IOM_OK);
		gmem_fake_init(&w->fake, &w->flat.g);
		make_ring(w);
		w->scribble = below(w, 2);
		w->fake.can_map = !below(w, 4);
		w->fake.before = watch;
		w->fake.before_arg = w;
		assert_int_equal(iom_vq_dev_enable(&w->vq, &w->fake.g, &w->ref.cfg, NULL), IOM_OK);
		assert_int_equal(iom_gmem_begin(&w->fake.g), IOM_OK);
		for (step = 0; step < 30; step++) {
			before = w->fake.accesses;
			k = held < 16 ? held : (unsigned int)below(w, 16);
			switch (below(w, 4)) {
			case 0:
				iom_vq_dev_want_irq(&w->vq, &flag);
				iom_vq_dev_pending(&w->vq, &flag);
				assert_true(w->fake.accesses - before <= 4);
				break;
			case 1:
				if (!held)
					break;
				held--;
				iom_vq_dev_push(&w->vq, &ch[held],
						(uint32_t)below(w, ch[held].in_len + 1));
				assert_true(w->fake.accesses - before <= 3);
				break;
			default:
				if (held == 16)
					break;
				ch[k].seg = seg[k];
				ch[k].seg_max = (unsigned int)below(w, SEGS + 1);
				rc = iom_vq_dev_pop(&w->vq, &ch[k]);
				assert_true(w->fake.accesses - before <= 8u + 2u * w->ref.cfg.size);
				if (w->vq.broken) {
					broken++;
					step = 30;
				}
				if (rc && rc != IOM_E2BIG)
					break;
				pops++;
				held++;
				if (rc)
					ch[k].in_len = 0;
				/* Reading the data of a chain stays inside it. */
				w->fake.before = NULL;
				if (!rc)
					iom_vq_dev_read(&w->vq, &ch[k], 0, buf,
							ch[k].out_len < 64 ? ch[k].out_len : 64);
				w->fake.before = watch;
			}
			assert_true(w->vq.inflight <= w->ref.cfg.size);
		}
		before = w->fake.accesses;
		if (w->vq.broken)
			assert_int_equal(iom_vq_dev_pop(&w->vq, &ch[0]), IOM_EPROTO);
		if (w->vq.broken)
			assert_int_equal(w->fake.accesses, before);
		iom_gmem_end(&w->fake.g);
	}
	assert_true(pops > 15000 && broken > 5000);
	free(w->mem);
	free(w);
}

/* Each descriptor that was read is at once available in the next lap. */
static void next_lap(void *arg, enum gmem_fake_kind kind, uint64_t addr, size_t len)
{
	struct world *w = arg;
	uint64_t slot = (addr - w->ref.cfg.desc) / 16, before;

	(void)len;
	if (kind != GMEM_FAKE_READ || w->ref.avail++ == 0)
		return;
	before = (slot + w->ref.cfg.size - 1) % w->ref.cfg.size;
	w->mem[16 * before + 14] ^= 0x80;
	w->mem[16 * before + 15] ^= 0x80;
}

static void packed_chain_without_end(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct iom_vq_seg seg[SEGS];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = SEGS };
	struct iom_vq_cfg cfg = { .size = 8, .packed = true };
	unsigned int i;

	(void)state;
	w->mem = aligned_alloc(64, MEM);
	assert_int_equal(iom_gmem_flat_init(&w->flat, BASE, w->mem, MEM), IOM_OK);
	gmem_fake_init(&w->fake, &w->flat.g);
	vq_ref_init(&w->ref, &cfg, w->mem, BASE, NULL);
	for (i = 0; i < cfg.size; i++)
		w->mem[16 * i + 14] = 0x81;
	w->fake.before = next_lap;
	w->fake.before_arg = w;
	assert_int_equal(iom_vq_dev_enable(&w->vq, &w->fake.g, &w->ref.cfg, NULL), IOM_OK);
	assert_int_equal(iom_gmem_begin(&w->fake.g), IOM_OK);
	assert_int_equal(iom_vq_dev_pop(&w->vq, &ch), IOM_EPROTO);
	assert_true(w->fake.accesses <= 16);
	iom_gmem_end(&w->fake.g);
	free(w->mem);
	free(w);
}

/* Two chains go through; the nth access of it all fails with rc. */
static bool fail_once(struct world *w, bool packed, bool event_idx, bool can_map, long n,
		      int fail_rc)
{
	struct iom_vq_cfg cfg = {
		.size = 8, .packed = packed, .event_idx = event_idx, .indirect = true,
	};
	struct iom_vq_seg seg[3] = { { BASE, 1 }, { BASE, 2 }, { BASE, 3 } }, got[8];
	struct iom_vq_chain ch = { .seg = got, .seg_max = 8 };
	unsigned int done = 0, tries;
	unsigned long accesses;
	uint32_t len;
	uint16_t id;
	bool want;
	int rc = 0;

	vq_ref_init(&w->ref, &cfg, w->mem, BASE, NULL);
	vq_ref_add(&w->ref, NULL, VQ_REF_DIRECT, 0, seg, 2, 1);
	vq_ref_add(&w->ref, NULL, VQ_REF_INDIRECT, 0, seg, 2, 1);
	gmem_fake_init(&w->fake, &w->flat.g);
	assert_int_equal(iom_vq_dev_enable(&w->vq, &w->fake.g, &w->ref.cfg, NULL), IOM_OK);
	assert_int_equal(iom_gmem_begin(&w->fake.g), IOM_OK);
	w->fake.can_map = can_map;
	gmem_fake_fail_nth(&w->fake, n, fail_rc);
	for (tries = 0; tries < 8 && !w->vq.broken; tries++) {
		rc = iom_vq_dev_pop(&w->vq, &ch);
		if (!rc) {
			rc = iom_vq_dev_push(&w->vq, &ch, 3);
			done += !rc;
			if (rc) {
				/* What was taken and cannot be returned is lost. */
				assert_int_equal(rc, fail_rc);
				assert_true(w->vq.broken);
				break;
			}
			rc = iom_vq_dev_want_irq(&w->vq, &want);
			if (rc)
				assert_true(want);
			continue;
		}
		if (rc == IOM_EAGAIN)
			break;
		assert_int_equal(rc, fail_rc);
		assert_true(w->fake.failed);
		assert_int_equal(w->vq.broken, rc != IOM_ENODEV);
	}
	if (w->fake.failed && !(w->vq.broken))
		assert_int_equal(fail_rc, IOM_ENODEV);
	if (!w->vq.broken)
		assert_int_equal(done, 2);
	accesses = w->fake.accesses;
	if (w->vq.broken)
		assert_int_equal(iom_vq_dev_pop(&w->vq, &ch), IOM_EPROTO);
	if (w->vq.broken)
		assert_int_equal(w->fake.accesses, accesses);
	iom_gmem_end(&w->fake.g);
	/* The driver sees what was pushed and nothing else. */
	while (vq_ref_used(&w->ref, &id, &len)) {
		assert_int_equal(len, 3);
		assert_true(done--);
	}
	assert_int_equal(done, 0);
	return w->fake.failed;
}

static void nth_access_fails(void **state)
{
	static const int rcs[] = { IOM_EFAULT, IOM_EACCES, IOM_EIO, IOM_ENODEV };
	struct world *w = calloc(1, sizeof(*w));
	unsigned int k;
	long n;

	(void)state;
	w->mem = aligned_alloc(64, MEM);
	assert_int_equal(iom_gmem_flat_init(&w->flat, BASE, w->mem, MEM), IOM_OK);
	for (k = 0; k < 32; k++) {
		for (n = 1; fail_once(w, k & 4, k & 8, k & 16, n, rcs[k & 3]); n++)
			assert_true(n < 100);
		assert_true(n > (k & 16 ? 3 : 8));
	}
	free(w->mem);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile),
		cmocka_unit_test(packed_chain_without_end),
		cmocka_unit_test(nth_access_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
