/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver of stage2.c on QEMU's `virt` machine, without a device tree: the addresses
 * are known, as in firmware for one board. A device writes where it may, and is refused
 * where it may no longer.
 */
#include <iom/spec/pci.h>

#include "devs.h"
#include "port.h"
#include "stage2.h"

#define SMMU	UINT64_C(0x0c000000)	/* -device arm-smmuv3,stage=2 */
#define SID	0x8u			/* device 1 of bus 0 */
#define CFG	(UINT64_C(0x4010000000) + (SID << 12))
#define BAR	UINT64_C(0x10000000)
#define PAGE	4096u
#define CHECK(c) ((c) ? (void)0 : fail(#c))

extern char image_end[];
static unsigned int faults;
static uint64_t fault_iova;

static void fail(const char *what)
{
	port_print("stage2: not so: %s\n", what);
	port_exit(1);
}

static enum iom_fault_answer note(void *arg, const struct iom_fault *f)
{
	(void)arg;
	faults++;
	fault_iova = f->iova;
	return IOM_FAULT_ABORT;
}

void image_main(void);
void image_main(void)
{
	uint64_t ram = ((uint64_t)image_end + PAGE - 1) & ~(uint64_t)(PAGE - 1), pa;
	const struct iom_range iova = { 0x40000000, 0x40000000 + 4 * PAGE - 1 };
	struct port_mmio regs;
	void *mem;

	port_init((struct iom_range){ ram, ram + (32u << 20) - 1 });
	port_mmio_init(&regs, SMMU);
	port_write32(CFG + PCI_BAR(0), BAR);
	port_write32(CFG + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CHECK(port_read32(CFG) == TESTDEV_ID);
	CHECK(!stage2_start(&port.plat, &port.dmem, &regs.mmio, SID, note));
	CHECK(!port.dmem.ops.alloc(&port.dmem, 4 * PAGE, PAGE, &mem, &pa));
	CHECK(!stage2_map(iova, pa));
	CHECK(testdev_write(BAR, iova.start + PAGE));
	CHECK(port_read32(pa + PAGE) == TESTDEV_WORD);
	CHECK(!testdev_write(BAR, iova.last + 1));
	stage2_poll();
	CHECK(faults == 1 && fault_iova == iova.last + 1);
	CHECK(!stage2_unmap(iova));
	CHECK(!testdev_write(BAR, iova.start + PAGE));
	stage2_poll();
	CHECK(faults == 2 && fault_iova == iova.start + PAGE);
	CHECK(!stage2_stop());
	port.dmem.ops.free(&port.dmem, mem, pa, 4 * PAGE);
	CHECK(!port_live_bytes());
	port_print("stage2: all right\n");
	port_exit(0);
}
