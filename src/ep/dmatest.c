/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of the DMA test function, and its commands. For drivers:
 * docs/dma-test-function.md.
 *
 * STATUS is the state machine: BUSY from the write of CMD until the worker
 * completes, anything else between. While BUSY the job and STATUS belong to
 * the worker; a reset marks the job abandoned and the worker, leaving, makes
 * STATUS idle. All of it stands under f->lock, which is never held while
 * memory is accessed: the gmem may wait for the register thread.
 */
#include <iom/base/endian.h>
#include <iom/base/field.h>
#include <iom/base/mem.h>
#include <iom/ep/dmatest.h>

#include "ep/dmatest_priv.h"
#include "ep/ep.h"

static struct iom_dmatest *to_dmatest(struct iom_pci_fn *fn)
{
	return IOM_CONTAINER_OF(fn, struct iom_dmatest, fn);
}

static void lock(struct iom_dmatest *f)
{
	iom_plat_lock(f->cfg.plat, &f->lock);
}

static void unlock(struct iom_dmatest *f)
{
	iom_plat_unlock(f->cfg.plat, &f->lock);
}

/* --- registers: register thread, under lock ------------------------------ */

static uint32_t reg_read(const struct iom_dmatest *f, uint64_t off)
{
	switch (off) {
	case IOM_DMATEST_ID:
		return IOM_DMATEST_ID_VALUE;
	case IOM_DMATEST_VERSION:
		return 1;
	case IOM_DMATEST_SRC_LO:
		return (uint32_t)f->regs.src;
	case IOM_DMATEST_SRC_HI:
		return (uint32_t)(f->regs.src >> 32);
	case IOM_DMATEST_DST_LO:
		return (uint32_t)f->regs.dst;
	case IOM_DMATEST_DST_HI:
		return (uint32_t)(f->regs.dst >> 32);
	case IOM_DMATEST_LEN:
		return f->regs.len;
	case IOM_DMATEST_PATTERN:
		return f->regs.pattern;
	case IOM_DMATEST_STATUS:
		return f->status;
	case IOM_DMATEST_DONE:
		return f->done;
	case IOM_DMATEST_FAULT_LO:
		return (uint32_t)f->fault;
	case IOM_DMATEST_FAULT_HI:
		return (uint32_t)(f->fault >> 32);
	case IOM_DMATEST_INTX:
		return f->intx;
	case IOM_DMATEST_COUNT:
		return f->count;
	default:
		return 0;
	}
}

static void set_lo(uint64_t *r, uint32_t v)
{
	*r = (*r & ~(uint64_t)UINT32_MAX) | v;
}

static void set_hi(uint64_t *r, uint32_t v)
{
	*r = (*r & UINT32_MAX) | (uint64_t)v << 32;
}

/* Latches a command; true if the worker has to be woken. */
static bool start(struct iom_dmatest *f, uint32_t cmd)
{
	if (f->status == IOM_DMATEST_BUSY) {
		iomi_ep_count(&f->stats.ignored, 1);
		return false;
	}
	f->job = f->regs;
	f->job.cmd = cmd;
	f->done = 0;
	f->fault = 0;
	f->status = IOM_DMATEST_BUSY;
	return true;
}

static bool reg_write(struct iom_dmatest *f, uint64_t off, uint32_t v)
{
	switch (off) {
	case IOM_DMATEST_SRC_LO:
		set_lo(&f->regs.src, v);
		break;
	case IOM_DMATEST_SRC_HI:
		set_hi(&f->regs.src, v);
		break;
	case IOM_DMATEST_DST_LO:
		set_lo(&f->regs.dst, v);
		break;
	case IOM_DMATEST_DST_HI:
		set_hi(&f->regs.dst, v);
		break;
	case IOM_DMATEST_LEN:
		f->regs.len = v;
		break;
	case IOM_DMATEST_PATTERN:
		f->regs.pattern = v;
		break;
	case IOM_DMATEST_CMD:
		return start(f, v);
	case IOM_DMATEST_INTX:
		if (f->intx & v) {
			f->intx = 0;
			iom_pci_intx(&f->fn, false);
		}
		break;
	}
	return false;
}

/* 32 bits, or 64 as two of 32, the lower first. */
static bool reg_access_ok(uint64_t off, unsigned int len)
{
	return (len == 4 || len == 8) && off % len == 0;
}

static void dmatest_bar_read(struct iom_pci_fn *fn, unsigned int bar, uint64_t off, void *buf,
			     unsigned int len)
{
	struct iom_dmatest *f = to_dmatest(fn);
	unsigned int i;

	memset(buf, 0, len);
	lock(f);
	if (bar == IOMI_DMATEST_BAR_BUFFER)
		memcpy(buf, f->buffer + off, len);
	else if (bar == IOMI_DMATEST_BAR_REGS && reg_access_ok(off, len))
		for (i = 0; i < len; i += 4)
			iom_put_le32((uint8_t *)buf + i, reg_read(f, off + i));
	unlock(f);
}

static void dmatest_bar_write(struct iom_pci_fn *fn, unsigned int bar, uint64_t off,
			      const void *buf, unsigned int len)
{
	struct iom_dmatest *f = to_dmatest(fn);
	bool wake = false;
	unsigned int i;

	lock(f);
	if (bar == IOMI_DMATEST_BAR_BUFFER)
		memcpy(f->buffer + off, buf, len);
	else if (bar == IOMI_DMATEST_BAR_REGS && reg_access_ok(off, len))
		for (i = 0; i < len; i += 4)
			wake |= reg_write(f, off + i, iom_get_le32((const uint8_t *)buf + i));
	unlock(f);
	if (wake && f->cfg.wake)
		f->cfg.wake(f->cfg.wake_arg);
}

static void dmatest_reset(struct iom_pci_fn *fn)
{
	struct iom_dmatest *f = to_dmatest(fn);

	lock(f);
	memset(&f->regs, 0, sizeof(f->regs));
	memset(f->buffer, 0, IOM_DMATEST_BUFFER_SIZE);
	f->done = 0;
	f->fault = 0;
	f->count = 0;
	f->intx = 0;
	if (f->running)
		f->abandoned = true;
	else
		f->status = IOM_DMATEST_IDLE;
	unlock(f);
}

const struct iom_pci_fn_ops iomi_dmatest_ops = {
	.bar_read = dmatest_bar_read,
	.bar_write = dmatest_bar_write,
	.reset = dmatest_reset,
};

/* --- commands: worker ----------------------------------------------------- */

/* A command on its way. */
struct dma_run {
	struct iom_dmatest *f;
	struct iom_dmatest_job job;
	uint32_t done;			/* bytes moved */
	uint64_t at;			/* address of the access in work */
};

static bool wraps(uint64_t addr, uint32_t len)
{
	return addr + (len - 1) < addr;
}

/* What a command reads and writes in memory. */
static bool op_reads(uint32_t op)
{
	return op == IOM_DMATEST_OP_READ || op == IOM_DMATEST_OP_COPY;
}

static bool op_writes(uint32_t op)
{
	return op == IOM_DMATEST_OP_WRITE || op == IOM_DMATEST_OP_COPY ||
	       op == IOM_DMATEST_OP_FILL;
}

static bool job_ok(const struct iom_dmatest_job *j)
{
	uint32_t op = j->cmd & IOM_DMATEST_CMD_OP;
	uint32_t max = op == IOM_DMATEST_OP_READ || op == IOM_DMATEST_OP_WRITE ?
			       IOM_DMATEST_BUFFER_SIZE : IOM_DMATEST_LEN_MAX;

	if (j->cmd & ~(IOM_DMATEST_CMD_OP | IOM_DMATEST_CMD_VECTOR | IOM_DMATEST_CMD_IRQ) ||
	    !op || op > IOM_DMATEST_OP_IRQ ||
	    (j->cmd & IOM_DMATEST_CMD_VECTOR) >> 8 >= IOM_DMATEST_VECTORS)
		return false;
	if (op == IOM_DMATEST_OP_IRQ)
		return true;
	if (!j->len || j->len > max || (op_reads(op) && wraps(j->src, j->len)) ||
	    (op_writes(op) && wraps(j->dst, j->len)))
		return false;
	/* a copy onto itself would depend on how it is cut */
	return op != IOM_DMATEST_OP_COPY ||
	       (j->dst - j->src >= j->len && j->src - j->dst >= j->len);
}

/*
 * The next piece: it crosses no 4 KiB boundary on either side, so memory
 * takes or refuses it whole, and DONE is exact.
 */
static uint32_t piece_len(const struct dma_run *d)
{
	uint32_t op = d->job.cmd & IOM_DMATEST_CMD_OP;
	uint32_t n = d->job.len - d->done, room;

	if (op_reads(op)) {
		room = 4096 - (uint32_t)((d->job.src + d->done) & 4095);
		n = n < room ? n : room;
	}
	if (op_writes(op)) {
		room = 4096 - (uint32_t)((d->job.dst + d->done) & 4095);
		n = n < room ? n : room;
	}
	return n;
}

static void fill_pattern(struct dma_run *d, uint8_t *to, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		to[i] = (uint8_t)(d->job.pattern >> 8 * ((d->done + i) % 4));
}

/* One piece, inside a bracket. */
static int move_piece(struct dma_run *d, uint32_t n)
{
	struct iom_dmatest *f = d->f;
	uint32_t op = d->job.cmd & IOM_DMATEST_CMD_OP;
	uint8_t *via = f->bounce;
	int rc = IOM_OK;

	if (op_reads(op)) {
		d->at = d->job.src + d->done;
		rc = iom_gmem_read(f->cfg.gmem, d->at, via, n);
		if (rc)
			return rc;
		iomi_ep_count(&f->stats.bytes_read, n);
	}
	if (op == IOM_DMATEST_OP_FILL)
		fill_pattern(d, via, n);
	if (op == IOM_DMATEST_OP_READ || op == IOM_DMATEST_OP_WRITE) {
		lock(f);
		if (op == IOM_DMATEST_OP_WRITE)
			memcpy(via, f->buffer + d->done, n);
		else if (!f->abandoned)
			memcpy(f->buffer + d->done, via, n);
		unlock(f);
	}
	if (op_writes(op)) {
		d->at = d->job.dst + d->done;
		rc = iom_gmem_write(f->cfg.gmem, d->at, via, n);
		if (rc)
			return rc;
		iomi_ep_count(&f->stats.bytes_written, n);
	}
	return IOM_OK;
}

static bool abandoned(struct iom_dmatest *f)
{
	bool yes;

	lock(f);
	yes = f->abandoned;
	unlock(f);
	return yes;
}

/* All pieces, a bracket for each few of them. IOM_E* of gmem; d->done so far. */
static int move_all(struct dma_run *d)
{
	struct iom_gmem *g = d->f->cfg.gmem;
	unsigned int i;
	uint32_t n;
	int rc = IOM_OK;

	while (d->done < d->job.len && !rc && !abandoned(d->f)) {
		rc = iom_pci_bus_master(&d->f->fn) ? iom_gmem_begin(g) : IOM_ENODEV;
		if (rc)
			return rc;
		for (i = 0; i < IOMI_DMATEST_BRACKET && d->done < d->job.len && !rc; i++) {
			n = piece_len(d);
			rc = move_piece(d, n);
			d->done += rc ? 0 : n;
		}
		iom_gmem_end(g);
	}
	return rc;
}

static uint32_t execute(struct dma_run *d)
{
	int rc;

	if (!job_ok(&d->job))
		return IOM_DMATEST_BAD_COMMAND;
	if ((d->job.cmd & IOM_DMATEST_CMD_OP) == IOM_DMATEST_OP_IRQ)
		return IOM_DMATEST_DONE_OK;
	rc = move_all(d);
	if (rc == IOM_ENODEV)
		return IOM_DMATEST_NO_BUS_MASTER;
	if (rc) {
		iomi_ep_count(&d->f->stats.faults, 1);
		return IOM_DMATEST_FAULT;
	}
	return IOM_DMATEST_DONE_OK;
}

void iom_dmatest_run(struct iom_dmatest *f)
{
	struct dma_run d = { .f = f };
	bool irq, msi, dropped;
	uint32_t status;

	lock(f);
	f->running = f->status == IOM_DMATEST_BUSY;
	d.job = f->job;
	unlock(f);
	if (!f->running)
		return;

	status = execute(&d);
	irq = status != IOM_DMATEST_BAD_COMMAND &&
	      (d.job.cmd & IOM_DMATEST_CMD_IRQ ||
	       (d.job.cmd & IOM_DMATEST_CMD_OP) == IOM_DMATEST_OP_IRQ);

	msi = iom_pci_msi_enabled(&f->fn);

	lock(f);
	dropped = f->abandoned;
	f->abandoned = false;
	f->running = false;
	f->status = dropped ? IOM_DMATEST_IDLE : status;
	irq &= !dropped;
	if (!dropped) {
		f->done = d.done;
		f->fault = status == IOM_DMATEST_FAULT ? d.at : 0;
		f->count++;
	}
	/* under the lock: a reset or a write to INTX comes wholly before or after */
	if (irq && !msi && f->cfg.intx_pin) {
		f->intx = 1;
		iom_pci_intx(&f->fn, true);
	}
	unlock(f);
	iomi_ep_count(&f->stats.commands, 1);
	if (irq && msi)
		iom_pci_irq(&f->fn, (d.job.cmd & IOM_DMATEST_CMD_VECTOR) >> 8);
}
