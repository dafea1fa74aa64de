/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of vq_dev against a driver that one can see is right (lib/vq_ref.h), for
 * both rings, each set of ring features, many sizes and starting positions, over
 * memory with and without pointers, and over memory whose descriptors change as
 * soon as they were read (rule 4: every word once):
 *  1. each chain comes out once, in order, with exactly its segments, however
 *     it is framed;
 *  2. read and write move exactly the bytes of the chain's stream;
 *  3. pushed chains reach the driver once, in the order of the pushes, with the
 *     length given;
 *  4. an interrupt is wanted when a position since the last decision is the
 *     one the driver asked for (2.7.7.2, 2.8.10);
 *  5. after pop has said "nothing", the next chain made available is notified,
 *     and, with EVENT_IDX, none after it; no kick is lost while pop asks;
 *  6. no pointer into memory outlives its bracket;
 *  7. all this holds over a disable and an enable at the saved positions.
 */
#include <iom/base/field.h>

#include "fakes/gmem_fake.h"
#include "lib/test.h"
#include "lib/vq_ref.h"

#define SIZE_MAX_T	64u
#define BASE		UINT64_C(0x123450000)
#define PAGE		4096u
#define NR_WANT		SIZE_MAX_T

/* A chain as the test made it. */
struct want {
	bool busy;
	struct iom_vq_seg seg[SIZE_MAX_T];
	unsigned int nr_out, nr_in;
	uint64_t out_len, in_len;
	uint32_t written;
	/* As it was popped. */
	struct iom_vq_chain ch;
	struct iom_vq_seg ch_seg[SIZE_MAX_T];
};

enum notify { FRESH, ASKED, TOLD, BUSY };

struct world {
	struct test_rng rng;
	struct iom_vq_cfg cfg;
	uint8_t *mem;
	uint8_t *other_mem;	/* as big */
	uint64_t data;		/* NR_WANT pages */
	struct iom_gmem_flat flat;
	struct gmem_fake fake;
	struct vq_ref ref;
	struct iom_vq_dev vq;
	struct want want[NR_WANT];
	/* Chains made available, popped, pushed, in that order. */
	struct want *avail[SIZE_MAX_T], *popped[SIZE_MAX_T], *pushed[SIZE_MAX_T];
	unsigned int nr_avail, nr_popped, nr_pushed;
	enum notify notify;
	unsigned int since_ask;		/* positions made available since */
	/* Interrupt: what the driver asked for, and positions used since the last decision. */
	enum { IRQ_ON, IRQ_OFF, IRQ_AT } irq;
	uint32_t irq_at;
	uint32_t used_since[70000];
	unsigned int nr_used_since;
	bool just_restored;
	uint32_t used_pos;		/* split: index; packed: slot, lap in bit 16 */
	unsigned int pops, irqs;
};

static uint64_t below(struct world *w, uint64_t n)
{
	return test_rng_below(&w->rng, n);
}

/* --- the driver's side ------------------------------------------------------ */

static void make_segs(struct world *w, struct want *x, unsigned int max)
{
	uint64_t page = w->data + (uint64_t)(x - w->want) * PAGE, addr = page;
	unsigned int i, n = 1 + (unsigned int)below(w, max);

	x->nr_out = (unsigned int)below(w, n + 1);
	x->nr_in = n - x->nr_out;
	x->out_len = x->in_len = 0;
	for (i = 0; i < n; i++) {
		addr += below(w, 16);
		x->seg[i].addr = addr;
		x->seg[i].len = below(w, 4) ? (uint32_t)below(w, 48) : 0;
		addr += x->seg[i].len;
		*(i < x->nr_out ? &x->out_len : &x->in_len) += x->seg[i].len;
	}
	test_rng_fill(&w->rng, w->mem + (page - BASE), PAGE);
}

static bool driver_adds(struct world *w)
{
	unsigned int i, n, slots_before = w->ref.nr_free;
	enum vq_ref_frame frame = VQ_REF_DIRECT;
	struct want *x = NULL;
	uint16_t id;

	for (i = 0; i < NR_WANT && !x; i++)
		if (!w->want[i].busy)
			x = &w->want[i];
	if (!x)
		return false;
	make_segs(w, x, below(w, 4) ? (w->cfg.size < 4u ? w->cfg.size : 4u) : w->cfg.size);
	n = x->nr_out + x->nr_in;
	if (w->cfg.indirect)
		frame = (enum vq_ref_frame)below(w, w->cfg.packed ? 2 : 3);
	id = vq_ref_add(&w->ref, &w->rng, frame, (unsigned int)below(w, n + 1), x->seg, x->nr_out,
			x->nr_in);
	if (id == VQ_REF_NONE)
		return false;
	w->ref.chain[id].priv = x;
	x->busy = true;
	w->avail[w->nr_avail++] = x;
	w->since_ask += slots_before - w->ref.nr_free;
	return true;
}

static void driver_kicks(struct world *w)
{
	unsigned int added = w->ref.added;
	bool kick = vq_ref_kick(&w->ref);

	if (!added)
		return;
	if (w->notify == FRESH || w->notify == ASKED)
		assert_true(kick);
	else if (!w->cfg.event_idx)
		assert_int_equal(kick, w->notify == TOLD);
	else if (w->since_ask <= w->cfg.size)
		assert_false(kick);
	/* A packed ring's first word says "always", and stays until the first ask. */
	if (w->notify == ASKED || (w->notify == FRESH && !(w->cfg.packed && w->cfg.event_idx)))
		w->notify = TOLD;
}

static void driver_takes_used(struct world *w)
{
	struct want *x;
	uint32_t len;
	uint16_t id;

	while (vq_ref_used(&w->ref, &id, &len)) {
		assert_true(w->nr_pushed);
		x = w->pushed[0];
		memmove(w->pushed, w->pushed + 1, --w->nr_pushed * sizeof(x));
		assert_ptr_equal(w->ref.chain[id].priv, x);
		assert_int_equal(len, x->written);
		x->busy = false;
	}
	assert_int_equal(w->nr_pushed, 0);
}

static void driver_sets_irq(struct world *w)
{
	uint32_t pos = w->used_pos, step = (uint32_t)below(w, 4);

	w->irq = (unsigned int)below(w, 3);
	if (w->irq == IRQ_AT && !w->cfg.event_idx)
		w->irq = IRQ_ON;
	if (!w->cfg.packed && w->cfg.event_idx)
		w->irq = IRQ_AT;
	if (w->irq == IRQ_ON)
		vq_ref_irq_on(&w->ref);
	else if (w->irq == IRQ_OFF)
		vq_ref_irq_off(&w->ref);
	if (w->irq != IRQ_AT)
		return;
	if (!w->cfg.packed) {
		w->irq_at = (uint16_t)(pos - 1 + step);
		vq_ref_irq_at(&w->ref, (uint16_t)w->irq_at, false);
		return;
	}
	while (step--)
		pos = (pos & 0xffff) + 1 == w->cfg.size ? (~pos & 0x10000) : pos + 1;
	w->irq_at = pos;
	vq_ref_irq_at(&w->ref, (uint16_t)pos, !(pos & 0x10000));
}

/* --- the device's side ------------------------------------------------------- */

static void check_bytes(struct world *w, struct want *x)
{
	uint8_t buf[PAGE], stream[PAGE], *p = stream;
	uint64_t len = x->out_len, off = below(w, len + 1);
	unsigned int i;

	for (i = 0; i < x->nr_out; i++) {
		memcpy(p, w->mem + (x->seg[i].addr - BASE), x->seg[i].len);
		p += x->seg[i].len;
	}
	len = below(w, len - off + 1);
	assert_int_equal(iom_vq_dev_read(&w->vq, &x->ch, off, buf, len), IOM_OK);
	assert_memory_equal(buf, stream + off, len);
	assert_int_equal(iom_vq_dev_read(&w->vq, &x->ch, off, buf, x->out_len - off + 1),
			 IOM_E2BIG);
	assert_int_equal(iom_vq_dev_read(&w->vq, &x->ch, x->out_len + 1, buf, 0), IOM_E2BIG);

	/* The page as it must be after the write, byte by byte. */
	off = below(w, x->in_len + 1);
	len = below(w, x->in_len - off + 1);
	test_rng_fill(&w->rng, buf, sizeof(buf));
	memcpy(stream, w->mem + (w->data - BASE) + (size_t)(x - w->want) * PAGE, PAGE);
	{
		uint64_t at = 0, k, page = w->data + (uint64_t)(x - w->want) * PAGE;

		for (i = x->nr_out; i < x->nr_out + x->nr_in; i++)
			for (k = 0; k < x->seg[i].len; k++, at++)
				if (at >= off && at < off + len)
					stream[x->seg[i].addr + k - page] = buf[at - off];
		assert_int_equal(iom_vq_dev_write(&w->vq, &x->ch, off, buf, len), IOM_OK);
		assert_memory_equal(w->mem + (page - BASE), stream, PAGE);
	}
	assert_int_equal(iom_vq_dev_write(&w->vq, &x->ch, off, buf, x->in_len - off + 1),
			 IOM_E2BIG);
}

static void device_pops(struct world *w)
{
	struct iom_vq_seg seg[SIZE_MAX_T];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = SIZE_MAX_T };
	bool small = !below(w, 8), pending;
	struct want *x = w->nr_avail ? w->avail[0] : NULL;
	unsigned int n = x ? x->nr_out + x->nr_in : 0;
	int rc;

	if (small)
		ch.seg_max = (unsigned int)below(w, 4);
	assert_int_equal(iom_vq_dev_pending(&w->vq, &pending), IOM_OK);
	assert_int_equal(pending, !!x);
	rc = iom_vq_dev_pop(&w->vq, &ch);
	if (!x) {
		assert_int_equal(rc, IOM_EAGAIN);
		w->notify = ASKED;
		w->since_ask = 0;
		return;
	}
	assert_int_equal(rc, n > ch.seg_max ? IOM_E2BIG : IOM_OK);
	if (!(w->notify == FRESH && w->cfg.packed && w->cfg.event_idx))
		w->notify = BUSY;
	w->pops++;
	memmove(w->avail, w->avail + 1, --w->nr_avail * sizeof(x));
	w->popped[w->nr_popped++] = x;
	assert_ptr_equal(w->ref.chain[ch.id].priv, x);
	assert_int_equal(ch.ndesc, w->cfg.packed ? w->ref.chain[ch.id].ndesc : 1);
	x->ch = ch;
	x->ch.seg = x->ch_seg;
	memcpy(x->ch_seg, seg, sizeof(seg));
	if (rc) {
		x->ch.in_len = 0;
		return;
	}
	assert_int_equal(ch.nr_out, x->nr_out);
	assert_int_equal(ch.nr_in, x->nr_in);
	assert_int_equal(ch.out_len, x->out_len);
	assert_int_equal(ch.in_len, x->in_len);
	while (n--) {
		assert_int_equal(seg[n].addr, x->seg[n].addr);
		assert_int_equal(seg[n].len, x->seg[n].len);
	}
	check_bytes(w, x);
}

static void device_pushes(struct world *w)
{
	unsigned int i, k, ndesc;
	struct want *x;

	if (!w->nr_popped)
		return;
	i = (unsigned int)below(w, w->nr_popped);
	x = w->popped[i];
	w->popped[i] = w->popped[--w->nr_popped];
	x->written = (uint32_t)below(w, x->ch.in_len + 1);
	ndesc = x->ch.ndesc;
	assert_int_equal(iom_vq_dev_push(&w->vq, &x->ch, (uint32_t)x->ch.in_len + 1), IOM_EINVAL);
	assert_int_equal(iom_vq_dev_push(&w->vq, &x->ch, x->written), IOM_OK);
	w->pushed[w->nr_pushed++] = x;
	for (k = 0; k < ndesc; k++) {
		w->used_since[w->nr_used_since++] = w->used_pos;
		if (!w->cfg.packed)
			w->used_pos = (uint16_t)(w->used_pos + 1);
		else if ((w->used_pos & 0xffff) + 1 == w->cfg.size)
			w->used_pos = ~w->used_pos & 0x10000;
		else
			w->used_pos++;
	}
}

static void device_signals(struct world *w)
{
	bool want, expect = w->irq == IRQ_ON && (w->nr_used_since || w->just_restored);
	unsigned int i;

	if (w->irq == IRQ_AT) {
		expect = w->just_restored;
		for (i = 0; i < w->nr_used_since; i++)
			expect = expect || w->used_since[i] == w->irq_at;
	}
	assert_int_equal(iom_vq_dev_want_irq(&w->vq, &want), IOM_OK);
	assert_int_equal(want, expect);
	w->irqs += want;
	w->nr_used_since = 0;
	w->just_restored = false;
}

static void device_moves(struct world *w)
{
	struct iom_vq_state st = w->vq.st;
	uint16_t inflight = w->vq.inflight;

	iom_vq_dev_disable(&w->vq);
	assert_int_equal(iom_vq_dev_push(&w->vq, &w->want[0].ch, 0), IOM_EINVAL);
	memset(&w->vq, 0xa5, sizeof(w->vq));
	assert_int_equal(iom_vq_dev_enable(&w->vq, &w->fake.g, &w->ref.cfg, &st), IOM_OK);
	assert_int_equal(w->vq.inflight, inflight);
	w->just_restored = true;
}

/* Between brackets, guest memory is somewhere else: no pointer may be left from before. */
static void memory_moves(struct world *w)
{
	uint8_t *old = w->mem;

	memcpy(w->other_mem, old, w->flat.size);
	memset(old, 0xee, w->flat.size);
	w->mem = w->ref.mem = w->flat.mem = w->other_mem;
	w->other_mem = old;
}

/* --- one run ------------------------------------------------------------------- */

static void world_start(struct world *w, bool hot)
{
	struct iom_vq_state st = { .avail_wrap = true, .used_wrap = true };
	bool moved = below(w, 2);
	uint64_t d;

	w->cfg.size = (uint16_t)(1 + below(w, SIZE_MAX_T));
	if (!w->cfg.packed)
		w->cfg.size = (uint16_t)(1u << below(w, 7));
	if (moved && w->cfg.packed) {
		st.avail = st.used = (uint16_t)below(w, w->cfg.size);
		st.avail_wrap = st.used_wrap = below(w, 2);
	} else if (moved) {
		st.avail = st.used = (uint16_t)(65530 + below(w, 12));
	}
	vq_ref_init(&w->ref, &w->cfg, w->mem, BASE, moved ? &st : NULL);
	w->data = (BASE + w->ref.bytes + PAGE) & ~(uint64_t)(PAGE - 1);
	w->used_pos = w->cfg.packed ? st.used | (st.used_wrap ? 0u : 0x10000u) : st.used;
	if (!w->cfg.packed && w->cfg.event_idx) {
		w->irq = IRQ_AT;
		w->irq_at = 0;
	} else {
		w->irq = IRQ_ON;
	}
	assert_int_equal(iom_gmem_flat_init(&w->flat, BASE, w->mem,
					    w->data - BASE + NR_WANT * PAGE), IOM_OK);
	gmem_fake_init(&w->fake, &w->flat.g);
	/* The ring through pointers, fetched in each bracket, or through loads and stores. */
	w->fake.can_map = !hot && below(w, 2);
	if (hot && w->cfg.packed) {
		/* All but the flags: they are polled. */
		gmem_fake_hot(&w->fake, w->ref.cfg.desc, w->ref.cfg.desc + 16 * w->cfg.size - 1,
			      16, 14);
	} else if (hot) {
		gmem_fake_hot(&w->fake, w->ref.cfg.desc, w->ref.cfg.desc + 16 * w->cfg.size - 1,
			      0, 0);
		d = w->ref.cfg.driver + 4;
		gmem_fake_hot(&w->fake, d, d + 2 * w->cfg.size - 1, 0, 0);
	}
	if (hot)
		gmem_fake_hot(&w->fake, w->ref.tables, BASE + w->ref.bytes - 1, 0, 0);
	assert_int_equal(iom_vq_dev_enable(&w->vq, &w->fake.g, &w->ref.cfg, moved ? &st : NULL),
			 IOM_OK);
	w->just_restored = moved;
}

static void world_run(struct world *w, unsigned int steps)
{
	unsigned int i, k;

	for (i = 0; i < steps; i++) {
		switch (below(w, 16)) {
		case 0: case 1: case 2: case 3:
			for (k = (unsigned int)below(w, 4); k; k--)
				driver_adds(w);
			driver_kicks(w);
			break;
		case 4:
			driver_takes_used(w);
			break;
		case 5:
			driver_sets_irq(w);
			break;
		case 6:
			assert_int_equal(iom_gmem_begin(&w->fake.g), IOM_OK);
			device_signals(w);
			iom_gmem_end(&w->fake.g);
			break;
		case 7:
			if (!below(w, 8))
				device_moves(w);
			else if (!below(w, 4))
				memory_moves(w);
			break;
		default:
			assert_int_equal(iom_gmem_begin(&w->fake.g), IOM_OK);
			if (below(w, 2))
				device_pops(w);
			else
				device_pushes(w);
			iom_gmem_end(&w->fake.g);
		}
	}
}

static void laws(void **state)
{
	unsigned int k, pops = 0, irqs = 0;
	struct world *w = malloc(sizeof(*w));
	struct test_rng rng;
	uint8_t *mem[2] = { NULL, NULL };

	(void)state;
	for (k = 0; k < 2; k++)
		assert_int_equal(posix_memalign((void **)&mem[k], PAGE, vq_ref_bytes(SIZE_MAX_T) +
						(NR_WANT + 2) * PAGE), 0);
	test_rng_init(&rng);
	for (k = 0; k < 400; k++) {
		memset(w, 0, sizeof(*w));
		w->mem = mem[0];
		w->other_mem = mem[1];
		test_rng_seed(&w->rng, test_rng_u64(&rng));
		w->cfg.packed = k & 1;
		w->cfg.event_idx = k & 2;
		w->cfg.indirect = k & 4;
		world_start(w, k & 8);
		world_run(w, 600);
		pops += w->pops;
		irqs += w->irqs;
	}
	/* The run was not idle. */
	assert_true(pops > 10000 && irqs > 1000);
	free(mem[0]);
	free(mem[1]);
	free(w);
}

/* --- law 5, the race ------------------------------------------------------------- */

/* The driver adds a chain, and sees no need to kick, just before each store of the device. */
static void add_before_store(void *arg, enum gmem_fake_kind kind, uint64_t addr, size_t len)
{
	struct world *w = arg;

	(void)addr;
	(void)len;
	if (kind != GMEM_FAKE_STORE)
		return;
	w->fake.before = NULL;
	w->notify = BUSY;
	driver_adds(w);
	driver_kicks(w);
}

static void kick_not_lost_while_pop_asks(void **state)
{
	struct world *w = malloc(sizeof(*w));
	struct test_rng rng;
	uint8_t *mem = NULL;
	unsigned int k, i;

	(void)state;
	assert_int_equal(posix_memalign((void **)&mem, PAGE,
					vq_ref_bytes(SIZE_MAX_T) + (NR_WANT + 2) * PAGE), 0);
	test_rng_init(&rng);
	for (k = 0; k < 64; k++) {
		memset(w, 0, sizeof(*w));
		w->mem = mem;
		test_rng_seed(&w->rng, test_rng_u64(&rng));
		w->cfg.packed = k & 1;
		w->cfg.event_idx = k & 2;
		world_start(w, false);
		w->fake.can_map = false;
		assert_int_equal(iom_gmem_begin(&w->fake.g), IOM_OK);
		/* Asked once, told, popped: from here on the driver is not to kick. */
		device_pops(w);
		driver_adds(w);
		driver_kicks(w);
		device_pops(w);
		device_pushes(w);
		for (i = 0; i < 20; i++) {
			struct iom_vq_seg seg[SIZE_MAX_T];
			struct iom_vq_chain ch = { .seg = seg, .seg_max = SIZE_MAX_T };

			driver_takes_used(w);
			w->since_ask = 0;
			w->fake.before = add_before_store;
			w->fake.before_arg = w;
			assert_int_equal(iom_vq_dev_pop(&w->vq, &ch), IOM_OK);
			assert_null(w->fake.before);
			assert_int_equal(w->nr_avail, 1);
			w->nr_avail = 0;
			assert_int_equal(iom_vq_dev_push(&w->vq, &ch, 0), IOM_OK);
			w->pushed[w->nr_pushed++] = w->avail[0];
			w->avail[0]->written = 0;
		}
		iom_gmem_end(&w->fake.g);
	}
	free(mem);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(laws),
		cmocka_unit_test(kick_not_lost_while_pop_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
