/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A simulator with a bus of its own embeds two SMMUv3s, a device behind each.
 * Memory is pages that appear when they are touched; registers, RAM and the
 * frame that takes MSIs are places on the bus. The first SMMU raises wires and
 * does stage 1, the second one sends MSIs and does stage 2. The guest is the
 * second half: it reaches everything by bus_read() and bus_write().
 *
 *	cc simulator.c $(pkg-config --cflags --libs libiom)
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iom/base/endian.h>
#include <iom/dev/smmuv3_dev.h>
#include <iom/dev/xgmem.h>
#include <iom/host/host.h>
#include <iom/spec/smmuv3.h>

#define PAGE		4096u
#define PAGES		64u		/* as many may be touched */
#define RAM_LOW		UINT64_C(0x80000000)
#define RAM_HIGH	UINT64_C(0x1000000000)
#define RAM_SIZE	UINT64_C(0x40000000)
#define MSI_FRAME	UINT64_C(0x08000040)
#define SMMU_REGS(n)	(UINT64_C(0x09000000) + (uint64_t)(n) * 0x20000)

/* --- the bus ------------------------------------------------------------------ */

struct sim_smmu {
	const char *name;
	struct iom_smmuv3_dev *s;
	unsigned int wires;		/* event queue interrupts that came by wire */
	struct iom_gmem own, dma;	/* the bus, as the SMMU and its device see it */
	struct iom_smmuv3_port port;
	struct iom_xgmem device;
};

static struct {
	uint64_t at[PAGES];		/* address of each page that was touched */
	uint8_t *mem[PAGES];
	unsigned int nr;
	uint32_t msi;			/* what was written to the frame last */
	struct sim_smmu smmu[2];
} sim;

static bool is_ram(uint64_t addr)
{
	return addr - RAM_LOW < RAM_SIZE || addr - RAM_HIGH < RAM_SIZE;
}

static uint8_t *ram(uint64_t addr)
{
	uint64_t at = addr & ~(uint64_t)(PAGE - 1);
	unsigned int i;

	for (i = 0; i < sim.nr && sim.at[i] != at; i++)
		;
	if (i == PAGES || !is_ram(addr))
		return NULL;
	if (i == sim.nr) {
		sim.mem[i] = calloc(1, PAGE);
		if (!sim.mem[i])
			return NULL;
		sim.at[sim.nr++] = at;
	}
	return sim.mem[i] + addr % PAGE;
}

/* One access that stays inside a page; false: nothing answers. */
static bool bus_access(uint64_t addr, void *buf, size_t len, bool write)
{
	uint8_t *p = ram(addr);
	uint64_t val = 0;
	unsigned int i;

	if (p) {
		memcpy(write ? p : buf, write ? buf : p, len);
		return true;
	}
	if (addr == MSI_FRAME && write && len == 4) {
		sim.msi = iom_get_le32(buf);
		return true;
	}
	for (i = 0; i < 2; i++) {
		uint64_t off = addr - SMMU_REGS(i);

		if (off >= 0x20000 || (len != 4 && len != 8))
			continue;
		if (write) {
			val = len == 8 ? iom_get_le64(buf) : iom_get_le32(buf);
			return !iom_smmuv3_dev_write(sim.smmu[i].s, off, (unsigned int)len, val);
		}
		iom_smmuv3_dev_read(sim.smmu[i].s, off, (unsigned int)len, &val);
		if (len == 8)
			iom_put_le64(buf, val);
		else
			iom_put_le32(buf, (uint32_t)val);
		return true;
	}
	return false;
}

static bool bus_run(uint64_t addr, uint8_t *buf, size_t len, bool write)
{
	while (len) {
		size_t n = PAGE - addr % PAGE < len ? (size_t)(PAGE - addr % PAGE) : len;

		if (!bus_access(addr, buf, n, write))
			return false;
		addr += n;
		buf += n;
		len -= n;
	}
	return true;
}

/* --- callbacks: memory as an SMMU asks for it, and its interrupts ------------- */

static int sim_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	(void)g;
	return is_ram(addr) && bus_run(addr, buf, len, false) ? IOM_OK : IOM_EFAULT;
}

static int sim_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	uint8_t copy[64];
	size_t n;

	(void)g;
	for (; len; len -= n, addr += n, buf = (const uint8_t *)buf + n) {
		n = len < sizeof(copy) ? len : sizeof(copy);
		memcpy(copy, buf, n);
		if (!bus_run(addr, copy, n, true))
			return IOM_EFAULT;
	}
	return IOM_OK;
}

/* One thread runs the whole simulator, so any access is atomic. */
static int sim_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	uint8_t b[8] = { 0 };
	int rc = sim_read(g, addr, b, size);

	if (!rc)
		*val = iom_get_le64(b);
	return rc;
}

static int sim_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	uint8_t b[8];

	iom_put_le64(b, val);
	return sim_write(g, addr, b, size);
}

static const struct iom_gmem_ops sim_ops = {
	.read = sim_read,
	.write = sim_write,
	.load = sim_load,
	.store = sim_store,
};

static void sim_irq(void *arg, enum iom_smmuv3_irq which)
{
	struct sim_smmu *u = arg;

	if (which == IOM_SMMUV3_IRQ_EVENTQ)
		u->wires++;
}

static int smmu_open(struct sim_smmu *u, const char *name, uint32_t sid)
{
	struct iom_smmuv3_dev_cfg cfg = {
		.plat = iom_host_plat(), .gmem = &u->own, .mode = IOM_SMMUV3_INLINE,
		.irq = sim_irq, .arg = u,
	};
	struct iom_smmuv3_diag diag = { "", "" };
	int rc;

	u->name = name;
	iom_gmem_init(&u->own, &sim_ops);
	iom_gmem_init(&u->dma, &sim_ops);
	rc = iom_smmuv3_dev_create(&cfg, &u->s, &diag);
	if (!rc)
		rc = iom_smmuv3_dev_port_init(&u->port, u->s, sid, &u->dma);
	if (!rc)
		rc = iom_xgmem_init(&u->device, &u->port.x, &u->dma);
	if (rc)
		fprintf(stderr, "%s: %s %s %s\n", name, iom_err_str(rc), diag.field, diag.why);
	return rc;
}

static void smmu_close(struct sim_smmu *u)
{
	iom_xgmem_fini(&u->device);
	iom_smmuv3_dev_port_fini(&u->port);
	iom_smmuv3_dev_destroy(u->s);
}

/* What a device model does: its own address, the bus behind the SMMU. */
static int device_write(struct sim_smmu *u, uint64_t iova, uint64_t val)
{
	int rc = iom_gmem_begin(&u->device.g);

	if (rc)
		return rc;
	rc = iom_gmem_store(&u->device.g, iova, 8, val);
	iom_gmem_end(&u->device.g);
	return rc;
}

/* --- the guest ------------------------------------------------------------------ */

static uint64_t get(uint64_t addr, unsigned int len)
{
	uint8_t b[8] = { 0 };

	bus_run(addr, b, len, false);
	return iom_get_le64(b);
}

static void put(uint64_t addr, unsigned int len, uint64_t val)
{
	uint8_t b[8];

	iom_put_le64(b, val);
	bus_run(addr, b, len, true);
}

static void guest_cmd(uint64_t regs, uint64_t queue, uint64_t w0, uint64_t w1)
{
	uint64_t prod = get(regs + SMMU_CMDQ_PROD, 4);

	put(queue + prod % 8 * 16, 8, w0);
	put(queue + prod % 8 * 16 + 8, 8, w1);
	put(regs + SMMU_CMDQ_PROD, 4, (prod + 1) % 16);
}

#define F	IOM_FIELD_PREP

/* Stream sid: 39 bits in, one table of level 1, one block of 1 GiB: 0x40000000 to `to`. */
static void guest_stream(uint64_t mem, uint32_t sid, bool stage2, uint64_t to)
{
	uint64_t ste = mem + sid * 64, cd = mem + 3 * PAGE, table = mem + 4 * PAGE;

	if (stage2) {
		put(table + 8, 8, to | 0x7fd);	/* write-back, read and write, ISH, AF */
		put(ste + 24, 8, table);
		put(ste + 16, 8, F(SMMU_STE2_S2VMID, 7) | F(SMMU_STE2_S2T0SZ, 25) |
		    F(SMMU_STE2_S2SL0, 1) | F(SMMU_STE2_S2IR0, 1) | F(SMMU_STE2_S2OR0, 1) |
		    F(SMMU_STE2_S2SH0, 3) | F(SMMU_STE2_S2PS, SMMU_OAS_48) |
		    SMMU_STE2_S2AA64 | SMMU_STE2_S2R);
		put(ste, 8, F(SMMU_STE0_CONFIG, SMMU_STE_CONFIG_S2) | SMMU_STE0_V);
		return;
	}
	put(table + 8, 8, to | 0x741);		/* MAIR index 0, unprivileged, ISH, AF */
	put(cd + 24, 8, 0xff);
	put(cd + 8, 8, table);
	put(cd, 8, F(SMMU_CD0_T0SZ, 25) | F(SMMU_CD0_IR0, 1) | F(SMMU_CD0_OR0, 1) |
	    F(SMMU_CD0_SH0, 3) | SMMU_CD0_EPD1 | F(SMMU_CD0_IPS, SMMU_OAS_48) | SMMU_CD0_AA64 |
	    SMMU_CD0_R | SMMU_CD0_A | SMMU_CD0_ASET | F(SMMU_CD0_ASID, 1) | SMMU_CD0_V);
	put(ste + 8, 8, F(SMMU_STE1_S1CIR, 1) | F(SMMU_STE1_S1COR, 1) | F(SMMU_STE1_S1CSH, 3));
	put(ste, 8, cd | F(SMMU_STE0_CONFIG, SMMU_STE_CONFIG_S1) | SMMU_STE0_V);
}

/* A stream table of 64 at mem, queues of 8 behind it. msi: where interrupts go, or 0. */
static void guest_init(uint64_t regs, uint64_t mem, uint64_t msi, uint32_t data)
{
	uint64_t cmdq = mem + PAGE;
	uint32_t cr0 = SMMU_CR0_CMDQEN;

	put(regs + SMMU_CR1, 4, 0xd75);		/* tables and queues: write-back, ISH */
	put(regs + SMMU_STRTAB_BASE, 8, mem);
	put(regs + SMMU_STRTAB_BASE_CFG, 4, 6);
	put(regs + SMMU_CMDQ_BASE, 8, cmdq | 3);
	put(regs + SMMU_EVENTQ_BASE, 8, (mem + 2 * PAGE) | 3);
	put(regs + SMMU_CR0, 4, cr0);
	guest_cmd(regs, cmdq, SMMU_CMD_CFGI_STE_RANGE, SMMU_CFGI_RANGE_ALL);
	guest_cmd(regs, cmdq, SMMU_CMD_TLBI_NSNH_ALL, 0);
	guest_cmd(regs, cmdq, SMMU_CMD_SYNC, 0);
	put(regs + SMMU_CR0, 4, cr0 |= SMMU_CR0_EVENTQEN);
	put(regs + SMMU_EVENTQ_IRQ_CFG0, 8, msi);
	put(regs + SMMU_EVENTQ_IRQ_CFG1, 4, data);
	put(regs + SMMU_IRQ_CTRL, 4, SMMU_IRQ_CTRL_EVENTQ);
	put(regs + SMMU_CR0, 4, cr0 | SMMU_CR0_SMMUEN);
}

static bool check(bool good, const char *name, const char *what)
{
	printf("%s: %-52s %s\n", name, what, good ? "ok" : "NOT SO");
	return good;
}

int main(void)
{
	struct sim_smmu *a = &sim.smmu[0], *b = &sim.smmu[1];
	bool ok = true;

	if (smmu_open(a, "smmu a", 8) || smmu_open(b, "smmu b", 9))
		return 1;
	guest_stream(RAM_LOW, 8, false, RAM_LOW);
	guest_init(SMMU_REGS(0), RAM_LOW, 0, 0);
	guest_stream(RAM_LOW + 0x10000, 9, true, RAM_HIGH);
	guest_init(SMMU_REGS(1), RAM_LOW + 0x10000, MSI_FRAME, 0x49);

	ok &= check(!device_write(a, 0x40100008, 0xa), a->name, "DMA through stage 1") &&
	      check(get(RAM_LOW + 0x100008, 8) == 0xa, a->name, "reaches low RAM");
	ok &= check(!device_write(b, 0x40100008, 0xb), b->name, "DMA through stage 2") &&
	      check(get(RAM_HIGH + 0x100008, 8) == 0xb, b->name, "reaches high RAM") &&
	      check(get(RAM_LOW + 0x100008, 8) == 0xa, b->name, "and not that of the other");

	ok &= check(device_write(a, 0x1000, 1) && a->wires == 1, a->name,
		    "DMA elsewhere is refused, a wire says so") &&
	      check(get(RAM_LOW + 2 * PAGE, 8) == (UINT64_C(8) << 32 | 0x10), a->name,
		    "F_TRANSLATION of stream 8 in its event queue");
	ok &= check(device_write(b, 0x1000, 1) && sim.msi == 0x49, b->name,
		    "DMA elsewhere is refused, an MSI says so") &&
	      check(get(RAM_LOW + 0x10000 + 2 * PAGE, 8) == (UINT64_C(9) << 32 | 0x10), b->name,
		    "F_TRANSLATION of stream 9 in its event queue");

	smmu_close(a);
	smmu_close(b);
	while (sim.nr)
		free(sim.mem[--sim.nr]);
	puts(ok ? "SIMULATOR OK" : "SIMULATOR FAILED");
	return !ok;
}
