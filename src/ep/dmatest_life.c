/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DMA test function's making and unmaking, and its saved state: a record
 * of its own, then that of the PCI function.
 */
#include <iom/base/mem.h>
#include <iom/base/state.h>
#include <iom/ep/dmatest.h>

#include "ep/dmatest_priv.h"

#define DMATEST_STATE_MAGIC	0x54414d44u	/* "DMAT" */
#define DMATEST_STATE_VERSION	1u

static int init_pci(struct iom_dmatest *f)
{
	struct iom_pci_cfg p = { 0 };

	p.plat = f->cfg.plat;
	p.vendor = f->cfg.vendor;
	p.device = f->cfg.device;
	p.subsys_vendor = f->cfg.vendor;
	p.subsys_id = f->cfg.device;
	p.revision = 1;
	p.class_code = IOM_DMATEST_CLASS;
	p.multifunction = f->cfg.multifunction;
	p.pcie = !f->cfg.no_pcie;
	p.intx_pin = f->cfg.intx_pin;
	p.msi_vectors = f->cfg.no_msi ? 0 : IOM_DMATEST_VECTORS;
	p.irq = f->cfg.irq;
	p.bar_size[IOMI_DMATEST_BAR_REGS] = IOM_DMATEST_REGS_SIZE;
	p.bar_size[IOMI_DMATEST_BAR_BUFFER] = IOM_DMATEST_BUFFER_SIZE;
	if (!f->cfg.no_msix) {
		p.msix_vectors = IOM_DMATEST_VECTORS;
		p.msix_bar = IOMI_DMATEST_BAR_MSIX;
		p.msix_table_extern = f->cfg.msix_table_extern;
		p.bar_size[IOMI_DMATEST_BAR_MSIX] = 4096;
	}
	return iom_pci_init(&f->fn, &iomi_dmatest_ops, &p);
}

int iom_dmatest_init(struct iom_dmatest *f, const struct iom_dmatest_cfg *cfg)
{
	void *buffer, *bounce;
	int rc;

	if (!cfg->plat || !cfg->gmem || !cfg->irq)
		return IOM_EINVAL;
	memset(f, 0, sizeof(*f));
	f->cfg = *cfg;
	if (!f->cfg.vendor)
		f->cfg.vendor = IOM_DMATEST_VENDOR;
	if (!f->cfg.device)
		f->cfg.device = IOM_DMATEST_DEVICE;
	rc = iom_plat_alloc(cfg->plat, IOM_DMATEST_BUFFER_SIZE, 8, &buffer);
	if (rc)
		return rc;
	rc = iom_plat_alloc(cfg->plat, IOMI_DMATEST_BOUNCE, 8, &bounce);
	if (rc)
		goto err_buffer;
	rc = cfg->plat->ops.lock_init(cfg->plat, &f->lock);
	if (rc)
		goto err_bounce;
	f->buffer = buffer;
	f->bounce = bounce;
	rc = init_pci(f);
	if (rc)
		goto err_lock;
	return IOM_OK;
err_lock:
	cfg->plat->ops.lock_fini(cfg->plat, &f->lock);
err_bounce:
	iom_plat_free(cfg->plat, bounce, IOMI_DMATEST_BOUNCE);
err_buffer:
	iom_plat_free(cfg->plat, buffer, IOM_DMATEST_BUFFER_SIZE);
	return rc;
}

void iom_dmatest_fini(struct iom_dmatest *f)
{
	struct iom_plat *p = f->cfg.plat;

	iom_pci_fini(&f->fn);
	p->ops.lock_fini(p, &f->lock);
	iom_plat_free(p, f->bounce, IOMI_DMATEST_BOUNCE);
	iom_plat_free(p, f->buffer, IOM_DMATEST_BUFFER_SIZE);
}

static void save_job(struct iom_state_w *w, const struct iom_dmatest_job *j)
{
	iom_state_w_u64(w, j->src);
	iom_state_w_u64(w, j->dst);
	iom_state_w_u32(w, j->len);
	iom_state_w_u32(w, j->pattern);
	iom_state_w_u32(w, j->cmd);
}

static void read_job(struct iom_state_r *r, struct iom_dmatest_job *j)
{
	j->src = iom_state_r_u64(r);
	j->dst = iom_state_r_u64(r);
	j->len = iom_state_r_u32(r);
	j->pattern = iom_state_r_u32(r);
	j->cmd = iom_state_r_u32(r);
}

int iom_dmatest_save(struct iom_dmatest *f, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, DMATEST_STATE_MAGIC, DMATEST_STATE_VERSION);
	size_t left, pci = 0;
	int rc;

	save_job(&w, &f->regs);
	save_job(&w, &f->job);
	iom_state_w_u32(&w, f->status);
	iom_state_w_u32(&w, f->done);
	iom_state_w_u32(&w, f->count);
	iom_state_w_u32(&w, f->intx);
	iom_state_w_u64(&w, f->fault);
	iom_state_w_bytes(&w, f->buffer, IOM_DMATEST_BUFFER_SIZE);
	iom_state_w_end(&w, at);

	left = w.pos < cap ? cap - w.pos : 0;
	rc = iom_pci_save(&f->fn, left ? (uint8_t *)buf + w.pos : NULL, left, &pci);
	*len = w.pos + pci;
	return rc;
}

int iom_dmatest_restore(struct iom_dmatest *f, const void *buf, size_t size, size_t *len)
{
	uint32_t status, done, count, intx;
	struct iom_dmatest_job regs, job;
	struct iom_state_r r;
	size_t own, pci;
	const uint8_t *bytes;
	uint64_t fault;
	int rc;

	rc = iom_state_r_open(&r, buf, size, DMATEST_STATE_MAGIC, DMATEST_STATE_VERSION, &own);
	if (rc)
		return rc;
	read_job(&r, &regs);
	read_job(&r, &job);
	status = iom_state_r_u32(&r);
	done = iom_state_r_u32(&r);
	count = iom_state_r_u32(&r);
	intx = iom_state_r_u32(&r);
	fault = iom_state_r_u64(&r);
	/* the buffer is the rest, and is copied once nothing can fail */
	if (r.bad || r.size - r.pos != IOM_DMATEST_BUFFER_SIZE ||
	    status > IOM_DMATEST_NO_BUS_MASTER || intx > 1)
		return IOM_EINVAL;
	bytes = r.buf + r.pos;
	rc = iom_pci_restore(&f->fn, (const uint8_t *)buf + own, size - own, &pci);
	if (rc)
		return rc;
	f->regs = regs;
	f->job = job;
	f->status = status;
	f->done = done;
	f->count = count;
	f->intx = intx;
	f->fault = fault;
	memcpy(f->buffer, bytes, IOM_DMATEST_BUFFER_SIZE);
	f->running = false;
	f->abandoned = false;
	*len = own + pci;
	if (status == IOM_DMATEST_BUSY && f->cfg.wake)
		f->cfg.wake(f->cfg.wake_arg);
	return IOM_OK;
}
