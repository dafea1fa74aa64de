/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole virtio-iommu function under test: PCI registers, both rings, the
 * device. The driver here is written from VIRTIO 1.3 sections 3.1.1, 4.1 and
 * 5.13: it finds the structures by the capabilities, negotiates, and puts
 * requests into guest memory. The test is the worker: vtq_run().
 */
#ifndef TESTS_LIB_VIOMMU_RING_H
#define TESTS_LIB_VIOMMU_RING_H

#include <iom/dev/viommu_vq.h>
#include <iom/virtio/vpci_dev.h>

#include "lib/viommu.h"
#include "lib/vring.h"

#define VTQ_MEM		(1u << 20)
#define VTQ_BUFS	0x40000u	/* request buffers: 2 KiB each */
#define VTQ_EVENTS	0xc0000u	/* event buffers: 64 bytes each */

/* 2.7 and 2.8: feature bits of the rings */
#define VTQ_F_INDIRECT	(UINT64_C(1) << 28)
#define VTQ_F_EVENT_IDX	(UINT64_C(1) << 29)
#define VTQ_F_VERSION_1	(UINT64_C(1) << 32)
#define VTQ_F_PACKED	(UINT64_C(1) << 34)

struct vtq_cfg {
	bool packed;
	uint16_t size;			/* of both rings; 0: 64 */
	uint64_t ring_features;		/* to accept: INDIRECT, EVENT_IDX; vring uses neither */
	unsigned int requests_per_run;
	struct iom_viommu_dev_cfg dev;	/* vt_cfg() */
	struct iom_gmem *gmem;		/* NULL: the plain memory */
};

struct vtq {
	struct plat_test pt;
	void *block;			/* malloc's, around mem */
	uint8_t *mem;			/* guest address 0 */
	struct iom_gmem_flat flat;
	struct iom_irq irq;
	struct iom_vpci_dev pci;
	struct iom_viommu_vq *q;
	struct iom_viommu_dev *v;
	struct iom_virtio_dev *d;
	struct iom_access access;
	struct iom_viommu_ep *ep[VT_EPS_MAX];
	unsigned int nr_eps;
	struct vring req, ev;
	uint8_t ev_buf[VRING_SIZE_MAX];	/* event buffer of a chain's id */
	unsigned int nr_irqs, nr_wakes;
	uint32_t common, notify, notify_mult, devcfg;	/* offsets in BAR 0 */
	uint64_t notify_at[2];		/* of each queue's doorbell */
};

/* Creates the function; the driver has not touched it. Returns the error of create. */
int vtq_create(struct vtq *t, const struct vtq_cfg *cfg);
/* The driver's start, up to DRIVER_OK; features of the device on offer are accepted. */
void vtq_start(struct vtq *t, const struct vtq_cfg *cfg);
void vtq_open(struct vtq *t, const struct vtq_cfg *cfg);
void vtq_add(struct vtq *t, const struct iom_viommu_ep_cfg *cfg);
void vtq_close(struct vtq *t);	/* with the check for leaks */

/* Writes the request in buffer n and makes it available; n is below 64. */
uint16_t vtq_post(struct vtq *t, unsigned int n, const struct vt_req *r);
void vtq_kick(struct vtq *t, unsigned int queue);
/* The worker, until it is idle (or 1000 times EAGAIN); the last result. */
int vtq_run(struct vtq *t);
/* Post, kick, run, and the status; the used length is checked. */
int vtq_send(struct vtq *t, const struct vt_req *r);
uint8_t vtq_status(struct vtq *t);
void vtq_reset(struct vtq *t);	/* device_status 0, waited for */

/* Event buffer n (below 256) of len bytes; no kick, as Linux does. */
void vtq_post_event(struct vtq *t, unsigned int n, uint32_t len);
/* The next used event buffer, in order; false: none. rec gets its 64 bytes. */
bool vtq_get_event(struct vtq *t, uint8_t rec[64], uint32_t *len);

/* As vt_translate(). */
int vtq_translate(struct vtq *t, unsigned int ep, uint64_t iova, uint64_t len,
		  unsigned int access, struct iom_run *run);

/* Common configuration by offset (4.1.4.3), through BAR 0. */
void vtq_common_write(struct vtq *t, unsigned int off, unsigned int len, uint64_t val);
uint64_t vtq_common_read(struct vtq *t, unsigned int off, unsigned int len);

#endif
