/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An image for QEMU's `virt` machine that drives its SMMUv3 with libiom: finds
 * the machine by the device tree, starts the SMMUs, and puts a disk and devices
 * that write and read at command behind them. docs/porting.md tells what is what.
 *
 * Boot arguments: seed= and scenarios= of the generated tests, sum= and bytes= of
 * the disk, smmu= (machine.c).
 */
#include "devs.h"
#include "world.h"

#define DTB_MAGIC	0xedfe0dd0u	/* as a little-endian CPU reads it */
#define DTB_AT		UINT64_C(0x40000000)	/* of an ELF image: start of RAM */

extern char image_end[];
struct world world;

_Noreturn void world_fail(const char *file, unsigned int line, const char *what)
{
	port_print("%s:%u: not so: %s\n", file, line, what);
	scenario_where();
	port_exit(1);
}

/* --- faults --- */

static enum iom_fault_answer note_fault(void *arg, const struct iom_fault *f)
{
	struct world *w = arg;

	if (w->nr_faults < FAULTS)
		w->fault[w->nr_faults] = *f;
	w->nr_faults++;
	return IOM_FAULT_ABORT;
}

unsigned int world_faults(void)
{
	unsigned int i;

	world.nr_faults = 0;
	for (i = 0; i < world.m.nr_smmus; i++)
		iom_smmuv3_drv_irq(world.smmu[i]);
	return world.nr_faults;
}

/*
 * The wire of events. Interrupts are not taken, the queues are looked at; but the
 * distributor tells whether the SMMU has asked. GICv2 4.3: edge, pending.
 */
#define GICD_ICPENDR	0x280u
#define GICD_ISPENDR	0x200u
#define GICD_ICFGR	0xc00u

static void irq_arm(uint32_t irq)
{
	uint64_t cfg = world.m.gicd + GICD_ICFGR + irq / 16 * 4;

	if (!world.m.gicd || !irq)
		return;
	port_write32(cfg, port_read32(cfg) | 2u << irq % 16 * 2);
	port_write32(world.m.gicd + GICD_ICPENDR + irq / 32 * 4, 1u << irq % 32);
}

static bool irq_came(uint32_t irq)
{
	if (!world.m.gicd || !irq)
		return true;
	return port_read32(world.m.gicd + GICD_ISPENDR + irq / 32 * 4) >> irq % 32 & 1;
}

/* --- what there is --- */

struct pci_fn *world_find(uint32_t id, uint32_t class)
{
	unsigned int i;

	for (i = 0; i < world.nr_fns; i++) {
		if (world.fn[i].id == id || world.fn[i].class == class)
			return &world.fn[i];
	}
	return NULL;
}

struct iom_smmuv3_stream *world_stream(const struct pci_fn *fn)
{
	return &world.stream[fn - world.fn];
}

int world_domain(unsigned int stage, struct iom_domain **out)
{
	struct iom_domain_cfg cfg = {
		.plat = &port.plat, .dmem = &port.dmem,
		.pt = {
			.format = stage == 1 ? &iom_pt_arm_s1 : &iom_pt_arm_s2,
			.granule_lg2 = 12, .ia_bits = 39, .oa_bits = world.caps[0].oas_bits,
		},
	};

	return iom_domain_create(&cfg, out);
}

static void start_smmu(unsigned int i)
{
	struct iom_smmuv3_drv_cfg cfg = {
		.plat = &port.plat, .dmem = &port.dmem, .mmio = &world.regs[i].mmio,
		.s1 = &iom_smmuv3_drv_s1, .fault = note_fault, .arg = &world,
		.evtq_lg2 = 12,		/* a refused piece of the disk: 2048 events */
	};
	struct iom_smmuv3_drv_diag diag = { 0 };
	struct iom_smmuv3_drv_caps *c = &world.caps[i];
	int rc;

	port_mmio_init(&world.regs[i], world.m.smmu[i]);
	rc = iom_smmuv3_drv_create(&cfg, &world.smmu[i], &diag);
	if (rc) {
		port_print("SMMU at %lx: %s: %s\n", world.m.smmu[i],
			   diag.field ? diag.field : iom_err_str(rc), diag.why ? diag.why : "");
		port_exit(1);
	}
	iom_smmuv3_drv_caps(world.smmu[i], c);
	port_print("SMMU at %lx, interrupt %u:%s%s, %u bits out, %u of StreamID%s\n",
		   world.m.smmu[i], world.m.irq[i],
		   c->stage1 ? " stage 1" : "", c->stage2 ? " stage 2" : "", c->oas_bits,
		   c->sid_bits, c->range_inv ? ", range invalidation" : "");
}

/* Everything is behind an SMMU, and blocked until it is attached. */
static void add_streams(void)
{
	unsigned int i;

	world.nr_fns = pci_scan(&world.m, world.fn);
	for (i = 0; i < world.nr_fns; i++) {
		port_print("%x: %x class %x, BAR %lx, stream %x of SMMU %u\n", world.fn[i].rid,
			   world.fn[i].id, world.fn[i].class, world.fn[i].bar,
			   world.fn[i].sid, world.fn[i].smmu);
		CHECK(!iom_smmuv3_drv_stream_add(world.smmu[world.fn[i].smmu], &world.stream[i],
						 world.fn[i].sid, NULL));
	}
}

static void tear_down(void)
{
	struct iom_smmuv3_drv_stats s;
	unsigned int i;

	for (i = 0; i < world.nr_fns; i++)
		CHECK(!iom_smmuv3_drv_stream_remove(&world.stream[i]));
	for (i = 0; i < world.m.nr_smmus; i++) {
		iom_smmuv3_drv_stats(world.smmu[i], &s);
		port_print("SMMU at %lx: %lu commands, %lu syncs, %lu events\n",
			   world.m.smmu[i], s.commands, s.syncs, s.events);
		CHECK(!s.command_errors && !s.gerrors && !s.events_lost);
		CHECK(!iom_smmuv3_drv_destroy(world.smmu[i]));
	}
	CHECK(!port_live_bytes());
}

/* --- one write, told step by step --- */

static void first_steps(unsigned int stage, const struct pci_fn *dev)
{
	const struct iom_range iova = { 0x12345000, 0x12345fff };
	struct iom_smmuv3_stream *st = world_stream(dev);
	struct iom_domain *d;
	uint64_t pa;
	void *page;

	CHECK(!port.dmem.ops.alloc(&port.dmem, 4096, 4096, &page, &pa));
	CHECK(!world_domain(stage, &d));
	CHECK(!iom_domain_map(d, iova, pa, IOM_PT_READ | IOM_PT_WRITE | IOM_PT_CACHE));
	/* Blocked, without a word. */
	CHECK(!testdev_write(dev->bar, iova.start) && !world_faults());

	CHECK(!iom_smmuv3_drv_attach(st, d));
	CHECK(testdev_write(dev->bar, iova.start + 8) && !world_faults());
	CHECK(((volatile uint32_t *)page)[2] == TESTDEV_WORD);

	/* What it has just used is gone once unmap has returned. */
	CHECK(!iom_domain_unmap(d, iova));
	((volatile uint32_t *)page)[2] = 0;
	irq_arm(world.m.irq[dev->smmu]);
	CHECK(!testdev_write(dev->bar, iova.start + 8));
	CHECK(irq_came(world.m.irq[dev->smmu]) && world_faults() == 1);
	CHECK(world.fault[0].kind == IOM_FAULT_TRANSLATION && world.fault[0].sid == dev->sid);
	CHECK(world.fault[0].iova == iova.start + 8 && (world.fault[0].flags & IOM_FAULT_WRITE));
	CHECK(!((volatile uint32_t *)page)[2]);

	CHECK(iom_domain_destroy(d) == IOM_EBUSY);
	CHECK(!iom_smmuv3_drv_block(st));
	CHECK(!iom_domain_destroy(d));
	port.dmem.ops.free(&port.dmem, page, pa, 4096);
	port_print("stage %u: mapped, written, unmapped, refused\n", stage);
}

static void run_stages(void)
{
	struct pci_fn *dev = world_find(TESTDEV_ID, UINT32_MAX), *disk = world_find(0, NVME_CLASS);
	unsigned int stage;

	CHECK(dev);
	for (stage = 1; stage <= 2; stage++) {
		if (!(stage == 1 ? world.caps[dev->smmu].stage1 : world.caps[dev->smmu].stage2))
			continue;
		first_steps(stage, dev);
		if (disk && (stage == 1 ? world.caps[disk->smmu].stage1 :
					  world.caps[disk->smmu].stage2))
			disk_run(disk, stage);
	}
}

void image_main(const void *dtb);
void image_main(const void *dtb)
{
	struct iom_range ram;
	uint64_t seed;
	unsigned int i, n;
	const char *why;

	if (!dtb || *(const uint32_t *)dtb != DTB_MAGIC)
		dtb = (const void *)DTB_AT;
	why = "there is none, or no memory in it";
	if (machine_memory(dtb, &ram)) {
		/* The tree is in front of the image. */
		ram.start = ((uint64_t)image_end + 4095) & ~UINT64_C(4095);
		port_init(ram);
		why = machine_read(&world.m, dtb);
	}
	if (why) {
		port_print("device tree: %s\n", why);
		port_exit(1);
	}
	for (i = 0; i < world.m.nr_smmus; i++)
		start_smmu(i);
	add_streams();
	run_stages();
	seed = machine_arg_number(&world.m, "seed", 1);
	n = (unsigned int)machine_arg_number(&world.m, "scenarios", 0);
	scenario_run(seed, n);
	tear_down();
	port_print("baremetal: all right, seed %lu, %u scenarios\n", seed, n);
	port_exit(0);
}
