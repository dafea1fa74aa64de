/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a request is and what it is answered. VIRTIO 1.3 section 5.2.6; the
 * promises are in <iom/ep/blk.h>.
 *
 * One chain at a time: look at its ends, parse, decide, act, write the status,
 * push. Nothing is kept between chains, so a stopped device has no request in
 * flight. The header and the ranges of a discard are copied before they are
 * looked at; data is never looked at.
 */
#include <iom/ep/blk.h>
#include <iom/spec/virtio_blk.h>

#include "ep/blk_data.h"
#include "ep/blk_req.h"
#include "ep/ep.h"

/* One call of iomi_blk_req_run(), and so one bracket, ends after this much. */
#define BLK_RUN_CHAINS		16u
#define BLK_RUN_BYTES		0x40000u

#define BLK_HEAD		sizeof(struct virtio_blk_req_head)
#define BLK_RANGE		sizeof(struct virtio_blk_discard_write_zeroes)

struct blk_range {
	uint64_t off, len;		/* bytes, inside the store */
	bool unmap;
};

/* A request in work. */
struct blk_req {
	struct iom_vq_dev *vq;
	const struct iom_vq_chain *ch;
	uint32_t type;
	uint64_t sector;
	uint64_t out_data;		/* readable bytes after the header */
	uint64_t in_data;		/* writable bytes before the status */
	uint64_t written;		/* of in_data, from the first on, without a gap */
	uint64_t cost;			/* bytes moved in all */
	unsigned int nr_ranges;
	struct blk_range range[IOM_BLK_DWZ_SEGS_MAX];
};

/*
 * 5.2.6.2: a write is stable when it completes if the driver knows of no
 * volatile cache, or has switched it off.
 */
static bool write_through(struct iom_blk *b)
{
	uint64_t f = iom_virtio_dev_negotiated(&b->vd);

	if (f & VIRTIO_BLK_F_CONFIG_WCE)
		return !atomic_load_explicit(&b->writeback, memory_order_relaxed);
	return !(f & VIRTIO_BLK_F_FLUSH);
}

static uint8_t status_of(int rc)
{
	return rc == IOM_OK ? VIRTIO_BLK_S_OK :
	       rc == IOM_EOPNOTSUPP ? VIRTIO_BLK_S_UNSUPP : VIRTIO_BLK_S_IOERR;
}

/* --- decide ------------------------------------------------------------- */

static bool in_store(const struct iom_blk *b, uint64_t sector, uint64_t sectors)
{
	uint64_t capacity = b->cfg.store->size >> VIRTIO_BLK_SECTOR_LG2;

	return sector <= capacity && sectors <= capacity - sector;
}

static uint8_t check_rw(const struct iom_blk *b, const struct blk_req *r, uint64_t len)
{
	if (len % VIRTIO_BLK_SECTOR ||
	    !in_store(b, r->sector, len >> VIRTIO_BLK_SECTOR_LG2))
		return VIRTIO_BLK_S_IOERR;
	return VIRTIO_BLK_S_OK;
}

/* One range as the driver wrote it; checked, into *to. */
static uint8_t check_range(const struct iom_blk *b, bool discard,
			   const struct virtio_blk_discard_write_zeroes *from,
			   struct blk_range *to)
{
	uint32_t flags = iom_le32_get(from->flags);
	uint32_t n = iom_le32_get(from->num_sectors);
	uint64_t sector = iom_le64_get(from->sector);

	/* 5.2.6.2: both before any other error of the range */
	if (flags & ~VIRTIO_BLK_DWZ_F_UNMAP || (discard && flags))
		return VIRTIO_BLK_S_UNSUPP;
	if (n > (discard ? IOMI_BLK_REQ_DISCARD_MAX : IOMI_BLK_REQ_ZEROES_MAX) ||
	    !in_store(b, sector, n))
		return VIRTIO_BLK_S_IOERR;
	to->off = sector << VIRTIO_BLK_SECTOR_LG2;
	to->len = (uint64_t)n << VIRTIO_BLK_SECTOR_LG2;
	to->unmap = flags & VIRTIO_BLK_DWZ_F_UNMAP;
	return VIRTIO_BLK_S_OK;
}

/* All ranges of a discard or write zeroes, before anything is done for one. */
static uint8_t check_ranges(struct iom_blk *b, struct blk_req *r, bool discard)
{
	struct virtio_blk_discard_write_zeroes raw[IOM_BLK_DWZ_SEGS_MAX];
	uint8_t status = VIRTIO_BLK_S_OK, one;
	unsigned int i;

	if (!r->out_data || r->out_data % BLK_RANGE || r->out_data > sizeof(raw))
		return VIRTIO_BLK_S_IOERR;
	if (iom_vq_dev_read(r->vq, r->ch, BLK_HEAD, raw, (size_t)r->out_data)) {
		iomi_ep_count(&b->stats.faults, 1);
		return VIRTIO_BLK_S_IOERR;
	}
	r->nr_ranges = (unsigned int)(r->out_data / BLK_RANGE);
	for (i = 0; i < r->nr_ranges; i++) {
		one = check_range(b, discard, &raw[i], &r->range[i]);
		if (one == VIRTIO_BLK_S_UNSUPP)
			return one;
		if (one)
			status = one;
	}
	return status;
}

/* Is r something that may be carried out? If not, its answer. */
static uint8_t check_req(struct iom_blk *b, struct blk_req *r)
{
	uint64_t f = iom_virtio_dev_negotiated(&b->vd);

	switch (r->type) {
	case VIRTIO_BLK_T_IN:
		return check_rw(b, r, r->in_data);
	case VIRTIO_BLK_T_OUT:
		/* 5.2.6.2: offered is enough, whether the driver took RO or not */
		if (b->cfg.store->read_only)
			return VIRTIO_BLK_S_IOERR;
		return check_rw(b, r, r->out_data);
	case VIRTIO_BLK_T_FLUSH:
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		if (r->in_data != VIRTIO_BLK_ID_BYTES)
			return VIRTIO_BLK_S_IOERR;
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
		if (f & VIRTIO_BLK_F_DISCARD)
			return check_ranges(b, r, true);
		return VIRTIO_BLK_S_UNSUPP;
	case VIRTIO_BLK_T_WRITE_ZEROES:
		if (f & VIRTIO_BLK_F_WRITE_ZEROES)
			return check_ranges(b, r, false);
		return VIRTIO_BLK_S_UNSUPP;
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

/* --- act ---------------------------------------------------------------- */

/*
 * Closes the bracket for as long as the store needs, or for whoever waits for
 * its end. What was answered before is not to wait for it either.
 */
static void pause(struct iom_blk *b)
{
	iom_virtio_dev_signal(&b->vd, VIRTIO_BLK_REQUESTQ);
	iom_virtio_dev_pause(&b->vd);
}

/*
 * Read or write, a batch at a time. Between two the bracket is opened anew,
 * so that an UNMAP waits for a batch, not for the request.
 */
static int act_rw(struct iom_blk *b, struct blk_req *r, bool write, uint8_t *status)
{
	struct iomi_blk_data x = {
		.store_off = r->sector << VIRTIO_BLK_SECTOR_LG2,
		.left = write ? r->out_data : r->in_data,
		.write = write,
	};
	int rc = IOM_OK, gone = IOM_OK;

	if (x.left && write)
		iomi_blk_data_seek(&x.pos, r->ch->seg, r->ch->nr_out, BLK_HEAD);
	else if (x.left)
		iomi_blk_data_seek(&x.pos, r->ch->seg + r->ch->nr_out, r->ch->nr_in, 0);
	while (x.left && !rc && !gone) {
		rc = iomi_blk_data_batch(b, &x);
		if (x.left && !rc) {
			pause(b);
			gone = iom_virtio_dev_resume(&b->vd);
		}
	}
	if (x.fault)
		iomi_ep_count(&b->stats.faults, 1);
	iomi_ep_count(write ? &b->stats.bytes_written : &b->stats.bytes_read, x.moved);
	r->cost = x.moved;
	if (!write)
		r->written = x.moved;
	*status = rc ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
	return gone;
}

static int act_get_id(struct iom_blk *b, struct blk_req *r)
{
	int rc = iom_vq_dev_write(r->vq, r->ch, 0, b->cfg.id, VIRTIO_BLK_ID_BYTES);

	if (rc)
		iomi_ep_count(&b->stats.faults, 1);
	else
		r->written = VIRTIO_BLK_ID_BYTES;
	return rc ? IOM_EIO : IOM_OK;
}

static int act_flush(struct iom_blk *b)
{
	struct iom_store *s = b->cfg.store;

	iomi_ep_count(&b->stats.flushes, 1);
	return s->read_only ? IOM_OK : s->ops->flush(s);
}

static int act_ranges(struct iom_blk *b, const struct blk_req *r)
{
	struct iom_store *s = b->cfg.store;
	unsigned int i;
	int rc = IOM_OK;

	for (i = 0; i < r->nr_ranges && !rc; i++) {
		const struct blk_range *g = &r->range[i];

		if (!g->len)
			continue;
		rc = r->type == VIRTIO_BLK_T_DISCARD ?
			     s->ops->discard(s, g->off, g->len) :
			     s->ops->write_zeroes(s, g->off, g->len, g->unmap);
	}
	return rc;
}

/*
 * The part of a request that touches the store alone, the bracket closed. A
 * data write comes here for its flush, if the cache is write-through.
 */
static int act_store(struct iom_blk *b, const struct blk_req *r)
{
	int rc;

	switch (r->type) {
	case VIRTIO_BLK_T_DISCARD:
		return act_ranges(b, r);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		rc = act_ranges(b, r);
		return rc || !write_through(b) ? rc : act_flush(b);
	default:
		return act_flush(b);
	}
}

static bool wants_store_alone(struct iom_blk *b, const struct blk_req *r)
{
	switch (r->type) {
	case VIRTIO_BLK_T_FLUSH:
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return true;
	case VIRTIO_BLK_T_OUT:
		return write_through(b);
	default:
		return false;
	}
}

/* Carries out a request that was checked. Not IOM_OK: no bracket is open any more. */
static int act(struct iom_blk *b, struct blk_req *r, uint8_t *status)
{
	int gone = IOM_OK;

	if (r->type == VIRTIO_BLK_T_IN || r->type == VIRTIO_BLK_T_OUT)
		gone = act_rw(b, r, r->type == VIRTIO_BLK_T_OUT, status);
	else if (r->type == VIRTIO_BLK_T_GET_ID)
		*status = status_of(act_get_id(b, r));
	if (gone || *status || !wants_store_alone(b, r))
		return gone;
	pause(b);
	*status = status_of(act_store(b, r));
	return iom_virtio_dev_resume(&b->vd);
}

/* --- one chain ---------------------------------------------------------- */

/* Can the status byte be written? IOM_OK also where memory has no pointers. */
static int probe_status(struct iom_blk *b, const struct iom_vq_chain *ch)
{
	struct iomi_blk_data_pos pos;
	size_t got;
	void *ptr;
	int rc;

	iomi_blk_data_seek(&pos, ch->seg + ch->nr_out, ch->nr_in, ch->in_len - 1);
	if (pos.seg->addr + pos.off < pos.seg->addr)
		return IOM_EFAULT;
	rc = iom_gmem_map(b->cfg.gmem, pos.seg->addr + pos.off, 1, IOM_ACCESS_WRITE, &ptr, &got);
	return rc == IOM_EOPNOTSUPP ? IOM_OK : rc;
}

/* Fills *r from the chain's ends. */
static uint8_t parse(struct iom_blk *b, struct blk_req *r)
{
	struct virtio_blk_req_head head;

	r->in_data = r->ch->in_len - 1;
	if (r->ch->out_len < BLK_HEAD)
		return VIRTIO_BLK_S_IOERR;
	r->out_data = r->ch->out_len - BLK_HEAD;
	if (iom_vq_dev_read(r->vq, r->ch, 0, &head, sizeof(head))) {
		iomi_ep_count(&b->stats.faults, 1);
		return VIRTIO_BLK_S_IOERR;
	}
	r->type = iom_le32_get(head.type);
	r->sector = iom_le64_get(head.sector);
	return check_req(b, r);
}

/* Answers a chain. Not IOM_OK: the device needs a reset. */
static int serve(struct iom_blk *b, struct blk_req *r)
{
	uint8_t status;
	int rc;

	iomi_ep_count(&b->stats.requests, 1);
	if (!r->ch->in_len) {
		iomi_ep_count(&b->stats.no_status, 1);
		return iom_vq_dev_push(r->vq, r->ch, 0);
	}
	rc = probe_status(b, r->ch);
	if (!rc) {
		status = parse(b, r);
		if (!status) {
			/* DMA was switched off meanwhile: there is no way to answer */
			if (act(b, r, &status))
				return IOM_EPROTO;
		}
		rc = iom_vq_dev_write(r->vq, r->ch, r->in_data, &status, 1);
	}
	if (rc) {
		iomi_ep_count(&b->stats.faults, 1);
		return IOM_EPROTO;
	}
	if (status == VIRTIO_BLK_S_UNSUPP)
		iomi_ep_count(&b->stats.unsupp, 1);
	else if (status)
		iomi_ep_count(&b->stats.ioerr, 1);
	/* 2.7.8.2: len bytes from the first on were written; the status is the last */
	return iom_vq_dev_push(r->vq, r->ch,
			       (uint32_t)(r->written + (r->written == r->in_data)));
}

int iomi_blk_req_run(struct iom_blk *b, struct iom_vq_dev *vq)
{
	uint64_t cost = 0;
	unsigned int n;
	int rc = IOM_OK;

	for (n = 0; !rc && n < BLK_RUN_CHAINS && cost < BLK_RUN_BYTES; n++) {
		struct iom_vq_chain ch = { .seg = b->segs, .seg_max = b->cfg.queue_size };
		struct blk_req r = { .vq = vq, .ch = &ch };

		rc = iom_vq_dev_pop(vq, &ch);
		if (rc == IOM_E2BIG) {
			iomi_ep_count(&b->stats.no_status, 1);
			rc = IOM_EPROTO;
		} else if (!rc) {
			rc = serve(b, &r);
			cost += r.cost;
		}
	}
	if (rc == IOM_EAGAIN)
		return IOM_OK;
	return rc ? rc : IOM_EAGAIN;
}
