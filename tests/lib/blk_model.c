/* SPDX-License-Identifier: BSD-2-Clause */
/* See blk_model.h. */
#include <iom/base/endian.h>

#include "lib/blk_model.h"

#define BOUNCE 65536u

enum { OK, IOERR, UNSUPP };

/* Address of byte i of n segments; false: not so many bytes. */
static bool byte_at(const struct iom_vq_seg *seg, unsigned int n, uint64_t i, uint64_t *addr)
{
	unsigned int k;

	for (k = 0; k < n; k++) {
		if (i < seg[k].len) {
			*addr = seg[k].addr + i;
			return true;
		}
		i -= seg[k].len;
	}
	return false;
}

static uint64_t total(const struct iom_vq_seg *seg, unsigned int n)
{
	uint64_t len = 0;
	unsigned int k;

	for (k = 0; k < n; k++)
		len += seg[k].len;
	return len;
}

/* The first byte in [from, from + len) that is refused; from + len if none is. */
static uint64_t first_refused(struct blk_model *b, const struct iom_vq_seg *seg, unsigned int n,
			      uint64_t from, uint64_t len, unsigned int access)
{
	uint64_t i, addr;

	for (i = from; i < from + len; i++)
		if (!byte_at(seg, n, i, &addr) || !gmem_pages_allowed(b->m, addr, access))
			break;
	return i;
}

/* The byte that the piece of a copy with byte i begins with: a segment's, or every 64 KiB. */
static uint64_t piece_start(const struct iom_vq_seg *seg, unsigned int n, uint64_t i)
{
	uint64_t start = i / BOUNCE * BOUNCE, at = 0;
	unsigned int k;

	for (k = 0; k < n && at <= i; at += seg[k++].len)
		if (at > start)
			start = at;
	return start;
}

static void get(struct blk_model *b, const struct blk_model_req *r, uint64_t from, uint64_t len,
		uint8_t *to)
{
	uint64_t i, addr;

	for (i = 0; i < len; i++)
		if (byte_at(r->seg, r->nr_out, from + i, &addr))
			to[i] = b->mem[addr - b->m->base];
}

static int do_in(struct blk_model *b, struct blk_model_req *r, uint64_t sector, uint64_t len,
		 uint64_t *written)
{
	const struct iom_vq_seg *in = r->seg + r->nr_out;
	uint64_t i, ok, addr;

	if (len % 512 || sector > b->sectors || len / 512 > b->sectors - sector)
		return IOERR;
	ok = first_refused(b, in, r->nr_in, 0, len, IOM_ACCESS_WRITE);
	if (ok < len && !b->m->no_map)
		return IOERR;		/* a batch is mapped whole */
	for (i = 0; i < ok; i++)
		if (byte_at(in, r->nr_in, i, &addr))
			b->mem[addr - b->m->base] = b->disk[sector * 512 + i];
	*written = ok < len ? piece_start(in, r->nr_in, ok) : len;
	return ok < len ? IOERR : OK;
}

static int do_out(struct blk_model *b, struct blk_model_req *r, uint64_t sector, uint64_t len)
{
	uint64_t ok;

	if (b->read_only || len % 512 || sector > b->sectors || len / 512 > b->sectors - sector)
		return IOERR;
	ok = first_refused(b, r->seg, r->nr_out, 16, len, IOM_ACCESS_READ) - 16;
	if (ok < len)
		ok = b->m->no_map ? ok / BOUNCE * BOUNCE : 0;
	get(b, r, 16, ok, b->disk + sector * 512);
	return ok < len ? IOERR : OK;
}

static int do_ranges(struct blk_model *b, struct blk_model_req *r, bool discard, uint64_t len)
{
	uint8_t raw[32 * 16];
	uint64_t n, sector;
	uint32_t flags;
	int status = OK;

	if (!b->dwz)
		return UNSUPP;
	if (!len || len % 16 || len > sizeof(raw) ||
	    first_refused(b, r->seg, r->nr_out, 16, len, IOM_ACCESS_READ) < 16 + len)
		return IOERR;
	get(b, r, 16, len, raw);
	for (n = 0; n < len; n += 16) {
		flags = iom_get_le32(raw + n + 12);
		if (flags > 1 || (discard && flags))
			return UNSUPP;
		sector = iom_get_le64(raw + n);
		if (sector > b->sectors || iom_get_le32(raw + n + 8) > b->sectors - sector)
			status = IOERR;
	}
	for (n = 0; !status && n < len; n += 16)
		memset(b->disk + iom_get_le64(raw + n) * 512, discard ? 0xdd : 0,
		       iom_get_le32(raw + n + 8) * 512u);
	return status;
}

static int do_get_id(struct blk_model *b, struct blk_model_req *r, uint64_t len, uint64_t *written)
{
	const struct iom_vq_seg *in = r->seg + r->nr_out;
	uint64_t i, ok, addr;

	if (len != 20)
		return IOERR;
	ok = first_refused(b, in, r->nr_in, 0, len, IOM_ACCESS_WRITE);
	for (i = 0; i < ok; i++)
		if (byte_at(in, r->nr_in, i, &addr))
			b->mem[addr - b->m->base] = (uint8_t)b->id[i];
	*written = ok < len ? 0 : len;
	return ok < len ? IOERR : OK;
}

static int act(struct blk_model *b, struct blk_model_req *r, uint64_t out, uint64_t in,
	       uint64_t *written)
{
	uint8_t head[16];
	uint64_t sector;
	int status;

	if (out < 16 || first_refused(b, r->seg, r->nr_out, 0, 16, IOM_ACCESS_READ) < 16)
		return IOERR;
	get(b, r, 0, 16, head);
	sector = iom_get_le64(head + 8);
	switch (iom_get_le32(head)) {
	case 0:
		return do_in(b, r, sector, in, written);
	case 1:
		status = do_out(b, r, sector, out - 16);
		if (!status && b->write_through)
			memcpy(b->durable, b->disk, b->sectors * 512);
		return status;
	case 4:
		memcpy(b->durable, b->disk, b->sectors * 512);
		return OK;
	case 8:
		return do_get_id(b, r, in, written);
	case 11:
		return do_ranges(b, r, true, out - 16);
	case 13:
		status = do_ranges(b, r, false, out - 16);
		if (!status && b->write_through)
			memcpy(b->durable, b->disk, b->sectors * 512);
		return status;
	default:
		return UNSUPP;
	}
}

void blk_model_request(struct blk_model *b, struct blk_model_req *r)
{
	const struct iom_vq_seg *in = r->seg + r->nr_out;
	uint64_t n = total(in, r->nr_in), written = 0, addr = 0;
	bool reachable;

	r->dead = false;
	r->used = 0;
	r->status = -1;
	if (!n)
		return;
	reachable = byte_at(in, r->nr_in, n - 1, &addr) &&
		    gmem_pages_allowed(b->m, addr, IOM_ACCESS_WRITE);
	if (reachable || b->m->no_map)
		r->status = act(b, r, total(r->seg, r->nr_out), n - 1, &written);
	r->dead = !reachable;
	if (r->dead)
		return;
	b->mem[addr - b->m->base] = (uint8_t)r->status;
	r->used = (uint32_t)(written + (written == n - 1));
}
