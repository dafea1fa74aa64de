/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-iommu device behind libiom's rings. The worker owns the batch of
 * requests that were carried out but not yet answered: they are answered after
 * one wait at the device's gate, outside the bracket of the rings' memory, so
 * that nobody who waits for that memory waits for endpoints. Faults come from
 * any thread into a short list under a lock of its own.
 */
#include <iom/base/mem.h>
#include <iom/base/state.h>
#include <iom/dev/viommu_vq.h>
#include <iom/spec/viommu.h>
#include <iom/spec/virtio.h>

#include "wire/viommu_wire.h"
#include "viommu_dev_int.h"

#define QUEUE_SIZE	256u
#define PER_RUN		256u
#define RING_FEATURES	(VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_RING_PACKED)
#define STATE_MAGIC	0x514f4956u	/* "VIOQ" */
#define STATE_VERSION	1u

#define BATCH_SEGS	(2u * IOM_VIOMMU_VQ_BATCH)	/* Linux sends two a request */

struct iom_viommu_vq {
	struct iom_virtio_dev d;
	struct iom_viommu_dev *dev;
	struct iom_viommu_vq_cfg cfg;	/* fixed, defaults filled in */
	struct iom_vq_seg *seg;		/* worker; nr_segs() of them */
	uint8_t *out;			/* worker; out_len bytes for each of the batch */
	size_t out_len;
	/* worker: */
	struct iom_vq_chain ch[IOM_VIOMMU_VQ_BATCH];	/* the batch: chains, */
	struct viommu_request req[IOM_VIOMMU_VQ_BATCH];	/* what was asked and answered, */
	uint32_t used[IOM_VIOMMU_VQ_BATCH];		/* how much of it stands in the chain, */
	uint8_t in[IOM_VIOMMU_VQ_BATCH][VIOMMU_WIRE_REQ_MAX];	/* and the copies */
	unsigned int nr_done;
	bool wait;			/* the batch may be answered only after a wait */
	IOM_ATOMIC(bool) system_reset;
	struct iom_lock lock;
	/* under lock: */
	struct iom_viommu_fault fault[IOM_VIOMMU_VQ_FAULTS];
	unsigned int first_fault;
	IOM_ATOMIC(unsigned int) nr_faults;	/* looked at without it, too */
	struct iom_viommu_vq_stats st;
};

static struct iom_viommu_vq *to_vq(struct iom_virtio_dev *d)
{
	return IOM_CONTAINER_OF(d, struct iom_viommu_vq, d);
}

/* Of a whole batch as Linux sends it, and always room for one chain more. */
static unsigned int nr_segs(const struct iom_viommu_vq *q)
{
	return BATCH_SEGS + q->cfg.queue_size_max;
}

/* --- requests --- */

/*
 * Takes up to max requests and copies them. One that is not in memory becomes
 * one of length 0 (V5). There is room for any chain, so none is too big.
 */
static int take(struct iom_viommu_vq *q, struct iom_vq_dev *vq, unsigned int max)
{
	unsigned int i, n;
	int rc;

	q->ch[0].seg = q->seg;
	q->ch[0].seg_max = nr_segs(q);
	rc = iom_vq_dev_pop_batch(vq, q->ch, max < IOM_VIOMMU_VQ_BATCH ? max : IOM_VIOMMU_VQ_BATCH,
				  &n);
	q->nr_done = n;
	for (i = 0; i < n; i++) {
		const struct iom_vq_chain *ch = &q->ch[i];
		size_t len = ch->out_len < VIOMMU_WIRE_REQ_MAX ? (size_t)ch->out_len :
								 VIOMMU_WIRE_REQ_MAX;

		q->req[i].in_len = iom_vq_dev_read(vq, ch, 0, q->in[i], len) ? 0 : len;
		q->req[i].room = ch->in_len;
	}
	return rc;
}

/* Writes the answers, which nobody looks at before push. */
static void write_answers(struct iom_viommu_vq *q, struct iom_vq_dev *vq)
{
	unsigned int i, n = q->nr_done;

	for (i = 0; i < n; i++) {
		struct viommu_request *r = &q->req[i];

		q->used[i] = r->used;
		if (r->used && iom_vq_dev_write(vq, &q->ch[i], 0, r->out, r->used))
			q->used[i] = 0;
	}
}

/* Answers what was carried out. In and out of a bracket. */
static int answer(struct iom_viommu_vq *q, struct iom_vq_dev *vq)
{
	int rc;

	if (q->wait && !iom_viommu_dev_wait_over(q->dev)) {
		iom_virtio_dev_pause(&q->d);
		iom_viommu_dev_wait(q->dev);
		rc = iom_virtio_dev_resume(&q->d);
		if (rc)
			return rc;
	}
	q->wait = false;
	rc = iom_vq_dev_push_batch(vq, q->ch, q->used, q->nr_done);
	q->nr_done = 0;
	return rc;
}

static int process_requests(struct iom_viommu_vq *q, struct iom_vq_dev *vq)
{
	unsigned int left = q->cfg.requests_per_run;
	/* What an earlier call could not answer comes first. */
	int rc = q->nr_done ? answer(q, vq) : IOM_OK, rc_take = IOM_OK;

	while (left && !rc && !rc_take) {
		rc_take = take(q, vq, left);
		if (!q->nr_done)
			break;
		left -= q->nr_done;
		/* No memory of the guest is touched under the device's lock. */
		iomi_viommu_dev_serve(q->dev, q->req, q->nr_done, &q->wait);
		write_answers(q, vq);
		rc = answer(q, vq);
	}
	if (rc)
		return rc;
	return rc_take == IOM_EAGAIN ? IOM_OK : rc_take ? rc_take : IOM_EAGAIN;
}

/* --- events --- */

static bool next_fault(struct iom_viommu_vq *q, struct iom_viommu_fault *f)
{
	bool any;

	iom_plat_lock(q->cfg.plat, &q->lock);
	any = q->nr_faults;
	*f = q->fault[q->first_fault];
	iom_plat_unlock(q->cfg.plat, &q->lock);
	return any;
}

static void fault_handled(struct iom_viommu_vq *q, bool sent)
{
	iom_plat_lock(q->cfg.plat, &q->lock);
	q->first_fault = (q->first_fault + 1) % IOM_VIOMMU_VQ_FAULTS;
	q->nr_faults--;
	if (sent)
		q->st.events_sent++;
	else
		q->st.events_dropped++;
	iom_plat_unlock(q->cfg.plat, &q->lock);
}

/*
 * One buffer a fault, never split (D41). Without a buffer the faults stay;
 * Linux fills the queue without a kick, so every later run looks again.
 */
static int process_events(struct iom_viommu_vq *q, struct iom_vq_dev *vq)
{
	struct iom_vq_chain ch = { .seg = q->seg, .seg_max = q->cfg.queue_size_max };
	uint8_t rec[VIOMMU_WIRE_FAULT];
	struct iom_viommu_fault f;
	unsigned int n;
	bool sent;
	int rc;

	for (n = 0; n < IOM_VIOMMU_VQ_FAULTS && next_fault(q, &f); n++) {
		struct viommu_wire_fault w = {
			.reason = f.reason,
			.flags = VIRTIO_IOMMU_FAULT_F_ADDRESS |
				 (f.write ? VIRTIO_IOMMU_FAULT_F_WRITE :
					    VIRTIO_IOMMU_FAULT_F_READ),
			.endpoint = f.endpoint,
			.address = f.address,
		};

		rc = iom_vq_dev_pop(vq, &ch);
		if (rc && rc != IOM_E2BIG)
			return rc == IOM_EAGAIN ? IOM_OK : rc;
		iomi_viommu_wire_pack_fault(&w, rec);
		sent = !rc && ch.in_len >= sizeof(rec) &&
		       !iom_vq_dev_write(vq, &ch, 0, rec, sizeof(rec));
		rc = iom_vq_dev_push(vq, &ch, sent ? (uint32_t)sizeof(rec) : 0);
		if (rc)
			return rc;
		fault_handled(q, sent);
	}
	return IOM_OK;
}

/* Any thread, inside an access: no more than a list entry. */
static void on_fault(void *arg, const struct iom_viommu_fault *f)
{
	struct iom_viommu_vq *q = arg;
	bool room;

	iom_plat_lock(q->cfg.plat, &q->lock);
	room = q->nr_faults < IOM_VIOMMU_VQ_FAULTS;
	if (room)
		q->fault[(q->first_fault + q->nr_faults++) % IOM_VIOMMU_VQ_FAULTS] = *f;
	else
		q->st.events_dropped++;
	iom_plat_unlock(q->cfg.plat, &q->lock);
	if (q->cfg.fault)
		q->cfg.fault(q->cfg.trace_arg, f);
	iom_virtio_dev_kick(&q->d, VIRTIO_IOMMU_VQ_EVENT);
}

static void on_trace(void *arg, const struct iom_viommu_trace *t)
{
	struct iom_viommu_vq *q = arg;

	q->cfg.dev.trace(q->cfg.trace_arg, t);
}

/* --- the device type --- */

static int op_process(struct iom_virtio_dev *d, unsigned int queue)
{
	struct iom_viommu_vq *q = to_vq(d);

	if (queue == VIRTIO_IOMMU_VQ_EVENT)
		return process_events(q, &d->queue[queue].vq);
	if (atomic_load(&q->nr_faults))
		iom_virtio_dev_kick(d, VIRTIO_IOMMU_VQ_EVENT);
	return process_requests(q, &d->queue[queue].vq);
}

static int op_features_ok(struct iom_virtio_dev *d, uint64_t accepted)
{
	iom_viommu_dev_accept(to_vq(d)->dev, accepted);
	return IOM_OK;
}

static void op_config_read(struct iom_virtio_dev *d, unsigned int off, void *buf, unsigned int len)
{
	iom_viommu_dev_config_read(to_vq(d)->dev, off, buf, len);
}

static void op_config_write(struct iom_virtio_dev *d, unsigned int off, const void *buf,
			    unsigned int len)
{
	iom_viommu_dev_config_write(to_vq(d)->dev, off, buf, len);
}

static void op_reset(struct iom_virtio_dev *d)
{
	struct iom_viommu_vq *q = to_vq(d);

	q->nr_done = 0;
	q->wait = false;
	iom_plat_lock(q->cfg.plat, &q->lock);
	q->nr_faults = 0;
	iom_plat_unlock(q->cfg.plat, &q->lock);
	iom_viommu_dev_reset_start(q->dev, atomic_exchange(&q->system_reset, false));
}

static bool op_reset_done(struct iom_virtio_dev *d)
{
	return iom_viommu_dev_reset_done(to_vq(d)->dev);
}

static void op_queue_disabled(struct iom_virtio_dev *d, unsigned int queue)
{
	struct iom_viommu_vq *q = to_vq(d);

	if (queue == VIRTIO_IOMMU_VQ_REQUEST)
		q->nr_done = 0;
}

static const struct iom_virtio_dev_ops viommu_ops = {
	.features_ok = op_features_ok,
	.config_read = op_config_read,
	.config_write = op_config_write,
	.process = op_process,
	.reset = op_reset,
	.reset_done = op_reset_done,
	.queue_disabled = op_queue_disabled,
};

static int init_virtio(struct iom_viommu_vq *q)
{
	struct iom_virtio_dev_cfg c = {
		.plat = q->cfg.plat,
		.gmem = q->cfg.gmem,
		.device_id = VIRTIO_ID_IOMMU,
		.features = iom_viommu_dev_features(q->dev) |
			    (q->cfg.ring_features & RING_FEATURES),
		.nr_queues = VIRTIO_IOMMU_NR_VQS,
		.queue_size_max = { q->cfg.queue_size_max, q->cfg.queue_size_max },
		.cfg_len = sizeof(struct virtio_iommu_config),
		.wake = q->cfg.wake,
		.wake_arg = q->cfg.wake_arg,
	};

	return iom_virtio_dev_init(&q->d, &viommu_ops, &c);
}

static size_t seg_bytes(const struct iom_viommu_vq *q)
{
	return nr_segs(q) * sizeof(*q->seg);
}

static size_t out_bytes(const struct iom_viommu_vq *q)
{
	return IOM_VIOMMU_VQ_BATCH * q->out_len;
}

int iom_viommu_vq_create(const struct iom_viommu_vq_cfg *cfg, struct iom_viommu_vq **out)
{
	struct iom_viommu_dev_cfg dc = cfg->dev;
	struct iom_plat *plat = cfg->plat;
	struct iom_viommu_vq *q;
	unsigned int i;
	void *mem;
	int rc;

	if (cfg->dev.fault || cfg->dev.arg)
		return IOM_EINVAL;
	rc = iom_plat_alloc(plat, sizeof(*q), 64, &mem);
	if (rc)
		return rc;
	q = mem;
	q->cfg = *cfg;
	if (!q->cfg.queue_size_max)
		q->cfg.queue_size_max = QUEUE_SIZE;
	if (!q->cfg.requests_per_run)
		q->cfg.requests_per_run = PER_RUN;
	q->out_len = cfg->dev.probe_size + VIOMMU_WIRE_TAIL;
	atomic_init(&q->system_reset, false);
	rc = iom_plat_alloc(plat, seg_bytes(q), 16, &mem);
	if (rc)
		goto err_free;
	q->seg = mem;
	rc = iom_plat_alloc(plat, out_bytes(q), 16, &mem);
	if (rc)
		goto err_seg;
	q->out = mem;
	for (i = 0; i < IOM_VIOMMU_VQ_BATCH; i++) {
		q->req[i].in = q->in[i];
		q->req[i].out = q->out + i * q->out_len;
	}
	rc = plat->ops.lock_init(plat, &q->lock);
	if (rc)
		goto err_out;
	dc.plat = plat;
	dc.fault = on_fault;
	dc.trace = cfg->dev.trace ? on_trace : NULL;
	dc.arg = q;
	rc = iom_viommu_dev_create(&dc, &q->dev);
	if (rc)
		goto err_lock;
	rc = init_virtio(q);
	if (rc)
		goto err_dev;
	*out = q;
	return IOM_OK;
err_dev:
	iom_viommu_dev_destroy(q->dev);
err_lock:
	plat->ops.lock_fini(plat, &q->lock);
err_out:
	iom_plat_free(plat, q->out, out_bytes(q));
err_seg:
	iom_plat_free(plat, q->seg, seg_bytes(q));
err_free:
	iom_plat_free(plat, q, sizeof(*q));
	return rc;
}

int iom_viommu_vq_destroy(struct iom_viommu_vq *q)
{
	struct iom_plat *plat = q->cfg.plat;
	int rc = iom_viommu_dev_destroy(q->dev);

	if (rc)
		return rc;
	plat->ops.lock_fini(plat, &q->lock);
	iom_plat_free(plat, q->out, out_bytes(q));
	iom_plat_free(plat, q->seg, seg_bytes(q));
	iom_plat_free(plat, q, sizeof(*q));
	return IOM_OK;
}

struct iom_virtio_dev *iom_viommu_vq_virtio(struct iom_viommu_vq *q)
{
	return &q->d;
}

struct iom_viommu_dev *iom_viommu_vq_dev(struct iom_viommu_vq *q)
{
	return q->dev;
}

void iom_viommu_vq_stats(struct iom_viommu_vq *q, struct iom_viommu_vq_stats *s)
{
	iom_plat_lock(q->cfg.plat, &q->lock);
	*s = q->st;
	iom_plat_unlock(q->cfg.plat, &q->lock);
}

void iom_viommu_vq_system_reset(struct iom_viommu_vq *q)
{
	atomic_store(&q->system_reset, true);
}

/* --- saved state: our record, then the device's --- */

int iom_viommu_vq_save(struct iom_viommu_vq *q, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, STATE_MAGIC, STATE_VERSION), dev_len;
	unsigned int i;
	int rc;

	iom_state_w_u32(&w, q->nr_done);
	for (i = 0; i < q->nr_done; i++) {
		iom_state_w_u16(&w, q->ch[i].id);
		iom_state_w_u16(&w, q->ch[i].ndesc);
		iom_state_w_u64(&w, q->ch[i].in_len);
		iom_state_w_u32(&w, q->used[i]);
	}
	iom_plat_lock(q->cfg.plat, &q->lock);
	iom_state_w_u32(&w, q->nr_faults);
	for (i = 0; i < q->nr_faults; i++) {
		struct iom_viommu_fault *f =
			&q->fault[(q->first_fault + i) % IOM_VIOMMU_VQ_FAULTS];

		iom_state_w_u8(&w, f->reason);
		iom_state_w_u8(&w, f->write);
		iom_state_w_u32(&w, f->endpoint);
		iom_state_w_u64(&w, f->address);
	}
	iom_plat_unlock(q->cfg.plat, &q->lock);
	iom_state_w_end(&w, at);
	rc = w.pos <= cap ? iom_viommu_dev_save(q->dev, (uint8_t *)buf + w.pos, cap - w.pos,
						&dev_len) :
			    iom_viommu_dev_save(q->dev, NULL, 0, &dev_len);
	*len = w.pos + dev_len;
	return w.pos <= cap ? rc : IOM_ENOSPC;
}

/* Our record into plain arrays; nothing of *q changes. */
static int read_own(struct iom_state_r *r, struct iom_vq_chain *ch, uint32_t *used,
		    unsigned int *nr_done, struct iom_viommu_fault *fault,
		    unsigned int *nr_faults)
{
	unsigned int i;

	*nr_done = iom_state_r_u32(r);
	if (*nr_done > IOM_VIOMMU_VQ_BATCH)
		return IOM_EINVAL;
	for (i = 0; i < *nr_done; i++) {
		memset(&ch[i], 0, sizeof(ch[i]));
		ch[i].id = iom_state_r_u16(r);
		ch[i].ndesc = iom_state_r_u16(r);
		ch[i].in_len = iom_state_r_u64(r);
		used[i] = iom_state_r_u32(r);
		if (!ch[i].ndesc || used[i] > ch[i].in_len)
			return IOM_EINVAL;
	}
	*nr_faults = iom_state_r_u32(r);
	if (*nr_faults > IOM_VIOMMU_VQ_FAULTS)
		return IOM_EINVAL;
	for (i = 0; i < *nr_faults; i++) {
		fault[i].reason = iom_state_r_u8(r);
		fault[i].write = iom_state_r_u8(r);
		fault[i].endpoint = iom_state_r_u32(r);
		fault[i].address = iom_state_r_u64(r);
		if (fault[i].reason > VIRTIO_IOMMU_FAULT_R_MAPPING)
			return IOM_EINVAL;
	}
	return iom_state_r_end(r);
}

int iom_viommu_vq_restore(struct iom_viommu_vq *q, const void *buf, size_t size, size_t *used)
{
	struct iom_viommu_fault fault[IOM_VIOMMU_VQ_FAULTS];
	struct iom_vq_chain ch[IOM_VIOMMU_VQ_BATCH];
	uint32_t used_len[IOM_VIOMMU_VQ_BATCH];
	unsigned int nr_done, nr_faults;
	struct iom_state_r r;
	size_t own, dev;
	int rc = iom_state_r_open(&r, buf, size, STATE_MAGIC, STATE_VERSION, &own);

	if (!rc)
		rc = read_own(&r, ch, used_len, &nr_done, fault, &nr_faults);
	if (!rc)
		rc = iom_viommu_dev_restore(q->dev, (const uint8_t *)buf + own, size - own, &dev);
	if (rc)
		return rc;
	memcpy(q->ch, ch, nr_done * sizeof(ch[0]));
	memcpy(q->used, used_len, nr_done * sizeof(used_len[0]));
	q->nr_done = nr_done;
	q->wait = nr_done;
	iom_plat_lock(q->cfg.plat, &q->lock);
	memcpy(q->fault, fault, nr_faults * sizeof(fault[0]));
	q->first_fault = 0;
	q->nr_faults = nr_faults;
	iom_plat_unlock(q->cfg.plat, &q->lock);
	*used = own + dev;
	return IOM_OK;
}
