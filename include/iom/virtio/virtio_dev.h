/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device without its transport: status, features, queues, configuration
 * space, and who runs when. vpci_dev and vmmio_dev show it in registers; the
 * device types (viommu_dev, ep/blk, ep/rng) implement struct iom_virtio_dev_ops.
 * VIRTIO 1.3 sections 2.1-2.4 and 3. VIRTIO 1 only: a driver that does not
 * accept VERSION_1 does not get FEATURES_OK.
 *
 * Two kinds of threads:
 * - the *register* thread (one at a time; the transport's): reads and writes
 *   registers, never touches a ring, never waits for the other kind;
 * - the *worker* (one at a time, may be the same thread): iom_virtio_dev_run().
 * A reset asked for while the worker is inside run() is carried out by the
 * worker when it leaves; until then device_status does not read 0, and all
 * writes but those of queue_select and the like change nothing. So it is with
 * a queue that is disabled: it stays ready until the worker has left.
 */
#ifndef IOM_VIRTIO_VIRTIO_DEV_H
#define IOM_VIRTIO_VIRTIO_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/atomic.h>
#include <iom/plat/plat.h>
#include <iom/virtio/vq_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_VIRTIO_DEV_QUEUES_MAX 8u

struct iom_virtio_dev;

/* What a device type implements. All but process have a default that does nothing. */
struct iom_virtio_dev_ops {
	/*
	 * FEATURES_OK is being written; accepted is a subset of the offer with
	 * VERSION_1. Non-zero refuses: FEATURES_OK stays clear. Register thread.
	 */
	int (*features_ok)(struct iom_virtio_dev *d, uint64_t accepted);
	/*
	 * Configuration space; off + len is within cfg_len, len at most 8.
	 * Register thread, never during reset; the worker may run at the same
	 * time. A write that is not allowed is ignored.
	 */
	void (*config_read)(struct iom_virtio_dev *d, unsigned int off, void *buf,
			    unsigned int len);
	void (*config_write)(struct iom_virtio_dev *d, unsigned int off, const void *buf,
			     unsigned int len);
	/*
	 * Queue q was kicked, or the type asked for it by iom_virtio_dev_kick().
	 * Worker, inside a bracket of d->gmem, the queue enabled and not broken.
	 * IOM_OK: nothing left to do. IOM_EAGAIN: the budget ended, call again.
	 * IOM_ENODEV: no DMA is possible now; it is called again when run() is.
	 * IOM_EPROTO or a gmem error of the ring: the device needs a reset (so
	 * it does when the queue is broken, whatever is returned).
	 * The op may wait between iom_virtio_dev_pause() and _resume(); if resume
	 * fails it returns that error.
	 */
	int (*process)(struct iom_virtio_dev *d, unsigned int q);
	/*
	 * Back to the state after power-on, but for what the type keeps over
	 * reset. No queue is enabled any more, nothing else runs, chains that
	 * were popped are void. Either thread.
	 */
	void (*reset)(struct iom_virtio_dev *d);
	/*
	 * After reset: has everything ended that began before it (accesses of
	 * other devices, for an IOMMU)? Asked until it says true; the status
	 * does not read 0 before. Must not block. Either thread. Default: true.
	 */
	bool (*reset_done)(struct iom_virtio_dev *d);
	/*
	 * DRIVER_OK is being set: the worker serves nothing before this has
	 * returned. Register thread.
	 */
	void (*driver_ok)(struct iom_virtio_dev *d);
	/*
	 * The driver took queue q away without a reset: chains popped from it
	 * are void. process() is not running. Either thread.
	 */
	void (*queue_disabled)(struct iom_virtio_dev *d, unsigned int q);
};

/* Given by the transport at bind. Called on the worker or register thread. */
struct iom_virtio_transport_ops {
	void (*queue_irq)(void *transport, unsigned int q);
	void (*config_irq)(void *transport);
	/* The device was reset: forget vectors, interrupt status. */
	void (*reset)(void *transport);
};

struct iom_virtio_queue {
	/*
	 * Size and addresses as the driver writes them; register thread, only
	 * while not ready. Size is size_max after reset. The rest comes from
	 * the features when the queue is enabled.
	 */
	struct iom_vq_cfg cfg;
	uint16_t size_max;		/* fixed; 0: no such queue */
	IOM_ATOMIC(bool) ready;		/* queue_enable / QueueReady */
	struct iom_vq_dev vq;		/* worker, once ready and DRIVER_OK */
};

struct iom_virtio_dev_cfg {
	struct iom_plat *plat;
	struct iom_gmem *gmem;		/* rings and buffers; used by the worker only */
	uint16_t device_id;		/* virtio device ID, 1 to 63 */
	uint64_t features;		/* offered; VERSION_1 is added. No SR_IOV, */
					/* NOTIFICATION_DATA, NOTIF_CONFIG_DATA, */
					/* RING_RESET, ADMIN_VQ: nothing here does them */
	unsigned int nr_queues;		/* 1 to IOM_VIRTIO_DEV_QUEUES_MAX */
	uint16_t queue_size_max[IOM_VIRTIO_DEV_QUEUES_MAX];	/* power of two, or 0 */
	unsigned int cfg_len;		/* bytes of configuration space, at most 4096 */
	/* Work waits: make the worker call run() soon. Any thread, must not block or call back. */
	void (*wake)(void *arg);
	void *wake_arg;
};

struct iom_virtio_dev {
	struct iom_virtio_dev_ops ops;	/* defaults filled in */
	struct iom_virtio_dev_cfg cfg;	/* fixed */
	const struct iom_virtio_transport_ops *tr;
	void *tr_arg;
	/* register thread: */
	uint64_t driver_features;	/* as written */
	uint32_t driver_features_beyond;	/* bits written to words 2 and up: none exists */
	uint32_t device_feature_sel;
	uint32_t driver_feature_sel;
	uint16_t queue_sel;
	struct iom_virtio_queue queue[IOM_VIRTIO_DEV_QUEUES_MAX];
	/* worker: */
	bool in_bracket;
	bool polling;
	uint64_t nr_found;		/* times that run() found something in a queue */
	/* shared words: */
	/* Status in bits 7:0, and who owns the rings: see virtio_dev.c. */
	IOM_ATOMIC(uint32_t) state;
	IOM_ATOMIC(uint32_t) kicked;	/* bit q: run() has work */
	IOM_ATOMIC(uint64_t) negotiated;	/* valid from FEATURES_OK to reset, else 0 */
	IOM_ATOMIC(uint8_t) generation;	/* config changed */
	/* counters, relaxed: */
	IOM_ATOMIC(uint64_t) nr_resets;
	IOM_ATOMIC(uint64_t) nr_broken;	/* times the device went to DEVICE_NEEDS_RESET */
};

/*
 * IOM_EINVAL for a cfg out of the ranges above or without process; *d untouched.
 * Nothing is allocated, so there is no fini. Not thread-safe.
 */
int iom_virtio_dev_init(struct iom_virtio_dev *d, const struct iom_virtio_dev_ops *ops,
			const struct iom_virtio_dev_cfg *cfg);
/* The transport binds itself once, before the first register access. */
void iom_virtio_dev_bind(struct iom_virtio_dev *d, const struct iom_virtio_transport_ops *tr,
			 void *tr_arg);

/*
 * Worker: gives each kicked queue one process(), in a bracket of its own, and
 * raises its interrupt. IOM_OK: idle until the next wake. IOM_EAGAIN: call
 * again. IOM_ENODEV: the gmem can do no DMA now, the kicks are kept; call again
 * when it can. Does nothing before DRIVER_OK or after DEVICE_NEEDS_RESET or
 * FAILED; kicks from before DRIVER_OK are kept till then.
 */
int iom_virtio_dev_run(struct iom_virtio_dev *d);

/*
 * Worker, outside run(): from now on every run() looks into every queue, and
 * drivers are not asked to notify; the caller keeps calling it. off: the next
 * run(), which must follow, asks for notifications again and misses nothing.
 */
void iom_virtio_dev_poll(struct iom_virtio_dev *d, bool on);

/* Mark queue q for run() and wake the worker. Any thread. */
void iom_virtio_dev_kick(struct iom_virtio_dev *d, unsigned int q);

/*
 * Worker, inside process(): interrupt for queue q if the driver wants one; after a
 * batch of pushes. run() does it for the queue it serves.
 */
void iom_virtio_dev_signal(struct iom_virtio_dev *d, unsigned int q);

/*
 * Worker, inside process(): close the bracket, so that nobody waits for it while
 * the caller does, and open it again. IOM_ENODEV of resume: there is none.
 */
void iom_virtio_dev_pause(struct iom_virtio_dev *d);
int iom_virtio_dev_resume(struct iom_virtio_dev *d);

/*
 * Configuration changed, the new bytes can be read: generation, and interrupt
 * once the driver has FEATURES_OK. Any thread.
 */
void iom_virtio_dev_config_changed(struct iom_virtio_dev *d);

/* DEVICE_NEEDS_RESET, with a configuration interrupt. Any thread. */
void iom_virtio_dev_needs_reset(struct iom_virtio_dev *d);

/* Transport's calls, register thread. */
uint8_t iom_virtio_dev_status(struct iom_virtio_dev *d);
/*
 * 0 resets. Otherwise bits are added, never taken away. FEATURES_OK stays clear
 * if the features are not acceptable, DRIVER_OK without FEATURES_OK.
 */
void iom_virtio_dev_set_status(struct iom_virtio_dev *d, uint8_t val);
/* Offered word sel; 0 from word 2 on. */
uint32_t iom_virtio_dev_features(const struct iom_virtio_dev *d, uint32_t sel);
/* Ignored after FEATURES_OK. */
void iom_virtio_dev_set_features(struct iom_virtio_dev *d, uint32_t sel, uint32_t word);
/*
 * queue_enable / QueueReady written 1. IOM_OK also if it is ready already.
 * IOM_EINVAL: stays disabled (no such queue, before FEATURES_OK, reset under
 * way, size above size_max, or what iom_vq_dev_enable() refuses).
 */
int iom_virtio_dev_queue_enable(struct iom_virtio_dev *d, unsigned int q);
/* QueueReady written 0; ready stays true until the worker has left the queue. */
void iom_virtio_dev_queue_disable(struct iom_virtio_dev *d, unsigned int q);
/* Any len. Outside cfg_len, and during reset, reads 0 and writes nothing. */
void iom_virtio_dev_config_rw(struct iom_virtio_dev *d, uint64_t off, void *buf, unsigned int len,
			      bool write);
/* Reset from outside the driver (machine or function reset): as status 0. */
void iom_virtio_dev_reset(struct iom_virtio_dev *d);
/* Accepted features: 0 before FEATURES_OK. Any thread. */
uint64_t iom_virtio_dev_negotiated(const struct iom_virtio_dev *d);

/*
 * Saved state, versioned, with a checksum; for a stopped device (no run(), no
 * register access, not called from either). save writes at most cap bytes, *len
 * is what it needs; IOM_ENOSPC if cap is too small. restore checks everything
 * first: IOM_EINVAL for a damaged, foreign or mismatched stream (another device
 * ID, offer, queue or configuration size), and nothing has changed. *len is
 * what was consumed. The device restored into may be in any state; ops are not
 * called, the type and the transport restore their own.
 *
 * The rings' positions are saved, chains are not. A type that holds chains
 * between two run() saves them itself and pushes them later; others never have
 * any. A restored device serves every ready queue once without a kick, and may
 * raise one interrupt too many; its last step is the wake for that. A reset
 * that still waits for accesses (reset_done) is over in the stream.
 */
int iom_virtio_dev_save(struct iom_virtio_dev *d, void *buf, size_t cap, size_t *len);
int iom_virtio_dev_restore(struct iom_virtio_dev *d, const void *buf, size_t size, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
