/* SPDX-License-Identifier: BSD-2-Clause */
/* iommu-testdev and edu: registers that start one transfer. */
#include "devs.h"
#include "port.h"

/* --- iommu-testdev --- */

#define TESTDEV_RUN	0x00u		/* read: does what was armed */
#define TESTDEV_IOVA_LO	0x04u
#define TESTDEV_IOVA_HI	0x08u
#define TESTDEV_LEN	0x0cu
#define TESTDEV_RESULT	0x10u
#define TESTDEV_ARM	0x14u
#define TESTDEV_ATTRS	0x18u
#define TESTDEV_NS	0xau		/* Non-secure, and valid */
#define TESTDEV_REFUSED	0xdead0002u

bool testdev_write(uint64_t bar, uint64_t iova)
{
	port_barrier();
	port_write32(bar + TESTDEV_IOVA_LO, (uint32_t)iova);
	port_write32(bar + TESTDEV_IOVA_HI, (uint32_t)(iova >> 32));
	port_write32(bar + TESTDEV_LEN, 4);
	port_write32(bar + TESTDEV_ATTRS, TESTDEV_NS);
	port_write32(bar + TESTDEV_ARM, 1);
	(void)port_read32(bar + TESTDEV_RUN);
	port_barrier();
	/* It also looks at an address of our choice; who calls looks itself. */
	return port_read32(bar + TESTDEV_RESULT) != TESTDEV_REFUSED;
}

/* --- edu --- */

#define EDU_BUFFER	0x40000u	/* as the device counts */
#define EDU_SRC		0x80u
#define EDU_DST		0x88u
#define EDU_LEN		0x90u
#define EDU_CMD		0x98u
#define EDU_RUN		0x1u
#define EDU_TO_MEMORY	0x2u

static void edu_run(uint64_t bar, uint64_t src, uint64_t dst, uint32_t len, uint64_t cmd)
{
	unsigned int i;

	port_barrier();
	port_write64(bar + EDU_SRC, src);
	port_write64(bar + EDU_DST, dst);
	port_write64(bar + EDU_LEN, len);
	port_write64(bar + EDU_CMD, cmd | EDU_RUN);
	while (port_read64(bar + EDU_CMD) & EDU_RUN) {
		/* A register read ends the emulator's run of instructions: seldom. */
		for (i = 0; i < 10000; i++)
			__asm__ volatile("" ::: "memory");
	}
	port_barrier();
}

void edu_read(uint64_t bar, uint64_t iova, uint32_t len)
{
	edu_run(bar, iova, EDU_BUFFER, len, 0);
}

void edu_write(uint64_t bar, uint64_t iova, uint32_t len)
{
	edu_run(bar, EDU_BUFFER, iova, len, EDU_TO_MEMORY);
}
