/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-iommu device behind libiom's rings: queue 0 requests, queue 1
 * events. The embedder binds &q->d to a transport and calls
 * iom_virtio_dev_run(&q->d) on a worker; faults that happen on other threads
 * wake it. A batch of requests waits for open accesses once.
 */
#ifndef IOM_DEV_VIOMMU_VQ_H
#define IOM_DEV_VIOMMU_VQ_H

#include <iom/dev/viommu_dev.h>
#include <iom/virtio/virtio_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_VIOMMU_VQ_FAULTS	64u	/* waiting for an event buffer; more are dropped, counted */
#define IOM_VIOMMU_VQ_BATCH	32u	/* requests that share one wait */

struct iom_viommu_vq_cfg {
	struct iom_plat *plat;
	struct iom_gmem *gmem;		/* guest-physical memory; the worker's */
	uint64_t ring_features;		/* of INDIRECT_DESC, EVENT_IDX, RING_PACKED */
	uint16_t queue_size_max;	/* 0: 256 */
	unsigned int requests_per_run;	/* device time per kick (A6); 0: 256 */
	void (*wake)(void *arg);	/* as in struct iom_virtio_dev_cfg */
	void *wake_arg;
	/* The device's own; its fault and arg must be NULL. trace_arg goes to trace and fault. */
	struct iom_viommu_dev_cfg dev;
	void *trace_arg;
	/* As iom_viommu_dev_cfg.fault, in addition to the event. May be NULL. */
	void (*fault)(void *arg, const struct iom_viommu_fault *f);
};

struct iom_viommu_vq_stats {
	uint64_t events_sent;
	uint64_t events_dropped;	/* no buffer and no room, or a buffer too small */
};

struct iom_viommu_vq;

int iom_viommu_vq_create(const struct iom_viommu_vq_cfg *cfg, struct iom_viommu_vq **out);
int iom_viommu_vq_destroy(struct iom_viommu_vq *q);	/* as iom_viommu_dev_destroy() */
struct iom_virtio_dev *iom_viommu_vq_virtio(struct iom_viommu_vq *q);
struct iom_viommu_dev *iom_viommu_vq_dev(struct iom_viommu_vq *q);
void iom_viommu_vq_stats(struct iom_viommu_vq *q, struct iom_viommu_vq_stats *s);
/* The machine was reset: `bypass` goes back to boot_bypass with the next (or this) device reset. */
void iom_viommu_vq_system_reset(struct iom_viommu_vq *q);

/* Faults not yet sent, then the device's stream. The virtio part is saved with its transport. */
int iom_viommu_vq_save(struct iom_viommu_vq *q, void *buf, size_t cap, size_t *len);
int iom_viommu_vq_restore(struct iom_viommu_vq *q, const void *buf, size_t size, size_t *used);

#ifdef __cplusplus
}
#endif
#endif
