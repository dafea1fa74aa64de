/* SPDX-License-Identifier: BSD-2-Clause */
/* Three devices that do DMA. Addresses are the device's: IOVAs where it is translated. */
#ifndef BAREMETAL_DEVS_H
#define BAREMETAL_DEVS_H

#include <stdbool.h>
#include <stdint.h>

/* --- iommu-testdev of QEMU: writes one word, at once --- */

#define TESTDEV_ID	0x00051b36u
#define TESTDEV_WORD	0x12345678u	/* what it writes */

/* False: the write was refused. */
bool testdev_write(uint64_t bar, uint64_t iova);

/* --- edu of QEMU: copies to and from a buffer of its own, 100 ms later --- */

#define EDU_ID		0x11e81234u
#define EDU_BYTES	4096u

void edu_read(uint64_t bar, uint64_t iova, uint32_t len);	/* into the buffer's start */
void edu_write(uint64_t bar, uint64_t iova, uint32_t len);

/* --- NVMe --- */

#define NVME_CLASS	0x010802u
#define NVME_PAGE	4096u
#define NVME_MEMORY	(4 * NVME_PAGE)	/* of its queues */

struct nvme_queue {
	volatile uint32_t *sq, *cq;	/* 64 and 16 bytes an entry */
	uint64_t sq_iova, cq_iova;
	uint64_t doorbell;
	uint64_t cq_doorbell;
	unsigned int at;
	uint32_t phase;
};

struct nvme {
	uint64_t bar;
	struct nvme_queue q[2];		/* of the controller's administration, of reads */
};

/* Brings the controller up with one queue. mem: NVME_MEMORY bytes, which it finds at iova. */
bool nvme_start(struct nvme *n, uint64_t bar, void *mem, uint64_t iova);
void nvme_stop(struct nvme *n);
/* Reads sectors of 512 bytes of namespace 1, at most two pages, to whole pages at iova. */
bool nvme_read(struct nvme *n, uint64_t lba, uint32_t bytes, uint64_t iova0, uint64_t iova1);

#endif
