/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of NVM Express (Base Specification 1.4) as reading sectors takes: the
 * administration queue and one of reads, polled, one command at a time.
 */
#include <iom/base/mem.h>

#include "devs.h"
#include "port.h"

/* 3.1 Register definition */
#define NVME_CAP	0x00u
#define NVME_CC		0x14u
#define   NVME_CC_EN	0x1u
#define   NVME_CC_SIZES	(6u << 16 | 4u << 20)	/* IOSQES 64, IOCQES 16; pages of 4 KiB */
#define NVME_CSTS	0x1cu
#define   NVME_CSTS_RDY	0x1u
#define NVME_AQA	0x24u
#define NVME_ASQ	0x28u
#define NVME_ACQ	0x30u
#define NVME_DOORBELLS	0x1000u

#define OP_CREATE_SQ	0x01u		/* 5.4; administration */
#define OP_CREATE_CQ	0x05u		/* 5.3 */
#define OP_READ		0x02u		/* 6.9; namespace */
#define PHYS_CONTIG	0x1u

#define ENTRIES		16u
#define SQ_DWORDS	16u
#define CQ_DWORDS	4u
#define TURNS		(1u << 27)	/* some seconds */

static bool wait_ready(const struct nvme *n, uint32_t want)
{
	unsigned int turn;

	for (turn = 0; turn < TURNS; turn++) {
		if ((port_read32(n->bar + NVME_CSTS) & NVME_CSTS_RDY) == want)
			return true;
	}
	return false;
}

/* 4.6: a completion is new when its phase tag is not what it was the last time round. */
static bool complete(struct nvme_queue *q)
{
	volatile uint32_t *cqe = q->cq + (size_t)q->at * CQ_DWORDS;
	unsigned int turn;
	uint32_t status = 0;

	for (turn = 0; turn < TURNS; turn++) {
		status = cqe[3];
		if ((status >> 16 & 1) == q->phase)
			break;
	}
	if (turn == TURNS)
		return false;
	port_barrier();
	q->at = (q->at + 1) % ENTRIES;
	q->phase ^= !q->at;
	port_write32(q->cq_doorbell, q->at);
	return !(status >> 17);
}

static bool command(struct nvme_queue *q, const uint32_t cmd[SQ_DWORDS])
{
	volatile uint32_t *sqe = q->sq + (size_t)q->at * SQ_DWORDS;
	unsigned int i;

	for (i = 0; i < SQ_DWORDS; i++)
		sqe[i] = cmd[i];
	port_barrier();
	port_write32(q->doorbell, (q->at + 1) % ENTRIES);
	return complete(q);
}

static void queue_init(struct nvme *n, unsigned int id, uint8_t *mem, uint64_t iova)
{
	uint32_t stride = 4u << (port_read64(n->bar + NVME_CAP) >> 32 & 0xf);
	struct nvme_queue *q = &n->q[id];

	*q = (struct nvme_queue){
		.sq = (volatile uint32_t *)(void *)(mem + 2u * id * NVME_PAGE),
		.cq = (volatile uint32_t *)(void *)(mem + (2u * id + 1) * NVME_PAGE),
		.sq_iova = iova + 2u * id * NVME_PAGE,
		.cq_iova = iova + (2u * id + 1) * NVME_PAGE,
		.doorbell = n->bar + NVME_DOORBELLS + 2u * id * stride,
		.cq_doorbell = n->bar + NVME_DOORBELLS + (2u * id + 1) * stride,
		.phase = 1,
	};
}

static bool create_queues(struct nvme *n)
{
	const struct nvme_queue *q = &n->q[1];
	const uint32_t size = (ENTRIES - 1) << 16 | 1;
	const uint32_t cq[SQ_DWORDS] = {
		[0] = OP_CREATE_CQ, [6] = (uint32_t)q->cq_iova,
		[7] = (uint32_t)(q->cq_iova >> 32), [10] = size, [11] = PHYS_CONTIG,
	};
	const uint32_t sq[SQ_DWORDS] = {
		[0] = OP_CREATE_SQ, [6] = (uint32_t)q->sq_iova,
		[7] = (uint32_t)(q->sq_iova >> 32), [10] = size, [11] = 1u << 16 | PHYS_CONTIG,
	};

	return command(&n->q[0], cq) && command(&n->q[0], sq);
}

bool nvme_start(struct nvme *n, uint64_t bar, void *mem, uint64_t iova)
{
	n->bar = bar;
	port_write32(bar + NVME_CC, 0);
	if (!wait_ready(n, 0))
		return false;
	memset(mem, 0, NVME_MEMORY);
	queue_init(n, 0, mem, iova);
	queue_init(n, 1, mem, iova);
	port_write32(bar + NVME_AQA, (ENTRIES - 1) << 16 | (ENTRIES - 1));
	port_write64(bar + NVME_ASQ, n->q[0].sq_iova);
	port_write64(bar + NVME_ACQ, n->q[0].cq_iova);
	port_barrier();
	port_write32(bar + NVME_CC, NVME_CC_SIZES | NVME_CC_EN);
	return wait_ready(n, NVME_CSTS_RDY) && create_queues(n);
}

void nvme_stop(struct nvme *n)
{
	port_write32(n->bar + NVME_CC, 0);
	(void)wait_ready(n, 0);
}

bool nvme_read(struct nvme *n, uint64_t lba, uint32_t bytes, uint64_t iova0, uint64_t iova1)
{
	const uint32_t cmd[SQ_DWORDS] = {
		[0] = OP_READ, [1] = 1,
		[6] = (uint32_t)iova0, [7] = (uint32_t)(iova0 >> 32),
		[8] = (uint32_t)iova1, [9] = (uint32_t)(iova1 >> 32),
		[10] = (uint32_t)lba, [11] = (uint32_t)(lba >> 32), [12] = bytes / 512 - 1,
	};

	return command(&n->q[1], cmd);
}
