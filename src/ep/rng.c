/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-rng, VIRTIO 1.3 section 5.4: one queue, no configuration, no status.
 * Nothing is kept between chains.
 */
#include <iom/base/mem.h>
#include <iom/base/state.h>
#include <iom/ep/rng.h>
#include <iom/spec/virtio.h>

#include "ep/ep.h"

#define RNG_STATE_MAGIC		0x474e5249u	/* "IRNG" */
#define RNG_STATE_VERSION	1u

/* One call of process(), and so one bracket, ends after this many chains. */
#define RNG_RUN_CHAINS		16u

static struct iom_rng *to_rng(struct iom_virtio_dev *d)
{
	return IOM_CONTAINER_OF(d, struct iom_rng, vd);
}

/* How many of the n random bytes got into the chain, without a gap. */
static uint32_t deliver(struct iom_rng *r, const struct iom_vq_chain *ch, uint32_t n)
{
	const struct iom_vq_seg *seg = ch->seg + ch->nr_out;
	uint32_t done = 0;

	for (; done < n; seg++) {
		uint32_t part = seg->len < n - done ? seg->len : n - done;

		if (iom_gmem_write(r->cfg.gmem, seg->addr, r->bytes + done, part)) {
			iomi_ep_count(&r->stats.faults, 1);
			break;
		}
		done += part;
	}
	return done;
}

static uint32_t serve(struct iom_rng *r, const struct iom_vq_chain *ch)
{
	uint32_t n = ch->in_len < IOM_RNG_BYTES_MAX ? (uint32_t)ch->in_len : IOM_RNG_BYTES_MAX;

	iomi_ep_count(&r->stats.requests, 1);
	if (!n)
		return 0;
	if (r->cfg.entropy->ops->fill(r->cfg.entropy, r->bytes, n)) {
		iomi_ep_count(&r->stats.source_errors, 1);
		return 0;
	}
	n = deliver(r, ch, n);
	iomi_ep_count(&r->stats.bytes_written, n);
	return n;
}

static int rng_process(struct iom_virtio_dev *d, unsigned int q)
{
	struct iom_rng *r = to_rng(d);
	struct iom_vq_dev *vq = &d->queue[q].vq;
	unsigned int n;
	int rc = IOM_OK;

	for (n = 0; !rc && n < RNG_RUN_CHAINS; n++) {
		struct iom_vq_chain ch = { .seg = r->segs, .seg_max = r->cfg.queue_size };

		rc = iom_vq_dev_pop(vq, &ch);
		if (!rc)
			rc = iom_vq_dev_push(vq, &ch, serve(r, &ch));
		else if (rc == IOM_E2BIG)
			rc = iom_vq_dev_push(vq, &ch, 0);
	}
	if (rc == IOM_EAGAIN)
		return IOM_OK;
	return rc ? rc : IOM_EAGAIN;
}

static int rng_features_ok(struct iom_virtio_dev *d, uint64_t accepted)
{
	return iomi_ep_features_ok(to_rng(d)->cfg.access_platform, accepted);
}

static const struct iom_virtio_dev_ops rng_ops = {
	.features_ok = rng_features_ok,
	.process = rng_process,
};

int iom_rng_init(struct iom_rng *r, const struct iom_rng_cfg *cfg)
{
	struct iom_virtio_dev_cfg vcfg = { 0 };
	void *segs;
	int rc;

	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	rc = iomi_ep_queue_size(&r->cfg.queue_size, 1, IOM_RNG_QUEUE_SIZE);
	if (rc || !cfg->plat || !cfg->gmem || !cfg->entropy)
		return IOM_EINVAL;
	if (iom_plat_alloc(cfg->plat, sizeof(*r->segs) * r->cfg.queue_size, 8, &segs))
		return IOM_ENOMEM;
	r->segs = segs;
	vcfg.plat = cfg->plat;
	vcfg.gmem = cfg->gmem;
	vcfg.device_id = VIRTIO_ID_ENTROPY;
	vcfg.features = iomi_ep_virtio_features(cfg->access_platform, cfg->packed);
	vcfg.nr_queues = 1;
	vcfg.queue_size_max[0] = r->cfg.queue_size;
	vcfg.wake = cfg->wake;
	vcfg.wake_arg = cfg->wake_arg;
	rc = iom_virtio_dev_init(&r->vd, &rng_ops, &vcfg);
	if (rc)
		iom_rng_fini(r);
	return rc;
}

void iom_rng_fini(struct iom_rng *r)
{
	iom_plat_free(r->cfg.plat, r->segs, sizeof(*r->segs) * r->cfg.queue_size);
}

int iom_rng_save(struct iom_rng *r, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, RNG_STATE_MAGIC, RNG_STATE_VERSION);

	iom_state_w_u64(&w, r->vd.cfg.features);
	iom_state_w_u16(&w, r->cfg.queue_size);
	iom_state_w_end(&w, at);
	return iom_state_w_done(&w, len);
}

int iom_rng_restore(struct iom_rng *r, const void *buf, size_t size, size_t *len)
{
	struct iom_state_r s;
	bool same = true;
	int rc;

	rc = iom_state_r_open(&s, buf, size, RNG_STATE_MAGIC, RNG_STATE_VERSION, len);
	if (rc)
		return rc;
	same &= iom_state_r_u64(&s) == r->vd.cfg.features;
	same &= iom_state_r_u16(&s) == r->cfg.queue_size;
	rc = iom_state_r_end(&s);
	return rc || !same ? IOM_EINVAL : IOM_OK;
}
