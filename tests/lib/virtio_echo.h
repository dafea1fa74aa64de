/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device type for tests that copies what it reads to what it may write,
 * with three queues of which 0 and 2 exist, over a gmem that can misbehave, and
 * a driver that brings it up with rings of lib/vq_ref.h. It checks that its ops
 * are called as the contract says.
 */
#ifndef TESTS_LIB_VIRTIO_ECHO_H
#define TESTS_LIB_VIRTIO_ECHO_H

#include <iom/virtio/virtio_dev.h>

#include "fakes/gmem_fake.h"
#include "fakes/plat_test.h"
#include "lib/test.h"
#include "lib/vq_ref.h"

/* Numbers from the document, on purpose not those of spec/virtio.h. */
#define ACK	1u
#define DRV	2u
#define DRV_OK	4u
#define FEAT_OK	8u
#define NEEDS	64u
#define FAILED	128u
#define V1	(UINT64_C(1) << 32)
#define PACKED	(UINT64_C(1) << 34)
#define OFFER	(UINT64_C(1) << 28 | UINT64_C(1) << 29 | PACKED | 0x5)

#define NR_Q	3u	/* 0 and 2 exist */
#define SIZE	8u
#define MEM	0x8000u
#define RING(q)	((q) * 0x2000ull)
#define DATA	0x6000ull
#define CFG_LEN	13u

struct echo {
	struct iom_virtio_dev d;
	struct plat_test plat;
	struct iom_gmem_flat flat;
	struct gmem_fake fake;
	uint8_t *mem;
	struct vq_ref ref[NR_Q];
	uint8_t config[CFG_LEN];
	unsigned int wakes, queue_irqs[NR_Q], config_irqs, tr_resets;
	unsigned int resets, driver_oks, disabled, served;
	unsigned int budget;
	int features_rc;
	int process_rc;			/* given back once, if not 0 */
	void (*inside)(struct echo *e, unsigned int q);
};

extern const struct iom_virtio_dev_ops echo_ops;
extern const struct iom_virtio_transport_ops echo_transport_ops;	/* its argument: the echo */

struct echo *echo_new(void);
void echo_free(struct echo *e);
struct iom_virtio_dev_cfg echo_cfg(struct echo *e);

/* The driver's steps. */
void echo_features(struct echo *e, uint64_t f);
void echo_enable(struct echo *e, unsigned int q);	/* a fresh ring of SIZE */
void echo_bring_up(struct echo *e, uint64_t f);		/* with VERSION_1, up to queues enabled */
void echo_go(struct echo *e);				/* DRIVER_OK */
void echo_send(struct echo *e, unsigned int q);		/* 16 bytes out, 20 in; no kick */
bool echo_got(struct echo *e, unsigned int q);		/* one came back, as it should */

#endif
