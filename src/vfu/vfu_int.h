/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside of the vfio-user server.
 *
 *   vfu_sock.c     listening, accepting, the poll loop
 *   vfu_rx.c       bytes and descriptors in, messages out of them, dispatch
 *   vfu_tx.c       messages out, queued when the socket is full
 *   vfu_cmd.c      one handler a command; vfu_version.c: the handshake
 *   vfu_map.c      the table of guest memory, and what waits for brackets
 *   vfu_gmem.c     brackets and accesses of the workers; vfu_dma.c: by message
 *   vfu_irq.c      eventfds
 *   vfu_guard.c    SIGBUS
 *
 * Locks, none taken while another is held: tx.lock (output), dma_lock (DMA
 * messages in flight), irq.lock (eventfds). The table of guest memory has none:
 * the socket thread publishes, workers read inside brackets.
 */
#ifndef IOMI_VFU_INT_H
#define IOMI_VFU_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include <iom/base/range.h>
#include <iom/spec/vfio_user.h>
#include <iom/vfu/vfu.h>

/* What we can take in one message; QEMU allows at most these. */
#define VFU_MAX_FDS	16u
#define VFU_MAX_XFER	1048576u
#define VFU_MAX_MSG	(sizeof(struct vfio_user_hdr) + sizeof(struct vfio_user_dma_access) + \
			 VFU_MAX_XFER)
#define VFU_MAX_VERSION	65536u		/* bytes of a VERSION message's JSON */
#define VFU_PAGE	4096u
/*
 * Each MAP copies the table, so its size bounds the work of a message. QEMU
 * has been seen to need about 20.
 */
#define VFU_MAX_MAPS	4096u
/* Of shared memory in one function, so that a client cannot use up our address space. */
#define VFU_MAX_MAPPED	(UINT64_C(8) << 40)
/* Bytes of output waiting, above which no further message is read. */
#define VFU_TX_HIGH	(256u * 1024u)

/* --- guest memory --------------------------------------------------------- */

struct iomi_vfu_map {			/* one DMA_MAP; constant but for live */
	struct iom_range gpa;
	uint8_t *host;			/* NULL: by message */
	unsigned int access;		/* IOM_ACCESS_* */
	void *mmap_base;		/* what to unmap: host lies inside */
	size_t mmap_len;
	atomic_bool live;		/* cleared by UNMAP: which so needs no memory */
};

/* Ascending, live ones do not overlap. Replaced as a whole by MAP. */
struct iomi_vfu_table {
	unsigned int n;
	struct iomi_vfu_map map[];
};

/*
 * Something that is done when every bracket of an epoch before this one has
 * ended: memory is released, then a reply is sent.
 */
struct iomi_vfu_retired {
	uint64_t epoch;
	struct iomi_vfu_table *table;	/* to free, or NULL */
	bool with_maps;			/* and unmap what is live in it */
	void *mmap_base;		/* to unmap, or NULL */
	size_t mmap_len;
	bool reply;			/* to the connection conn, if it is still that one */
	uint64_t conn;
	struct vfio_user_hdr hdr;
	uint8_t body[32];
	size_t body_len;
};

#define VFU_RETIRED	64u		/* a full ring stops the reading of messages */

/* --- a worker's view ------------------------------------------------------ */

enum iomi_vfu_wait_state { VFU_WAIT_IDLE, VFU_WAIT_SENT, VFU_WAIT_DONE };

struct iomi_vfu_gmem {
	struct iom_gmem g;
	struct iom_vfu *v;
	unsigned int index;
	/* the worker's: */
	struct iomi_vfu_table *table;	/* inside a bracket, while active */
	unsigned int hint;		/* entry of the last access */
	uint64_t begun;			/* epoch at begin: cancelled if below v->cancelled */
	bool pinned;			/* map gave a pointer in this bracket */
	uint16_t seq;			/* of the next message */
	struct iomi_vfu_gmem *outer;	/* open brackets of this thread, for the SIGBUS guard */
	/* under dma_lock: */
	enum iomi_vfu_wait_state wait;
	uint16_t wait_id, wait_cmd;
	uint64_t wait_begun;
	void *wait_buf;			/* read: where the data go */
	size_t wait_len;
	int wait_rc;
	pthread_cond_t wait_cond;
	/* Read by the socket thread: 0 outside brackets, else the epoch. On its own line. */
	_Alignas(64) atomic_uint_fast64_t active;
};

/* --- interrupts ----------------------------------------------------------- */

struct iomi_vfu_irq {
	struct iom_irq irq;
	pthread_mutex_t lock;
	/* under lock: */
	int fd[IOM_VFU_IRQS][IOM_VFU_VECTORS_MAX];	/* -1: none */
	uint64_t pending[IOM_VFU_IRQS];
	bool intx_level;
	bool intx_masked;
};

/* --- the server ----------------------------------------------------------- */

struct iomi_vfu_msg {			/* a complete message */
	struct vfio_user_hdr hdr;
	const uint8_t *data;
	size_t len;
	int *fds;			/* a handler that keeps one sets it to -1 */
	unsigned int nr_fds;
};

struct iomi_vfu_reply {			/* payload of a reply, in two parts */
	uint8_t head[32];
	size_t head_len;
	const void *data;
	size_t data_len;
};

struct iomi_vfu_tx {
	pthread_mutex_t lock;
	/* under lock: */
	int fd;				/* -1: no connection */
	uint64_t conn;			/* its number */
	uint8_t *buf;			/* [start, end) waits for the socket */
	size_t cap, start, end;
	bool broken;
	/* shared: bytes waiting */
	atomic_size_t waiting;
};

struct iom_vfu {
	struct iom_vfu_cfg cfg;		/* fixed */
	struct iom_vfu_dev_ops ops;	/* with defaults */
	/* socket thread: */
	int listen_fd;
	char *path;			/* to remove, if it is still ino on dev */
	uint64_t path_dev, path_ino;
	uint64_t accept_again_ns;	/* after a failure for lack of descriptors */
	int conn_fd;
	uint64_t conn;			/* number of the connection */
	bool agreed;			/* VERSION is done */
	bool dead;			/* close as soon as the message is handled */
	bool poll_worth;		/* adaptive polling: the last pause was short */
	uint64_t idle_since_ns;		/* with polling: when the current pause began */
	bool working;			/* inside op work: iom_vfu_step() may be nested in it */
	uint8_t *rx;			/* VFU_RX_CAP bytes; not handled are [rx_start, rx_end) */
	size_t rx_start, rx_end;
	uint64_t drain;			/* bytes to drop */
	int fds[VFU_MAX_FDS];		/* came with the byte before rx[fd_end] */
	unsigned int nr_fds;
	size_t fd_end;
	uint8_t *scratch;		/* VFU_MAX_XFER bytes: data of a reply */
	unsigned int nr_maps;		/* live ones */
	uint64_t mapped;		/* bytes of shared memory */
	struct iomi_vfu_retired retired[VFU_RETIRED];
	unsigned int retired_head, nr_retired;
	/* shared words: */
	atomic_bool stop;
	atomic_bool kicked;		/* op work is wanted */
	int wake_fd;
	_Atomic(struct iomi_vfu_table *) table;
	atomic_uint_fast64_t epoch;	/* grows with each thing retired; never 0 */
	atomic_uint_fast64_t cancelled;	/* brackets begun before this epoch may do nothing more */
	atomic_bool end_wakes;		/* the socket thread waits for a bracket */
	atomic_bool connected;
	atomic_uint_fast32_t peer_xfer;	/* the client's max_data_xfer_size, at most ours */
	atomic_bool truncated;		/* the guard replaced a page of this connection */
	struct iomi_vfu_gmem *gmem;
	pthread_mutex_t dma_lock;
	struct iomi_vfu_tx tx;
	struct iomi_vfu_irq irq;
	struct {
		atomic_uint_fast64_t connections, refused, messages, errors, dma, dma_timeouts,
			deferred, truncated;
	} nr;
};

/* Room for a whole message behind a part of another. */
#define VFU_RX_CAP	(VFU_MAX_MSG + 64u * 1024u)

static inline void iomi_vfu_count(atomic_uint_fast64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

/* vfu_sock.c */
void iomi_vfu_wake(struct iom_vfu *v);
__attribute__((format(printf, 2, 3)))
void iomi_vfu_note(struct iom_vfu *v, const char *fmt, ...);
uint64_t iomi_vfu_now_ns(void);
void iomi_vfu_close_fds(const int *fds, unsigned int n);
/* Is the caller the socket thread, inside op work? */
bool iomi_vfu_working_here(const struct iom_vfu *v);
/* A connection begins on fd, which is non-blocking; ends. */
void iomi_vfu_conn_open(struct iom_vfu *v, int fd);
void iomi_vfu_conn_close(struct iom_vfu *v);

/* vfu_rx.c */
/* Where the next bytes go; *len is never 0 unless stalled. */
void iomi_vfu_rx_space(struct iom_vfu *v, uint8_t **buf, size_t *len);
/* n bytes are there, and fds came with them; fds are taken. */
void iomi_vfu_rx_commit(struct iom_vfu *v, size_t n, const int *fds, unsigned int nr_fds);
/* Is reading stopped until something has been sent or retired? */
bool iomi_vfu_rx_stalled(const struct iom_vfu *v);
/* Handles complete messages until there is none, or stalled. */
void iomi_vfu_rx_handle(struct iom_vfu *v);
/* Forgets a part of a message and its descriptors. */
void iomi_vfu_rx_reset(struct iom_vfu *v);
/* Copies and handles: what tests and fuzzers feed the stream with. */
void iomi_vfu_rx_feed(struct iom_vfu *v, const void *bytes, size_t n, const int *fds,
		      unsigned int nr_fds);

/* vfu_tx.c */
int iomi_vfu_tx_init(struct iomi_vfu_tx *tx);
void iomi_vfu_tx_fini(struct iomi_vfu_tx *tx);
void iomi_vfu_tx_open(struct iomi_vfu_tx *tx, int fd, uint64_t conn);
void iomi_vfu_tx_close(struct iomi_vfu_tx *tx);
/*
 * Sends the parts as one message, on connection conn only (0: whichever it is).
 * droppable: IOM_EAGAIN, nothing sent, if much is waiting already. IOM_ENODEV:
 * no or another connection. Wakes the socket thread if a part had to wait.
 */
int iomi_vfu_tx_send(struct iom_vfu *v, uint64_t conn, const struct iovec *iov, unsigned int n,
		     bool droppable);
/* The socket can take more. */
void iomi_vfu_tx_flush(struct iomi_vfu_tx *tx);
bool iomi_vfu_tx_broken(struct iomi_vfu_tx *tx);

/* vfu_cmd.c, vfu_version.c: IOM_OK with *r filled, IOM_E* for an error reply, or VFU_LATER. */
#define VFU_LATER 1			/* the reply was retired */
int iomi_vfu_cmd_run(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r);
int iomi_vfu_version(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r);
/* A reply to m, or to hdr, now. */
void iomi_vfu_cmd_reply(struct iom_vfu *v, const struct vfio_user_hdr *cmd, int rc,
			const struct iomi_vfu_reply *r);

/* vfu_map.c */
extern struct iomi_vfu_table iomi_vfu_map_none;
int iomi_vfu_map_add(struct iom_vfu *v, const struct vfio_user_dma_map *req, int fd);
/* m's reply, r, is sent later: VFU_LATER. */
int iomi_vfu_map_del(struct iom_vfu *v, const struct vfio_user_dma_unmap *req,
		     const struct vfio_user_hdr *hdr, const struct iomi_vfu_reply *r);
/* All of it, without a reply; brackets that are open are cancelled. */
void iomi_vfu_map_drop(struct iom_vfu *v);
/* Cancel the open brackets, and send the reply r when they have ended. */
int iomi_vfu_map_barrier(struct iom_vfu *v, const struct vfio_user_hdr *hdr,
			 const struct iomi_vfu_reply *r);
/* Finish what no bracket holds up any more. */
void iomi_vfu_map_retire(struct iom_vfu *v);

/* vfu_gmem.c */
int iomi_vfu_gmem_init(struct iom_vfu *v);
void iomi_vfu_gmem_fini(struct iom_vfu *v);
/* Become, or be no longer, something that a DMA_UNMAP waits for. */
void iomi_vfu_gmem_enter(struct iomi_vfu_gmem *g);
void iomi_vfu_gmem_leave(struct iomi_vfu_gmem *g);

/* vfu_dma.c */
int iomi_vfu_dma_rw(struct iomi_vfu_gmem *g, uint64_t addr, void *buf, size_t len, bool write);
/* A reply came; data is the payload. */
void iomi_vfu_dma_reply(struct iom_vfu *v, const struct iomi_vfu_msg *m);
/* Those that wait in cancelled brackets fail with IOM_ENODEV. */
void iomi_vfu_dma_cancel(struct iom_vfu *v);

/* vfu_irq.c */
int iomi_vfu_irq_init(struct iom_vfu *v);
void iomi_vfu_irq_fini(struct iom_vfu *v);
int iomi_vfu_irq_set(struct iom_vfu *v, const struct vfio_user_set_irqs *req, const uint8_t *bools,
		     int *fds, unsigned int nr_fds);
void iomi_vfu_irq_drop(struct iom_vfu *v);	/* the client's eventfds */
void iomi_vfu_irq_reset(struct iom_vfu *v);	/* what is pending */

/* vfu_guard.c */
extern _Thread_local struct iomi_vfu_gmem *iomi_vfu_guard_brackets;

#endif
