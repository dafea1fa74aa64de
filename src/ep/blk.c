/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk as a virtio device: features, configuration space, life, saved
 * state. What it does with a request is in blk_req.c and blk_data.c.
 */
#include <iom/base/mem.h>
#include <iom/base/state.h>
#include <iom/ep/blk.h>
#include <iom/spec/virtio.h>
#include <iom/spec/virtio_blk.h>

#include "ep/blk_data.h"
#include "ep/blk_req.h"
#include "ep/ep.h"

#define BLK_STATE_MAGIC		0x4b4c4249u	/* "IBLK" */
#define BLK_STATE_VERSION	1u

static struct iom_blk *to_blk(struct iom_virtio_dev *d)
{
	return IOM_CONTAINER_OF(d, struct iom_blk, vd);
}

/* --- configuration, 5.2.4 ------------------------------------------------ */

static unsigned int lg2(uint32_t v)
{
	unsigned int n;

	for (n = 0; v >>= 1; n++)
		;
	return n;
}

static void blk_config_read(struct iom_virtio_dev *d, unsigned int off, void *buf,
			    unsigned int len)
{
	struct iom_blk *b = to_blk(d);
	uint32_t block = b->cfg.block_size, physical = b->cfg.physical_block_size;
	uint8_t c[VIRTIO_BLK_CFG_LEN] = { 0 };

	iom_put_le64(c + VIRTIO_BLK_CFG_CAPACITY, b->cfg.store->size >> VIRTIO_BLK_SECTOR_LG2);
	/* 2.7.4: no chain is longer than the queue; two go to header and status */
	iom_put_le32(c + VIRTIO_BLK_CFG_SEG_MAX, b->cfg.queue_size - 2u);
	iom_put_le32(c + VIRTIO_BLK_CFG_BLK_SIZE, block);
	if (physical) {
		c[VIRTIO_BLK_CFG_PHYSICAL_BLOCK_EXP] = (uint8_t)(lg2(physical) - lg2(block));
		iom_put_le16(c + VIRTIO_BLK_CFG_MIN_IO_SIZE, (uint16_t)(physical / block));
	}
	c[VIRTIO_BLK_CFG_WRITEBACK] = atomic_load_explicit(&b->writeback, memory_order_relaxed);
	if (d->cfg.features & VIRTIO_BLK_F_DISCARD) {
		iom_put_le32(c + VIRTIO_BLK_CFG_MAX_DISCARD_SECTORS, IOMI_BLK_REQ_DISCARD_MAX);
		iom_put_le32(c + VIRTIO_BLK_CFG_MAX_DISCARD_SEG, IOM_BLK_DWZ_SEGS_MAX);
		iom_put_le32(c + VIRTIO_BLK_CFG_DISCARD_SECTOR_ALIGNMENT,
			     block >> VIRTIO_BLK_SECTOR_LG2);
	}
	if (d->cfg.features & VIRTIO_BLK_F_WRITE_ZEROES) {
		iom_put_le32(c + VIRTIO_BLK_CFG_MAX_WRITE_ZEROES_SECTORS, IOMI_BLK_REQ_ZEROES_MAX);
		iom_put_le32(c + VIRTIO_BLK_CFG_MAX_WRITE_ZEROES_SEG, IOM_BLK_DWZ_SEGS_MAX);
		c[VIRTIO_BLK_CFG_WRITE_ZEROES_MAY_UNMAP] = 1;
	}
	memcpy(buf, c + off, len);
}

static void blk_config_write(struct iom_virtio_dev *d, unsigned int off, const void *buf,
			     unsigned int len)
{
	uint8_t v = *(const uint8_t *)buf;

	if (off == VIRTIO_BLK_CFG_WRITEBACK && len == 1 && v <= 1 &&
	    (iom_virtio_dev_negotiated(d) & VIRTIO_BLK_F_CONFIG_WCE))
		atomic_store_explicit(&to_blk(d)->writeback, v, memory_order_relaxed);
}

static int blk_features_ok(struct iom_virtio_dev *d, uint64_t accepted)
{
	struct iom_blk *b = to_blk(d);

	/* 5.2.5.2: a driver that will not flush starts with the cache written through */
	atomic_store_explicit(&b->writeback, !!(accepted & VIRTIO_BLK_F_FLUSH),
			      memory_order_relaxed);
	return iomi_ep_features_ok(b->cfg.access_platform, accepted);
}

static int blk_process(struct iom_virtio_dev *d, unsigned int q)
{
	return iomi_blk_req_run(to_blk(d), &d->queue[q].vq);
}

static void blk_reset(struct iom_virtio_dev *d)
{
	atomic_store_explicit(&to_blk(d)->writeback, 1, memory_order_relaxed);
}

static const struct iom_virtio_dev_ops blk_ops = {
	.features_ok = blk_features_ok,
	.config_read = blk_config_read,
	.config_write = blk_config_write,
	.process = blk_process,
	.reset = blk_reset,
};

static uint64_t blk_features(const struct iom_blk_cfg *cfg)
{
	const struct iom_store *s = cfg->store;
	uint64_t f = iomi_ep_virtio_features(cfg->access_platform, cfg->packed) |
		     VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |
		     VIRTIO_BLK_F_CONFIG_WCE;

	if (cfg->physical_block_size)
		f |= VIRTIO_BLK_F_TOPOLOGY;
	if (s->read_only)
		return f | VIRTIO_BLK_F_RO;
	if (s->ops->discard)
		f |= VIRTIO_BLK_F_DISCARD;
	if (s->ops->write_zeroes)
		f |= VIRTIO_BLK_F_WRITE_ZEROES;
	return f;
}

/* --- life ---------------------------------------------------------------- */

static bool is_pow2(uint32_t v)
{
	return v && !(v & (v - 1));
}

static int check_cfg(struct iom_blk_cfg *cfg)
{
	const struct iom_store *s = cfg->store;

	if (!cfg->plat || !cfg->gmem || !s || !s->ops->readv ||
	    (!s->read_only && (!s->ops->writev || !s->ops->flush)))
		return IOM_EINVAL;
	if (!cfg->block_size)
		cfg->block_size = VIRTIO_BLK_SECTOR;
	if (!is_pow2(cfg->block_size) || cfg->block_size < VIRTIO_BLK_SECTOR ||
	    cfg->block_size > 65536 || !s->size || s->size % cfg->block_size)
		return IOM_EINVAL;
	if (cfg->physical_block_size &&
	    (!is_pow2(cfg->physical_block_size) || cfg->physical_block_size < cfg->block_size ||
	     cfg->physical_block_size / cfg->block_size > UINT16_MAX))
		return IOM_EINVAL;
	return iomi_ep_queue_size(&cfg->queue_size, 4, IOM_BLK_QUEUE_SIZE);
}

static void free_buffers(struct iom_blk *b)
{
	struct iom_plat *p = b->cfg.plat;

	iom_plat_free(p, b->segs, sizeof(*b->segs) * b->cfg.queue_size);
	iom_plat_free(p, b->iov, sizeof(*b->iov) * IOMI_BLK_DATA_PIECES);
	iom_plat_free(p, b->bounce, IOMI_BLK_DATA_BOUNCE);
}

static int alloc_buffers(struct iom_blk *b)
{
	struct iom_plat *p = b->cfg.plat;
	void *segs, *iov, *bounce;

	if (iom_plat_alloc(p, sizeof(*b->segs) * b->cfg.queue_size, 8, &segs))
		return IOM_ENOMEM;
	b->segs = segs;
	if (iom_plat_alloc(p, sizeof(*b->iov) * IOMI_BLK_DATA_PIECES, 8, &iov))
		return IOM_ENOMEM;
	b->iov = iov;
	if (iom_plat_alloc(p, IOMI_BLK_DATA_BOUNCE, 4096, &bounce))
		return IOM_ENOMEM;
	b->bounce = bounce;
	return IOM_OK;
}

int iom_blk_init(struct iom_blk *b, const struct iom_blk_cfg *cfg)
{
	struct iom_virtio_dev_cfg vcfg = { 0 };
	int rc;

	memset(b, 0, sizeof(*b));
	b->cfg = *cfg;
	atomic_init(&b->writeback, 1);
	rc = check_cfg(&b->cfg);
	if (rc)
		return rc;
	rc = alloc_buffers(b);
	if (rc)
		goto err;
	vcfg.plat = cfg->plat;
	vcfg.gmem = cfg->gmem;
	vcfg.device_id = VIRTIO_ID_BLOCK;
	vcfg.features = blk_features(&b->cfg);
	vcfg.nr_queues = 1;
	vcfg.queue_size_max[VIRTIO_BLK_REQUESTQ] = b->cfg.queue_size;
	vcfg.cfg_len = VIRTIO_BLK_CFG_LEN;
	vcfg.wake = cfg->wake;
	vcfg.wake_arg = cfg->wake_arg;
	rc = iom_virtio_dev_init(&b->vd, &blk_ops, &vcfg);
	if (rc)
		goto err;
	return IOM_OK;
err:
	free_buffers(b);
	return rc;
}

void iom_blk_fini(struct iom_blk *b)
{
	free_buffers(b);
}

/* --- saved state --------------------------------------------------------- */

int iom_blk_save(struct iom_blk *b, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, BLK_STATE_MAGIC, BLK_STATE_VERSION);

	iom_state_w_u64(&w, b->cfg.store->size);
	iom_state_w_u64(&w, b->vd.cfg.features);
	iom_state_w_u32(&w, b->cfg.block_size);
	iom_state_w_u32(&w, b->cfg.physical_block_size);
	iom_state_w_u16(&w, b->cfg.queue_size);
	iom_state_w_bytes(&w, b->cfg.id, sizeof(b->cfg.id));
	iom_state_w_u8(&w, atomic_load_explicit(&b->writeback, memory_order_relaxed));
	iom_state_w_end(&w, at);
	return iom_state_w_done(&w, len);
}

int iom_blk_restore(struct iom_blk *b, const void *buf, size_t size, size_t *len)
{
	char id[IOM_BLK_ID_LEN];
	struct iom_state_r r;
	uint8_t writeback;
	bool same = true;
	int rc;

	rc = iom_state_r_open(&r, buf, size, BLK_STATE_MAGIC, BLK_STATE_VERSION, len);
	if (rc)
		return rc;
	same &= iom_state_r_u64(&r) == b->cfg.store->size;
	same &= iom_state_r_u64(&r) == b->vd.cfg.features;
	same &= iom_state_r_u32(&r) == b->cfg.block_size;
	same &= iom_state_r_u32(&r) == b->cfg.physical_block_size;
	same &= iom_state_r_u16(&r) == b->cfg.queue_size;
	iom_state_r_bytes(&r, id, sizeof(id));
	writeback = iom_state_r_u8(&r);
	rc = iom_state_r_end(&r);
	if (rc || !same || memcmp(id, b->cfg.id, sizeof(id)) || writeback > 1)
		return IOM_EINVAL;
	atomic_store_explicit(&b->writeback, writeback, memory_order_relaxed);
	return IOM_OK;
}
