/* SPDX-License-Identifier: BSD-2-Clause */
/* The two ring targets of fuzz/; the input is explained in vq_fuzz.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iom/virtio/vq_dev.h>

#include "fakes/gmem_fake.h"
#include "lib/vq_fuzz.h"

#define MEM	2048u
#define SEGS	20u
#define HELD	8u

struct fuzz {
	uint8_t mem[MEM];
	struct iom_gmem_flat flat;
	struct gmem_fake fake;
	struct iom_vq_cfg cfg;
	struct iom_vq_dev vq;
	struct iom_vq_chain held[HELD];
	struct iom_vq_seg seg[HELD][SEGS];
	unsigned int nr_held;
	bool late;
	unsigned int late_at;
	uint8_t late_byte;
};

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "vq_fuzz: %s\n", what);
	abort();
}

static void before(void *arg, enum gmem_fake_kind kind, uint64_t addr, size_t len)
{
	struct fuzz *f = arg;
	bool writes = kind == GMEM_FAKE_WRITE || kind == GMEM_FAKE_STORE;
	uint64_t ring = f->cfg.packed ? 168 : 240;

	require(!writes || (addr < ring && len <= ring - addr), "write outside the ring");
	require(!writes || f->cfg.packed || addr >= f->cfg.device, "write to the driver's part");
	if (f->late)
		f->mem[f->late_at] = f->late_byte;
	f->late = false;
}

static void check_chain(const struct fuzz *f, const struct iom_vq_chain *ch)
{
	uint64_t out = 0, in = 0;
	unsigned int i;

	require(ch->nr_out + ch->nr_in <= ch->seg_max, "more segments than room");
	require(ch->nr_out + ch->nr_in > 0, "an empty chain");
	for (i = 0; i < ch->nr_out + ch->nr_in; i++) {
		const struct iom_vq_seg *s = &ch->seg[i];

		*(i < ch->nr_out ? &out : &in) += s->len;
		require(!s->len || s->addr + (s->len - 1) >= s->addr, "segment wraps");
	}
	require(out == ch->out_len && in == ch->in_len, "sums are wrong");
	require(out + in <= UINT32_MAX, "2^32 bytes or more");
	require(f->cfg.packed || ch->id < f->cfg.size, "head out of range");
	require(ch->ndesc && ch->ndesc <= f->cfg.size, "slots out of range");
}

static void pop(struct fuzz *f, unsigned int max)
{
	struct iom_vq_chain *ch = &f->held[f->nr_held];
	bool was_broken = f->vq.broken;
	unsigned long accesses = f->fake.accesses;
	int rc;

	if (f->nr_held == HELD)
		return;
	ch->seg = f->seg[f->nr_held];
	ch->seg_max = max;
	rc = iom_vq_dev_pop(&f->vq, ch);
	require(f->fake.accesses - accesses <= 8 + 2u * f->cfg.size, "too many accesses");
	require(!was_broken || (rc == IOM_EPROTO && f->fake.accesses == accesses), "not broken");
	require(rc == IOM_OK || rc == IOM_EAGAIN || rc == IOM_E2BIG || f->vq.broken, "error only");
	if (!rc)
		check_chain(f, ch);
	if (rc == IOM_E2BIG)
		ch->in_len = 0;
	if (!rc || rc == IOM_E2BIG)
		f->nr_held++;
}

static void push(struct fuzz *f, unsigned int which)
{
	struct iom_vq_chain *ch;
	int rc;

	if (!f->nr_held)
		return;
	ch = &f->held[which % f->nr_held];
	rc = iom_vq_dev_push(&f->vq, ch, (uint32_t)(ch->in_len / 2));
	require(rc == IOM_OK || f->vq.broken, "push refused");
	/* The last takes its place, with its segments. */
	memcpy(ch->seg, f->held[f->nr_held - 1].seg, sizeof(f->seg[0]));
	f->held[f->nr_held - 1].seg = ch->seg;
	*ch = f->held[--f->nr_held];
}

static void again(struct fuzz *f)
{
	struct iom_vq_state st = f->vq.st;
	uint16_t inflight = f->vq.inflight;

	if (f->vq.broken)
		return;
	iom_vq_dev_disable(&f->vq);
	require(iom_vq_dev_enable(&f->vq, &f->fake.g, &f->cfg, &st) == IOM_OK, "enable");
	require(f->vq.inflight == inflight, "in flight");
}

static void step(struct fuzz *f, uint8_t op, uint8_t arg, unsigned int *window)
{
	bool flag;

	switch (op & 7) {
	case 0:
	case 1:
		pop(f, arg % (SEGS + 1));
		break;
	case 2:
		push(f, arg);
		break;
	case 3:
		iom_vq_dev_want_irq(&f->vq, &flag);
		iom_vq_dev_pending(&f->vq, &flag);
		break;
	case 4:
		f->mem[*window + (op >> 3)] = arg;
		break;
	case 5:
		f->late = true;
		f->late_at = *window + (op >> 3);
		f->late_byte = arg;
		break;
	case 6:
		*window = 32u * arg % MEM;
		break;
	default:
		again(f);
	}
	require(f->vq.inflight <= f->cfg.size, "in flight");
}

void vq_fuzz(bool packed, const uint8_t *data, size_t size)
{
	struct iom_vq_state st = { .avail_wrap = true, .used_wrap = true };
	unsigned int window = 0, n, data_flags;
	struct fuzz *f;

	if (size < 4 || size > 4096)
		return;
	f = calloc(1, sizeof(*f));
	f->cfg.packed = packed;
	data_flags = data[0];
	f->cfg.event_idx = data[0] & 1;
	f->cfg.indirect = data[0] & 2;
	f->cfg.size = (uint16_t)(1u << (data[1] & 3));
	if (packed) {
		f->cfg.size = (uint16_t)(1 + data[1] % 8);
		st.avail = st.used = (uint16_t)((data[2] & 0x7f) % f->cfg.size);
		st.avail_wrap = st.used_wrap = !(data[2] & 0x80);
	} else {
		st.avail = st.used = data[2] ? (uint16_t)(0xffff - data[2]) : 0;
	}
	f->cfg.driver = 128;
	f->cfg.device = 160;
	n = 64u * (data[3] % 17);
	data += 4;
	size -= 4;
	if (n > size)
		n = (unsigned int)size;
	memcpy(f->mem, data, n);
	data += n;
	size -= n;
	iom_gmem_flat_init(&f->flat, 0, f->mem, MEM);
	gmem_fake_init(&f->fake, &f->flat.g);
	f->fake.can_map = data_flags & 4;
	f->fake.before = before;
	f->fake.before_arg = f;
	require(iom_vq_dev_enable(&f->vq, &f->fake.g, &f->cfg, &st) == IOM_OK, "enable");
	iom_gmem_begin(&f->fake.g);
	for (; size >= 2; size -= 2, data += 2)
		step(f, data[0], data[1], &window);
	iom_gmem_end(&f->fake.g);
	free(f);
}
