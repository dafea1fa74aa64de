/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device for tests of what carries one: each chain's writable part gets
 * its readable part with every bit inverted. Two queues of 16, 20 bytes of
 * configuration space, both rings. Bytes [4, 12) of the space can be written.
 * The worker runs when the test calls iom_virtio_dev_run().
 */
#ifndef TESTS_FAKES_VIRTIO_ECHO_H
#define TESTS_FAKES_VIRTIO_ECHO_H

#include <iom/plat/gmem.h>
#include <iom/virtio/virtio_dev.h>

#include "fakes/plat_test.h"
#include "lib/test.h"
#include "lib/vq_ref.h"

#define VIRTIO_ECHO_MEM		65536u
#define VIRTIO_ECHO_BASE	UINT64_C(0x40000000)
#define VIRTIO_ECHO_QUEUES	2u
#define VIRTIO_ECHO_SIZE	16u
#define VIRTIO_ECHO_CFG		20u
/* INDIRECT_DESC, EVENT_IDX, VERSION_1, ACCESS_PLATFORM, RING_PACKED */
#define VIRTIO_ECHO_FEATURES	UINT64_C(0x730000000)

struct virtio_echo {
	struct plat_test pt;
	struct iom_gmem_flat gmem;
	_Alignas(16) uint8_t mem[VIRTIO_ECHO_MEM];
	struct iom_virtio_dev d;
	uint8_t cfg[VIRTIO_ECHO_CFG];
	unsigned int nr_wakes, nr_chains, nr_resets;
	/* If set: called by the worker in the midst of process(), once. */
	void (*meanwhile)(void *arg);
	void *meanwhile_arg;
	/* The driver's rings, and what it gave. */
	struct vq_ref ring[VIRTIO_ECHO_QUEUES];
	uint16_t given[VIRTIO_ECHO_QUEUES];
};

void virtio_echo_init(struct virtio_echo *e, uint16_t device_id);

/* The driver: lays ring q in memory and says where; the test tells the device. */
void virtio_echo_ring(struct virtio_echo *e, unsigned int q, bool packed, unsigned int size);
/* One chain with len bytes (at most 64) becomes available in queue q. */
void virtio_echo_give(struct virtio_echo *e, unsigned int q, struct test_rng *rng,
		      unsigned int len);
/* Runs the worker, and checks that exactly this chain came back and is right. */
void virtio_echo_take(struct virtio_echo *e, unsigned int q, unsigned int len);
/* Both, and in between kick() does what the transport wants. */
void virtio_echo_exchange(struct virtio_echo *e, unsigned int q, struct test_rng *rng,
			  unsigned int len, void (*kick)(void *arg, unsigned int q), void *arg);

#endif
