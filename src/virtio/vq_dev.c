/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's end of a virtqueue: what both ring formats have in common, and
 * the copies to and from chains. A queue that has met an error in its own ring
 * is broken and stays so until it is enabled anew.
 */
#include <iom/base/mem.h>

#include "virtio/vq_dev_ring.h"

/*
 * Fetches the area's pointer for this bracket. No pointer, one to a part only,
 * or one with another alignment than the address: the ring is reached through
 * the gmem. Any other failure is the ring's.
 */
int iomi_vq_dev_map(struct iom_vq_dev *vq, struct iom_vq_area *area)
{
	size_t got;
	void *ptr;
	int rc = iom_gmem_map_ring(vq->gmem, area->addr, area->len, area->access, &ptr, &got);

	area->map = NULL;
	if (rc && rc != IOM_EOPNOTSUPP)
		return rc;
	if (!rc && got == area->len && !(((uintptr_t)ptr ^ area->addr) & 15))
		area->map = ptr;
	area->bracket = vq->gmem->bracket;
	return IOM_OK;
}

int iomi_vq_dev_gmem_load16(struct iom_vq_dev *vq, uint64_t addr, uint16_t *val)
{
	uint64_t v = 0;
	int rc = iom_gmem_load(vq->gmem, addr, 2, &v);

	*val = (uint16_t)v;
	return rc;
}

int iomi_vq_dev_gmem_desc(struct iom_vq_dev *vq, uint32_t i, struct iomi_vq_dev_desc *d)
{
	uint64_t w[2] = { 0, 0 };
	int rc = iom_gmem_read(vq->gmem, vq->desc.addr + 16 * (uint64_t)i, w, sizeof(w));

	iomi_vq_dev_desc_unpack(w[0], w[1], d);
	return rc;
}

static void area_init(struct iom_vq_area *area, uint64_t addr, uint64_t len, unsigned int access)
{
	area->addr = addr;
	area->len = (uint32_t)len;
	area->access = access;
	area->map = NULL;
	area->bracket = 0;
}

static void areas_init(struct iom_vq_dev *vq)
{
	const struct iom_vq_cfg *c = &vq->cfg;
	const unsigned int r = IOM_ACCESS_READ, w = IOM_ACCESS_WRITE;

	area_init(&vq->desc, c->desc, VIRTQ_DESC_AREA_SIZE(c->size), c->packed ? r | w : r);
	area_init(&vq->driver, c->driver,
		  c->packed ? PVIRTQ_EVENT_SIZE : VIRTQ_AVAIL_AREA_SIZE(c->size), r);
	area_init(&vq->device, c->device,
		  c->packed ? PVIRTQ_EVENT_SIZE : VIRTQ_USED_AREA_SIZE(c->size), w);
}

static bool area_ok(uint64_t addr, uint64_t len, uint64_t align)
{
	return !(addr & (align - 1)) && addr + (len - 1) >= addr;
}

static bool cfg_ok(const struct iom_vq_cfg *c)
{
	if (!c->size || c->size > IOM_VQ_SIZE_MAX)
		return false;
	if (c->packed)
		return area_ok(c->desc, VIRTQ_DESC_AREA_SIZE(c->size), PVIRTQ_DESC_ALIGN) &&
		       area_ok(c->driver, PVIRTQ_EVENT_SIZE, PVIRTQ_EVENT_ALIGN) &&
		       area_ok(c->device, PVIRTQ_EVENT_SIZE, PVIRTQ_EVENT_ALIGN);
	return !(c->size & (c->size - 1)) &&
	       area_ok(c->desc, VIRTQ_DESC_AREA_SIZE(c->size), VIRTQ_DESC_ALIGN) &&
	       area_ok(c->driver, VIRTQ_AVAIL_AREA_SIZE(c->size), VIRTQ_AVAIL_ALIGN) &&
	       area_ok(c->device, VIRTQ_USED_AREA_SIZE(c->size), VIRTQ_USED_ALIGN);
}

/* Chains or slots from used to avail; IOM_EINVAL: no queue can be there. */
static int state_inflight(const struct iom_vq_cfg *c, const struct iom_vq_state *st, uint16_t *n)
{
	uint32_t d;

	if (!c->packed) {
		d = (uint16_t)(st->avail - st->used);
	} else {
		if (st->avail >= c->size || st->used >= c->size)
			return IOM_EINVAL;
		d = st->avail - st->used + (st->avail_wrap == st->used_wrap ? 0u : c->size);
	}
	if (d > c->size)
		return IOM_EINVAL;
	*n = (uint16_t)d;
	return IOM_OK;
}

int iom_vq_dev_enable(struct iom_vq_dev *vq, struct iom_gmem *gmem, const struct iom_vq_cfg *cfg,
		      const struct iom_vq_state *st)
{
	static const struct iom_vq_state start = { .avail_wrap = true, .used_wrap = true };
	const struct iom_vq_state *from = st ? st : &start;
	uint16_t inflight;

	if (!cfg_ok(cfg) || state_inflight(cfg, from, &inflight))
		return IOM_EINVAL;
	vq->gmem = gmem;
	vq->cfg = *cfg;
	vq->st = *from;
	areas_init(vq);
	vq->enabled = true;
	vq->broken = false;
	vq->polling = false;
	vq->quiet = false;
	vq->avail_seen = from->avail;
	vq->inflight = inflight;
	vq->unsignalled = st ? UINT32_MAX : 0;
	return IOM_OK;
}

void iom_vq_dev_disable(struct iom_vq_dev *vq)
{
	vq->enabled = false;
	vq->inflight = 0;
}

static int not_usable(const struct iom_vq_dev *vq)
{
	return vq->enabled ? IOM_EPROTO : IOM_EINVAL;
}

/* Without DMA nothing was moved, and the ring may be as good as ever. */
static int ring_error(struct iom_vq_dev *vq, int rc)
{
	if (rc != IOM_ENODEV)
		vq->broken = true;
	return rc;
}

int iom_vq_dev_pop_batch(struct iom_vq_dev *vq, struct iom_vq_chain *ch, unsigned int n,
			 unsigned int *got)
{
	int rc;

	*got = 0;
	if (!vq->enabled || vq->broken)
		return not_usable(vq);
	rc = vq->cfg.packed ? iomi_vq_dev_packed_pop(vq, ch, n, got) :
			      iomi_vq_dev_split_pop(vq, ch, n, got);
	if (rc && rc != IOM_EAGAIN && rc != IOM_E2BIG)
		return ring_error(vq, rc);
	return rc;
}

int iom_vq_dev_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch)
{
	unsigned int got;

	return iom_vq_dev_pop_batch(vq, ch, 1, &got);
}

int iom_vq_dev_push_batch(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
			  const uint32_t *written, unsigned int n)
{
	unsigned int i, ndesc = 0;
	int rc;

	if (!vq->enabled || vq->broken)
		return not_usable(vq);
	/* With n limited the sum does not wrap. */
	for (i = 0; i < n && n <= vq->inflight; i++) {
		if (written[i] > ch[i].in_len || !ch[i].ndesc)
			return IOM_EINVAL;
		ndesc += ch[i].ndesc;
	}
	if (n > vq->inflight || ndesc > vq->inflight)
		return IOM_EINVAL;
	rc = vq->cfg.packed ? iomi_vq_dev_packed_push(vq, ch, written, n) :
			      iomi_vq_dev_split_push(vq, ch, written, n);
	if (rc) {
		/* IOM_ENODEV too: nobody comes back with these chains. */
		vq->broken = true;
		return rc;
	}
	vq->inflight = (uint16_t)(vq->inflight - ndesc);
	/* A number that stands still at the top means: more than any ring holds. */
	if (vq->unsignalled <= UINT32_MAX - ndesc)
		vq->unsignalled += ndesc;
	return IOM_OK;
}

int iom_vq_dev_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint32_t written)
{
	return iom_vq_dev_push_batch(vq, ch, &written, 1);
}

int iom_vq_dev_want_irq(struct iom_vq_dev *vq, bool *want)
{
	int rc;

	*want = true;
	if (!vq->enabled || vq->broken)
		return not_usable(vq);
	if (!vq->unsignalled) {
		*want = false;
		return IOM_OK;
	}
	rc = vq->cfg.packed ? iomi_vq_dev_packed_want_irq(vq, want) :
			      iomi_vq_dev_split_want_irq(vq, want);
	if (rc)
		return ring_error(vq, rc);
	vq->unsignalled = 0;
	return IOM_OK;
}

int iom_vq_dev_pending(struct iom_vq_dev *vq, bool *pending)
{
	int rc;

	*pending = false;
	if (!vq->enabled || vq->broken)
		return not_usable(vq);
	rc = vq->cfg.packed ? iomi_vq_dev_packed_pending(vq, pending) :
			      iomi_vq_dev_split_pending(vq, pending);
	return rc ? ring_error(vq, rc) : IOM_OK;
}

/* Copies between segments [i, end) from byte off on, and buf. */
static int seg_copy(struct iom_gmem *g, const struct iom_vq_seg *seg, const struct iom_vq_seg *end,
		    uint64_t off, uint8_t *in, const uint8_t *out, size_t len)
{
	size_t n;
	int rc;

	for (; len && seg < end; seg++) {
		if (off >= seg->len) {
			off -= seg->len;
			continue;
		}
		n = seg->len - off < len ? (size_t)(seg->len - off) : len;
		if (in) {
			rc = iom_gmem_read(g, seg->addr + off, in, n);
			in += n;
		} else {
			rc = iom_gmem_write(g, seg->addr + off, out, n);
			out += n;
		}
		if (rc)
			return rc;
		off = 0;
		len -= n;
	}
	return IOM_OK;
}

int iomi_vq_dev_read_pieces(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint64_t off,
			    void *buf, size_t len)
{
	if (off > ch->out_len || len > ch->out_len - off)
		return IOM_E2BIG;
	return seg_copy(vq->gmem, ch->seg, ch->seg + ch->nr_out, off, buf, NULL, len);
}

int iomi_vq_dev_write_pieces(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint64_t off,
			     const void *buf, size_t len)
{
	const struct iom_vq_seg *seg = ch->seg + ch->nr_out;

	if (off > ch->in_len || len > ch->in_len - off)
		return IOM_E2BIG;
	return seg_copy(vq->gmem, seg, seg + ch->nr_in, off, NULL, buf, len);
}
