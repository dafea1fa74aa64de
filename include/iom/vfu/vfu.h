/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfio-user, the server's side: one PCI function on one Unix socket, to which
 * one client (a VMM) at a time is connected. The function itself is the
 * embedder's struct iom_vfu_dev; guest memory comes to its workers as gmems.
 *
 * Threads:
 * - the *socket thread* (one at a time) is inside iom_vfu_step() or
 *   iom_vfu_serve(), and calls every op of the device but dma_allowed;
 * - *workers* use one gmem each, and raise interrupts. The socket thread can be
 *   one of them: op work.
 * The socket thread never waits for a worker: what has to wait for a bracket
 * (the replies to DMA_UNMAP, to DEVICE_RESET, and to the write that turns bus
 * mastering off) is sent when the bracket has ended, and everything else is
 * served meanwhile. So a worker may wait in a gmem for the client's answer to
 * a DMA message while the client waits for a region access.
 *
 * The client is not trusted. A message that makes no sense gets the protocol's
 * error reply (header only) and changes nothing. Messages that are larger than
 * any that is allowed are read to their end, dropped, and answered with E2BIG.
 * Only a stream whose framing is lost (a size smaller than a header), or that
 * carries more descriptors than were agreed, is closed.
 *
 * A client that goes away leaves the device as it is; its memory and eventfds
 * are dropped. The next one may then connect. A second one beside it is closed
 * at once.
 */
#ifndef IOM_VFU_VFU_H
#define IOM_VFU_VFU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/plat/gmem.h>
#include <iom/plat/irq.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_VFU_REGIONS		9u
#define IOM_VFU_REGION_CONFIG	7u	/* 0 to 5 are the BARs, 6 the ROM */
#define IOM_VFU_IRQS		5u
#define IOM_VFU_IRQ_INTX	0u
#define IOM_VFU_IRQ_MSI		1u
#define IOM_VFU_IRQ_MSIX	2u
#define IOM_VFU_IRQ_ERR		3u
#define IOM_VFU_IRQ_REQ		4u
#define IOM_VFU_VECTORS_MAX	64u	/* of one index */
#define IOM_VFU_GMEMS_MAX	15u

struct iom_vfu;			/* opaque */
struct iom_vfu_dev;

/*
 * The function behind the socket. All but the two region ops have a default
 * that does nothing. None may block or call iom_vfu_step().
 */
struct iom_vfu_dev_ops {
	/*
	 * off + len is inside the region; len is 1 to 1 MiB. Non-zero: an
	 * IOM_E* for the client, nothing read or written.
	 */
	int (*region_read)(struct iom_vfu_dev *d, unsigned int region, uint64_t off, void *buf,
			   size_t len);
	int (*region_write)(struct iom_vfu_dev *d, unsigned int region, uint64_t off,
			    const void *buf, size_t len);
	/*
	 * DEVICE_RESET: the machine or the function is reset. Brackets that
	 * are open now fail from here on with IOM_ENODEV; the client gets its
	 * reply when they have ended.
	 */
	void (*reset)(struct iom_vfu_dev *d);
	/* May the function do DMA (bus mastering)? Any thread. Default: yes. */
	bool (*dma_allowed)(struct iom_vfu_dev *d);
	/* A client has agreed on a version, or is gone. */
	void (*connection)(struct iom_vfu_dev *d, bool open);
	/* Guest memory was added or removed. */
	void (*memory_changed)(struct iom_vfu_dev *d);
	/* Eventfds of an interrupt index were set, or the mask of INTx. */
	void (*irqs_changed)(struct iom_vfu_dev *d, unsigned int index);
	/*
	 * The device's work, asked for by iom_vfu_kick(), on the socket thread
	 * between messages: it spares a device that has little to do for each
	 * kick, and never blocks for long, the waking of a worker. It may wait
	 * in a gmem (messages are handled meanwhile), and calls iom_vfu_pump()
	 * while it waits for anything else: both call the register ops, so the
	 * device must take them as from another thread, and hold no lock then.
	 * IOM_EAGAIN: call again soon. Default: IOM_OK.
	 */
	int (*work)(struct iom_vfu_dev *d);
	/* A line for a log, without end of line: why a connection ended, a refusal. */
	void (*note)(struct iom_vfu_dev *d, const char *line);
};

struct iom_vfu_dev {
	const struct iom_vfu_dev_ops *ops;
};

struct iom_vfu_cfg {
	struct iom_vfu_dev *dev;
	uint64_t region_size[IOM_VFU_REGIONS];	/* 0: absent; all others read and write */
	unsigned int irq_count[IOM_VFU_IRQS];	/* INTX at most 1, others IOM_VFU_VECTORS_MAX */
	unsigned int nr_gmems;			/* 1 to IOM_VFU_GMEMS_MAX */
	/*
	 * A DMA message that is not answered for this long fails with IOM_EIO;
	 * 0 means 2000. Less than the client's own limit for a reply (QEMU:
	 * 5000), since an unmap may have to wait for it.
	 */
	unsigned int dma_timeout_ms;
	/* Adaptive polling: look for a message this long before sleeping. 0: sleep at once. */
	uint32_t poll_ns;
};

/* Counters since creation; each may be read at any time. */
struct iom_vfu_stats {
	uint64_t connections;		/* that agreed on a version */
	uint64_t refused_connections;	/* second ones */
	uint64_t messages;		/* complete ones received */
	uint64_t errors;		/* of them answered, or ignored, as an error */
	uint64_t dma_messages;		/* DMA_READ and DMA_WRITE sent */
	uint64_t dma_timeouts;
	uint64_t deferred;		/* times a reply or release had to wait for brackets */
	uint64_t truncated;		/* pages of shared memory that the client took away */
};

/* IOM_EINVAL: cfg out of range; IOM_ENOMEM. The device is called from the first step on. */
int iom_vfu_create(const struct iom_vfu_cfg *cfg, struct iom_vfu **out);
/*
 * Other regions and interrupts than cfg's, for a device that needs its gmem
 * before it knows them. Before the first client. IOM_EINVAL: nothing changed.
 */
int iom_vfu_describe(struct iom_vfu *v, const uint64_t region_size[IOM_VFU_REGIONS],
		     const unsigned int irq_count[IOM_VFU_IRQS]);
/* Closes everything, removes the socket. No thread is inside any function of v. */
void iom_vfu_destroy(struct iom_vfu *v);

#define IOM_VFU_WHY 256

/*
 * Could iom_vfu_listen() use path? A socket that nobody listens on any more is
 * no obstacle. IOM_EBUSY: a server listens there; IOM_EEXIST: something else
 * has the name; IOM_EINVAL: too long; IOM_EACCES, IOM_ENOENT: the directory.
 * why (IOM_VFU_WHY bytes) then holds one line with the path.
 */
int iom_vfu_check_path(const char *path, char *why);
/* Binds and listens. As above, and IOM_EIO. Once. */
int iom_vfu_listen(struct iom_vfu *v, const char *path, char *why);
/*
 * Take a connected stream socket as the client, instead of accepting one. Owns
 * fd from then on. IOM_EBUSY, and fd is the caller's: there is a client, or
 * brackets that the last one left open have to end first (iom_vfu_step()).
 */
int iom_vfu_adopt(struct iom_vfu *v, int fd);

/*
 * Waits up to timeout_ms (-1: for ever) for something to do and does it.
 * IOM_OK; IOM_ENODEV once iom_vfu_stop() was called.
 */
int iom_vfu_step(struct iom_vfu *v, int timeout_ms);
/* Steps until stopped. */
void iom_vfu_serve(struct iom_vfu *v);
/* Makes the socket thread return from iom_vfu_serve(). Any thread, a signal handler too. */
void iom_vfu_stop(struct iom_vfu *v);

/* Makes the socket thread call op work soon, or again. Any thread; never blocks. */
void iom_vfu_kick(struct iom_vfu *v);
/* Inside op work: handle the messages that are there. On any other thread: nothing. */
void iom_vfu_pump(struct iom_vfu *v);

/*
 * Gmem number n, for one thread at a time. Addresses are the client's (guest-
 * physical). begin fails with IOM_ENODEV while no client is connected or the
 * device may not do DMA.
 *
 * Memory that came with a descriptor is read and written in place, and map
 * gives pointers to it. Other memory goes by DMA messages: map answers
 * IOM_EOPNOTSUPP, and a bracket that waits for such a message without a
 * pointer from map does not hold up DMA_UNMAP.
 */
struct iom_gmem *iom_vfu_gmem(struct iom_vfu *v, unsigned int n);

/*
 * Send len (up to 8) bytes to addr by a DMA_WRITE message, whatever is mapped
 * there, and do not wait: for a doorbell. IOM_EAGAIN: the socket is full;
 * IOM_ENODEV: no client. Any thread, never blocks.
 */
int iom_vfu_post(struct iom_vfu *v, uint64_t addr, const void *buf, size_t len);

/*
 * Raises the function's interrupts through the client's eventfds. An MSI or
 * MSI-X message without eventfd is kept and sent when one comes (clients
 * switch an index off and on again to enlarge it); a reset forgets it. INTx is
 * a level: sent once, then masked until the client unmasks, then sent again if
 * the line is still high.
 */
struct iom_irq *iom_vfu_irq(struct iom_vfu *v);

void iom_vfu_stats(struct iom_vfu *v, struct iom_vfu_stats *out);

/*
 * Memory that a client shares and then truncates raises SIGBUS on access. With
 * this process-wide handler the page is replaced by a private zero page, the
 * client's connection is ended, and the process goes on. SIGBUS for any other
 * address goes where it went before. IOM_EIO. Call once, before other threads.
 * (A memfd with F_SEAL_SHRINK cannot do that; QEMU's memory-backend-memfd has
 * the seal, its memory-backend-file has not.)
 */
int iom_vfu_sigbus_guard(void);

#ifdef __cplusplus
}
#endif
#endif
