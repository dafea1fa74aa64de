/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration space of one function: what it holds after reset, which bits a
 * driver may write, and what a write sets off. Interrupts are in pci_irq.c.
 *
 * Invariants: outside wmask, space equals initial; wmask is 0 wherever the
 * specification says read-only or reserved; the capabilities list ends within
 * the first 256 bytes.
 */
#include <iom/base/endian.h>
#include <iom/base/mem.h>
#include <iom/spec/pci.h>

#include "pci/pci_priv.h"

IOM_STATIC_ASSERT(sizeof(((struct iom_pci_fn *)0)->space) == PCI_CFG_SIZE);
IOM_STATIC_ASSERT(IOM_PCI_CFG_SIZE == PCIE_CFG_SIZE);

#define BAR_SIZE_MIN	16u
#define BAR_SIZE_MAX	(UINT32_C(1) << 31)

static void no_cap_read(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off, void *buf,
			unsigned int len)
{
	(void)f, (void)cap_off, (void)off, (void)buf, (void)len;
}

static void no_cap_write(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off,
			 unsigned int len)
{
	(void)f, (void)cap_off, (void)off, (void)len;
}

static void no_bus_master(struct iom_pci_fn *f, bool on)
{
	(void)f, (void)on;
}

static void no_reset(struct iom_pci_fn *f)
{
	(void)f;
}

static bool power_of_two(uint32_t v)
{
	return v && !(v & (v - 1));
}

static bool bars_ok(const struct iom_pci_fn_ops *ops, const struct iom_pci_cfg *cfg)
{
	uint32_t size;
	unsigned int i;

	for (i = 0; i < IOM_PCI_BARS; i++) {
		size = cfg->bar_size[i];
		if (!size)
			continue;
		if (!power_of_two(size) || size < BAR_SIZE_MIN || size > BAR_SIZE_MAX)
			return false;
		if (!ops->bar_read || !ops->bar_write)
			return false;
	}
	return true;
}

static bool interrupts_ok(const struct iom_pci_cfg *cfg)
{
	uint32_t half;

	if (!cfg->irq || !cfg->irq->ops || !cfg->irq->ops->msi || !cfg->irq->ops->intx)
		return false;
	if (cfg->intx_pin > 4)
		return false;
	if (cfg->msi_vectors &&
	    (!power_of_two(cfg->msi_vectors) || cfg->msi_vectors > PCI_MSI_VECTORS_MAX))
		return false;
	if (!cfg->msix_vectors)
		return true;
	if (cfg->msix_vectors > IOM_PCI_VECTORS_MAX || cfg->msix_bar >= IOM_PCI_BARS)
		return false;
	/* A half for the table, a half for the PBA, which is one quadword. */
	half = cfg->bar_size[cfg->msix_bar] / 2;
	return half >= cfg->msix_vectors * PCI_MSIX_ENTRY_SIZE;
}

static void set16(struct iom_pci_fn *f, unsigned int off, uint16_t val, uint16_t wmask)
{
	iom_put_le16(f->initial + off, val);
	iom_put_le16(f->wmask + off, wmask);
}

static void set32(struct iom_pci_fn *f, unsigned int off, uint32_t val, uint32_t wmask)
{
	iom_put_le32(f->initial + off, val);
	iom_put_le32(f->wmask + off, wmask);
}

static void build_header(struct iom_pci_fn *f)
{
	const struct iom_pci_cfg *cfg = &f->cfg;
	unsigned int i;

	set16(f, PCI_VENDOR_ID, cfg->vendor, 0);
	set16(f, PCI_DEVICE_ID, cfg->device, 0);
	/* 6.2.2: no I/O space, no special cycles; MWI and VGA do not apply */
	set16(f, PCI_COMMAND, 0, (uint16_t)(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
			(cfg->intx_pin ? PCI_COMMAND_INTX_DISABLE : 0)));
	set32(f, PCI_REVISION_ID, cfg->revision | cfg->class_code << 8, 0);
	f->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
	/* PCIe 7.5.1.1.7: hardwired to 0 there */
	f->wmask[PCI_LATENCY_TIMER] = cfg->pcie ? 0 : 0xff;
	f->initial[PCI_HEADER_TYPE] = cfg->multifunction ? PCI_HEADER_TYPE_MULTI : 0;
	for (i = 0; i < IOM_PCI_BARS; i++)
		if (cfg->bar_size[i])
			set32(f, PCI_BAR(i), 0, ~(cfg->bar_size[i] - 1) & PCI_BAR_MEM_MASK);
	set16(f, PCI_SUBSYSTEM_VENDOR_ID, cfg->subsys_vendor, 0);
	set16(f, PCI_SUBSYSTEM_ID, cfg->subsys_id, 0);
	f->wmask[PCI_INTERRUPT_LINE] = 0xff;
	f->initial[PCI_INTERRUPT_PIN] = cfg->intx_pin;
}

int iom_pci_add_cap(struct iom_pci_fn *f, const uint8_t *bytes, const uint8_t *wmask,
		    unsigned int len, bool hook, uint8_t *off)
{
	unsigned int at = f->cap_end;

	if (len < 2)
		return IOM_EINVAL;
	if (len > PCI_CFG_SIZE - at || (hook && f->nr_hooks == IOM_PCI_HOOKS_MAX))
		return IOM_ENOSPC;
	memcpy(f->initial + at, bytes, len);
	if (wmask)
		memcpy(f->wmask + at, wmask, len);
	f->initial[at + PCI_CAP_NEXT] = 0;
	f->wmask[at + PCI_CAP_ID] = 0;
	f->wmask[at + PCI_CAP_NEXT] = 0;
	if (f->cap_last)
		f->initial[f->cap_last + PCI_CAP_NEXT] = (uint8_t)at;
	else
		f->initial[PCI_CAP_POINTER] = (uint8_t)at;
	set16(f, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	f->cap_last = (uint8_t)at;
	f->cap_end = (uint16_t)((at + len + 3) & ~3u);
	if (hook) {
		f->hook[f->nr_hooks].off = (uint8_t)at;
		f->hook[f->nr_hooks].len = (uint8_t)len;
		f->nr_hooks++;
	}
	memcpy(f->space, f->initial, sizeof(f->space));
	*off = (uint8_t)at;
	return IOM_OK;
}

/* The capabilities of its own fit, so that the results need no look. */
static uint8_t add_blank_cap(struct iom_pci_fn *f, uint8_t id, unsigned int len)
{
	uint8_t bytes[PCI_EXP_SIZE_V2] = { id };
	uint8_t at = 0;

	(void)iom_pci_add_cap(f, bytes, NULL, len, false, &at);
	return at;
}

static unsigned int log2_of(unsigned int v)
{
	unsigned int n = 0;

	while (v >>= 1)
		n++;
	return n;
}

static void build_msi(struct iom_pci_fn *f)
{
	uint16_t mmc = (uint16_t)IOM_FIELD_PREP(PCI_MSI_CONTROL_MMC, log2_of(f->cfg.msi_vectors));
	unsigned int at = f->cap_msi = add_blank_cap(f, PCI_CAP_ID_MSI, PCI_MSI_SIZE64);

	set16(f, at + PCI_MSI_CONTROL, PCI_MSI_CONTROL_64BIT | mmc,
	      PCI_MSI_CONTROL_ENABLE | PCI_MSI_CONTROL_MME);
	set32(f, at + PCI_MSI_ADDR, 0, PCI_MSI_ADDR_MASK);
	set32(f, at + PCI_MSI_ADDR_UPPER, 0, UINT32_MAX);
	set16(f, at + PCI_MSI_DATA64, 0, UINT16_MAX);
}

static void build_msix(struct iom_pci_fn *f)
{
	uint32_t half = f->cfg.bar_size[f->cfg.msix_bar] / 2;
	unsigned int at = f->cap_msix = add_blank_cap(f, PCI_CAP_ID_MSIX, PCI_MSIX_SIZE);

	set16(f, at + PCI_MSIX_CONTROL, (uint16_t)(f->cfg.msix_vectors - 1),
	      PCI_MSIX_CONTROL_MASK | PCI_MSIX_CONTROL_ENABLE);
	set32(f, at + PCI_MSIX_TABLE, f->cfg.msix_bar, 0);
	set32(f, at + PCI_MSIX_PBA, half | f->cfg.msix_bar, 0);
}

/*
 * 7.5.3: an endpoint on a link of one lane at 2.5 GT/s. Fields that a function
 * may hardwire because it does not do the thing are 0: payload above 128 bytes,
 * extended and phantom tags, relaxed ordering, No Snoop, ASPM.
 */
static void build_express(struct iom_pci_fn *f)
{
	unsigned int at = f->cap_exp = add_blank_cap(f, PCI_CAP_ID_EXPRESS, PCI_EXP_SIZE_V2);

	set16(f, at + PCI_EXP_FLAGS, (uint16_t)(PCI_EXP_FLAGS_VERSION_2 |
	      IOM_FIELD_PREP(PCI_EXP_FLAGS_TYPE, PCI_EXP_TYPE_ENDPOINT)), 0);
	set32(f, at + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_ROLE_ERR | PCI_EXP_DEVCAP_FLR |
	      IOM_FIELD_PREP(PCI_EXP_DEVCAP_L0S_LATENCY, PCI_EXP_LATENCY_NO_LIMIT) |
	      IOM_FIELD_PREP(PCI_EXP_DEVCAP_L1_LATENCY, PCI_EXP_LATENCY_NO_LIMIT), 0);
	/* Initiate FLR always reads 0: it is looked for in what is written */
	set16(f, at + PCI_EXP_DEVCTL,
	      (uint16_t)IOM_FIELD_PREP(PCI_EXP_DEVCTL_MAX_READ, PCI_EXP_MAX_READ_512),
	      PCI_EXP_DEVCTL_ERR_ENABLES | PCI_EXP_DEVCTL_MAX_READ);
	set32(f, at + PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_ASPM_OPTIONAL |
	      IOM_FIELD_PREP(PCI_EXP_LNKCAP_SPEED, PCI_EXP_SPEED_2_5GT) |
	      IOM_FIELD_PREP(PCI_EXP_LNKCAP_WIDTH, 1u), 0);
	set16(f, at + PCI_EXP_LNKCTL, 0, PCI_EXP_LNKCTL_ASPM | PCI_EXP_LNKCTL_RCB |
	      PCI_EXP_LNKCTL_COMMON_CLOCK | PCI_EXP_LNKCTL_EXT_SYNCH);
	set16(f, at + PCI_EXP_LNKSTA, (uint16_t)(
	      IOM_FIELD_PREP(PCI_EXP_LNKSTA_SPEED, PCI_EXP_SPEED_2_5GT) |
	      IOM_FIELD_PREP(PCI_EXP_LNKSTA_WIDTH, 1u)), 0);
	set32(f, at + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_CPL_TIMEOUT_DIS, 0);
	set16(f, at + PCI_EXP_DEVCTL2, 0, PCI_EXP_DEVCTL2_CPL_TIMEOUT_DIS);
	set32(f, at + PCI_EXP_LNKCAP2, PCI_EXP_LNKCAP2_2_5GT, 0);
}

/* PCIe 7.5.2: every function has D0 and D3hot; nothing is lost between them. */
static void build_pm(struct iom_pci_fn *f)
{
	unsigned int at = f->cap_pm = add_blank_cap(f, PCI_CAP_ID_PM, PCI_PM_SIZE);

	set16(f, at + PCI_PM_PMC, PCI_PM_PMC_VERSION_1_2, 0);
	set16(f, at + PCI_PM_PMCSR, PCI_PM_PMCSR_NO_SOFT_RESET, PCI_PM_PMCSR_STATE);
}

int iom_pci_init(struct iom_pci_fn *f, const struct iom_pci_fn_ops *ops,
		 const struct iom_pci_cfg *cfg)
{
	struct iom_lock lock;
	int rc;

	if (!cfg->plat || cfg->class_code > 0xffffff || !bars_ok(ops, cfg) ||
	    !interrupts_ok(cfg))
		return IOM_EINVAL;
	rc = cfg->plat->ops.lock_init(cfg->plat, &lock);
	if (rc)
		return rc;
	memset(f, 0, sizeof(*f));
	f->lock = lock;
	f->cfg = *cfg;
	f->ops = *ops;
	if (!f->ops.cap_read)
		f->ops.cap_read = no_cap_read;
	if (!f->ops.cap_write)
		f->ops.cap_write = no_cap_write;
	if (!f->ops.bus_master)
		f->ops.bus_master = no_bus_master;
	if (!f->ops.reset)
		f->ops.reset = no_reset;

	f->cap_end = PCI_HEADER_SIZE;
	build_header(f);
	if (cfg->pcie)
		build_pm(f);
	if (cfg->msi_vectors)
		build_msi(f);
	if (cfg->msix_vectors)
		build_msix(f);
	if (cfg->pcie)
		build_express(f);
	memcpy(f->space, f->initial, sizeof(f->space));
	iomi_pci_lock(f);
	iomi_pci_irq_reset(f);
	iomi_pci_unlock(f);
	return IOM_OK;
}

void iom_pci_fini(struct iom_pci_fn *f)
{
	f->cfg.plat->ops.lock_fini(f->cfg.plat, &f->lock);
}

/* Within the space, and not empty. */
static bool config_access_ok(unsigned int off, unsigned int len)
{
	return len && off < IOM_PCI_CFG_SIZE && len <= IOM_PCI_CFG_SIZE - off;
}

/* The part of [off, off + len) inside [start, start + size). */
static bool part_of(unsigned int off, unsigned int len, unsigned int start, unsigned int size,
		    unsigned int *at, unsigned int *n)
{
	unsigned int a = off > start ? off : start;
	unsigned int b = off + len < start + size ? off + len : start + size;

	if (a >= b)
		return false;
	*at = a;
	*n = b - a;
	return true;
}

void iom_pci_config_read(struct iom_pci_fn *f, unsigned int off, void *buf, unsigned int len)
{
	uint8_t *b = buf;
	unsigned int at, n, i;

	if (!config_access_ok(off, len)) {
		memset(buf, 0xff, len);
		return;
	}
	/* No extended capability: zeroes. No extended space: nobody answers. */
	memset(buf, f->cfg.pcie ? 0 : 0xff, len);
	if (part_of(off, len, 0, PCI_CFG_SIZE, &at, &n))
		memcpy(buf, f->space + at, n);
	if (off <= PCI_STATUS && PCI_STATUS < off + len) {
		iomi_pci_lock(f);
		if (f->intx_level)
			b[PCI_STATUS - off] |= PCI_STATUS_INTERRUPT;
		iomi_pci_unlock(f);
	}
	for (i = 0; i < f->nr_hooks; i++)
		if (part_of(off, len, f->hook[i].off, f->hook[i].len, &at, &n))
			f->ops.cap_read(f, f->hook[i].off, at - f->hook[i].off, b + (at - off), n);
}

bool iomi_pci_may_master(const struct iom_pci_fn *f)
{
	if (!(iom_get_le16(f->space + PCI_COMMAND) & PCI_COMMAND_MASTER))
		return false;
	return !f->cap_pm || IOM_FIELD_GET(PCI_PM_PMCSR_STATE,
			iom_get_le16(f->space + f->cap_pm + PCI_PM_PMCSR)) == PCI_PM_D0;
}

/* Under lock. PCI-PM 3.2.4: a write of a state that is not supported changes nothing. */
static void store_config(struct iom_pci_fn *f, unsigned int off, const uint8_t *b,
			 unsigned int len)
{
	unsigned int pmcsr = f->cap_pm + PCI_PM_PMCSR, state, i;
	uint8_t old = f->space[pmcsr], wmask;

	for (i = 0; i < len; i++) {
		wmask = f->wmask[off + i];
		f->space[off + i] = (uint8_t)((f->space[off + i] & ~wmask) | (b[i] & wmask));
	}
	state = f->space[pmcsr] & PCI_PM_PMCSR_STATE;
	if (f->cap_pm && state != PCI_PM_D0 && state != PCI_PM_D3HOT)
		f->space[pmcsr] = old;
}

void iom_pci_config_write(struct iom_pci_fn *f, unsigned int off, const void *buf,
			  unsigned int len)
{
	unsigned int flr = f->cap_exp + PCI_EXP_DEVCTL + 1u, at, n, i;
	const uint8_t *b = buf;
	bool was, master;

	if (!config_access_ok(off, len) || off >= PCI_CFG_SIZE)
		return;
	if (len > PCI_CFG_SIZE - off)
		len = PCI_CFG_SIZE - off;

	iomi_pci_lock(f);
	was = atomic_load(&f->bus_master_on);
	store_config(f, off, b, len);
	master = iomi_pci_may_master(f);
	atomic_store(&f->bus_master_on, master);
	iomi_pci_irq_update(f);
	iomi_pci_unlock(f);

	if (master != was)
		f->ops.bus_master(f, master);
	if (f->cap_exp && off <= flr && flr < off + len &&
	    b[flr - off] & PCI_EXP_DEVCTL_FLR >> 8) {
		iom_pci_reset(f);
		return;
	}
	for (i = 0; i < f->nr_hooks; i++)
		if (part_of(off, len, f->hook[i].off, f->hook[i].len, &at, &n))
			f->ops.cap_write(f, f->hook[i].off, at - f->hook[i].off, n);
}

static bool bar_access_ok(const struct iom_pci_fn *f, unsigned int bar, uint64_t off,
			  unsigned int len)
{
	uint32_t size = bar < IOM_PCI_BARS ? f->cfg.bar_size[bar] : 0;

	if (len != 1 && len != 2 && len != 4 && len != 8)
		return false;
	return off < size && len <= size - off;
}

static bool asleep(const struct iom_pci_fn *f)
{
	return f->cap_pm && f->space[f->cap_pm + PCI_PM_PMCSR] & PCI_PM_PMCSR_STATE;
}

int iom_pci_bar_read(struct iom_pci_fn *f, unsigned int bar, uint64_t off, void *buf,
		     unsigned int len)
{
	if (!bar_access_ok(f, bar, off, len)) {
		memset(buf, 0xff, len);
		return IOM_EINVAL;
	}
	if (asleep(f))
		memset(buf, 0xff, len);
	else if (iomi_pci_msix_touched(f, bar, off, len))
		iomi_pci_msix_read(f, off, buf, len);
	else
		f->ops.bar_read(f, bar, off, buf, len);
	return IOM_OK;
}

int iom_pci_bar_write(struct iom_pci_fn *f, unsigned int bar, uint64_t off, const void *buf,
		      unsigned int len)
{
	if (!bar_access_ok(f, bar, off, len))
		return IOM_EINVAL;
	if (asleep(f))
		return IOM_OK;
	if (iomi_pci_msix_touched(f, bar, off, len))
		iomi_pci_msix_write(f, off, buf, len);
	else
		f->ops.bar_write(f, bar, off, buf, len);
	return IOM_OK;
}

bool iom_pci_bus_master(const struct iom_pci_fn *f)
{
	return atomic_load(&f->bus_master_on);
}

void iom_pci_reset(struct iom_pci_fn *f)
{
	bool was;

	iomi_pci_lock(f);
	memcpy(f->space, f->initial, sizeof(f->space));
	was = atomic_exchange(&f->bus_master_on, false);
	iomi_pci_irq_reset(f);
	iomi_pci_unlock(f);
	if (was)
		f->ops.bus_master(f, false);
	f->ops.reset(f);
}
