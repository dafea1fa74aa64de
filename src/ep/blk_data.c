/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A batch is mapped whole, and only then moved by one call to the store, so a
 * page that the IOMMU refuses leaves both sides as they were. The store takes
 * whole sectors: a batch that ends inside one (the iov is full, or the next
 * piece has no pointer) is cut back, and if nothing is left the sectors that
 * cause it go through the bounce buffer. So every batch moves a sector or
 * more, or fails.
 */
#include <iom/base/mem.h>
#include <iom/spec/virtio_blk.h>

#include "ep/blk_data.h"

void iomi_blk_data_seek(struct iomi_blk_data_pos *pos, const struct iom_vq_seg *seg,
			unsigned int nr, uint64_t off)
{
	while (off >= seg->len) {
		off -= seg->len;
		seg++;
		nr--;
	}
	pos->seg = seg;
	pos->nr = nr;
	pos->off = (uint32_t)off;
}

static void pos_advance(struct iomi_blk_data_pos *pos, uint64_t n)
{
	uint64_t off = pos->off + n;

	while (pos->nr && off >= pos->seg->len) {
		off -= pos->seg->len;
		pos->seg++;
		pos->nr--;
	}
	pos->off = (uint32_t)off;
}

/* The contiguous addresses at pos, at most max bytes of them. */
static int pos_piece(const struct iomi_blk_data_pos *pos, uint64_t max, uint64_t *addr, size_t *len)
{
	uint64_t n;

	if (!pos->nr || pos->seg->addr + pos->off < pos->seg->addr)
		return IOM_EFAULT;
	n = pos->seg->len - pos->off;
	*addr = pos->seg->addr + pos->off;
	*len = (size_t)(n < max ? n : max);
	return IOM_OK;
}

/* Drops the last n bytes of an iov. */
static size_t iov_cut(struct iom_store_iov *iov, size_t nr, size_t n)
{
	while (n && n >= iov[nr - 1].len)
		n -= iov[--nr].len;
	if (n)
		iov[nr - 1].len -= n;
	return nr;
}

/*
 * Pointers to the next bytes: *nr of b->iov, *bytes in all, whole sectors,
 * perhaps none. IOM_OK also where memory has no pointers.
 */
static int map_batch(struct iom_blk *b, const struct iomi_blk_data *x, size_t *nr, size_t *bytes)
{
	size_t max = x->left < IOMI_BLK_DATA_BATCH ? (size_t)x->left : IOMI_BLK_DATA_BATCH;
	unsigned int access = x->write ? IOM_ACCESS_READ : IOM_ACCESS_WRITE;
	struct iomi_blk_data_pos pos = x->pos;
	struct iom_store_iov *iov = b->iov;
	size_t n = 0, total = 0, len, got;
	uint64_t addr;
	void *ptr;
	int rc;

	while (total < max && n < IOMI_BLK_DATA_PIECES) {
		rc = pos_piece(&pos, max - total, &addr, &len);
		if (!rc)
			rc = iom_gmem_map(b->cfg.gmem, addr, len, access, &ptr, &got);
		if (rc == IOM_EOPNOTSUPP)
			break;
		if (rc)
			return rc;
		if (n && (uint8_t *)iov[n - 1].ptr + iov[n - 1].len == (uint8_t *)ptr)
			iov[n - 1].len += got;
		else
			iov[n++] = (struct iom_store_iov){ ptr, got };
		total += got;
		pos_advance(&pos, got);
	}
	*nr = iov_cut(iov, n, total % VIRTIO_BLK_SECTOR);
	*bytes = total - total % VIRTIO_BLK_SECTOR;
	return IOM_OK;
}

/* Copies len bytes at x->pos from or to buf; *done of them arrived for sure. */
static int copy_pieces(struct iom_blk *b, const struct iomi_blk_data *x, uint8_t *buf, size_t len,
		       size_t *done)
{
	struct iomi_blk_data_pos pos = x->pos;
	uint64_t addr;
	size_t n;
	int rc;

	for (*done = 0; *done < len; *done += n) {
		rc = pos_piece(&pos, len - *done, &addr, &n);
		if (!rc && x->write)
			rc = iom_gmem_read(b->cfg.gmem, addr, buf + *done, n);
		else if (!rc)
			rc = iom_gmem_write(b->cfg.gmem, addr, buf + *done, n);
		if (rc)
			return rc;
		pos_advance(&pos, n);
	}
	return IOM_OK;
}

static int store_rw(struct iom_blk *b, const struct iomi_blk_data *x,
		    const struct iom_store_iov *iov, size_t nr)
{
	struct iom_store *s = b->cfg.store;

	return x->write ? s->ops->writev(s, x->store_off, iov, nr) :
			  s->ops->readv(s, x->store_off, iov, nr);
}

static void moved(struct iomi_blk_data *x, size_t n)
{
	pos_advance(&x->pos, n);
	x->store_off += n;
	x->left -= n;
	x->moved += n;
}

static int bounce_batch(struct iom_blk *b, struct iomi_blk_data *x)
{
	size_t len = x->left < IOMI_BLK_DATA_BOUNCE ? (size_t)x->left : IOMI_BLK_DATA_BOUNCE;
	struct iom_store_iov iov = { b->bounce, len };
	size_t done = 0;
	int rc;

	if (!x->write) {
		rc = store_rw(b, x, &iov, 1);
		if (rc)
			return rc;
	}
	rc = copy_pieces(b, x, b->bounce, len, &done);
	if (rc) {
		x->fault = true;
		x->moved += x->write ? 0 : done;
		return rc;
	}
	if (x->write) {
		rc = store_rw(b, x, &iov, 1);
		if (rc)
			return rc;
	}
	moved(x, len);
	return IOM_OK;
}

int iomi_blk_data_batch(struct iom_blk *b, struct iomi_blk_data *x)
{
	size_t nr, bytes;
	int rc;

	rc = map_batch(b, x, &nr, &bytes);
	if (rc) {
		x->fault = true;
		return rc;
	}
	if (!bytes)
		return bounce_batch(b, x);
	rc = store_rw(b, x, b->iov, nr);
	if (rc)
		return rc;
	moved(x, bytes);
	return IOM_OK;
}
