/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens on a function's socket thread (registers, resets) and on its
 * worker (work, interrupts).
 */
#include <sched.h>

#include <iom/base/endian.h>
#include <iom/base/field.h>

#include "serve.h"

void iom_tool_serve_wake(void *arg)
{
	struct serve_fn *f = arg;

	if (f->worker)
		iom_host_worker_wake(f->worker);
	else
		iom_vfu_kick(f->v);
}

#define POLL_LOOKS	16u	/* into the rings, between two at the socket */
#define POLL_VAIN_MAX	5u

static uint64_t now_ns(void)
{
	return iom_host_plat()->ops.now_ns(iom_host_plat());
}

/* A look into the rings. True: something was found. */
static bool poll_look(struct serve_fn *f, int *rc)
{
	uint64_t found = f->vd->nr_found;

	*rc = iom_virtio_dev_run(f->vd);
	return f->vd->nr_found != found;
}

/*
 * After a request: is polling worth a try? Each time that nothing came, twice
 * as many requests are left alone before the next try.
 */
static void poll_start(struct serve_fn *f)
{
	if (f->poll_skip) {
		f->poll_skip--;
		return;
	}
	f->poll_hit = false;
	f->found_ns = now_ns();
	iom_virtio_dev_poll(f->vd, true);
}

/* The driver is asked to notify again; another look, which must follow, misses nothing. */
static void poll_stop(struct serve_fn *f)
{
	if (f->poll_hit)
		f->poll_vain = 0;
	else if (f->poll_vain < POLL_VAIN_MAX)
		f->poll_vain++;
	f->poll_skip = (1u << f->poll_vain) - 1;
	iom_virtio_dev_poll(f->vd, false);
}

/*
 * Adaptive polling: after a request look into the rings for poll_ns more, with
 * the driver asked not to notify. That spares it an exit to its VMM, and us a
 * message and the waking of a thread.
 */
static int run_polling(struct serve_fn *f)
{
	unsigned int i;
	int rc;

	if (!f->vd->polling) {
		if (poll_look(f, &rc) && rc != IOM_ENODEV)
			poll_start(f);
		return f->vd->polling ? IOM_EAGAIN : rc;
	}
	for (i = 0; i < POLL_LOOKS; i++) {
		if (poll_look(f, &rc)) {
			f->poll_hit = true;
			f->found_ns = now_ns();
		}
		if (rc == IOM_ENODEV)
			break;
	}
	if (rc == IOM_ENODEV || now_ns() - f->found_ns >= f->poll_ns)
		poll_stop(f);
	else
		sched_yield();
	return IOM_EAGAIN;
}

int iom_tool_serve_run(void *arg)
{
	struct serve_fn *f = arg;

	if (f->vd)
		return f->poll_ns ? run_polling(f) : iom_virtio_dev_run(f->vd);
	iom_dmatest_run(&f->dmatest);
	return IOM_OK;
}

/* How often to wait before the client is looked after meanwhile. */
#define PUMP_FROM 32u

/*
 * An IOMMU's work waits for accesses of its endpoints, and those may wait for
 * their client. So the IOMMU's own registers are served while it waits.
 */
void iom_tool_serve_relax(struct iom_plat *p, unsigned int turn)
{
	struct serve_fn *f = IOM_CONTAINER_OF(p, struct serve_fn, plat);

	if (turn >= PUMP_FROM)
		iom_vfu_pump(f->v);
	iom_host_plat()->ops.relax(p, turn);
}

/* --- registers ------------------------------------------------------------ */

static struct serve_fn *to_fn(struct iom_vfu_dev *d)
{
	return IOM_CONTAINER_OF(d, struct serve_fn, dev);
}

static int fn_read(struct iom_vfu_dev *d, unsigned int region, uint64_t off, void *buf, size_t len)
{
	struct serve_fn *f = to_fn(d);

	if (region != IOM_VFU_REGION_CONFIG)
		return iom_pci_bar_read(f->pci, region, off, buf, (unsigned int)len);
	iom_pci_config_read(f->pci, (unsigned int)off, buf, (unsigned int)len);
	return IOM_OK;
}

static int fn_write(struct iom_vfu_dev *d, unsigned int region, uint64_t off, const void *buf,
		    size_t len)
{
	struct serve_fn *f = to_fn(d);
	bool before;

	if (region != IOM_VFU_REGION_CONFIG)
		return iom_pci_bar_write(f->pci, region, off, buf, (unsigned int)len);
	before = iom_pci_bus_master(f->pci);
	iom_pci_config_write(f->pci, (unsigned int)off, buf, (unsigned int)len);
	if (!before && iom_pci_bus_master(f->pci)) {
		/* A driver has it in hand again. Work may wait that could not be done. */
		atomic_store(&f->frozen, false);
		iom_tool_serve_wake(f);
	}
	return IOM_OK;
}

static bool fn_dma_allowed(struct iom_vfu_dev *d)
{
	struct serve_fn *f = to_fn(d);

	return iom_pci_bus_master(f->pci) && !atomic_load(&f->frozen);
}

/*
 * The VMM resets the functions of a machine one after the other. Once the
 * IOMMU is back in its boot state, perhaps bypass, an endpoint that still runs
 * would take I/O virtual addresses for physical ones: it does no DMA until it
 * has been reset too, or its bus mastering is turned on anew.
 */
static void freeze_endpoints(struct serve_fn *iommu)
{
	struct serve *s = iommu->s;
	unsigned int i;

	for (i = 0; i < s->nr_fns; i++) {
		if (s->fn[i].iommu == iommu)
			atomic_store(&s->fn[i].frozen, true);
	}
}

static void fn_reset(struct iom_vfu_dev *d)
{
	struct serve_fn *f = to_fn(d);

	if (f->viommu) {
		/* Not the driver's reset (status 0): `bypass` goes back to its boot value. */
		freeze_endpoints(f);
		iom_viommu_vq_system_reset(f->viommu);
	}
	iom_pci_reset(f->pci);
	atomic_store(&f->frozen, false);
	iom_tool_serve_wake(f);
}

static void fn_connection(struct iom_vfu_dev *d, bool open)
{
	struct serve_fn *f = to_fn(d);

	fprintf(stderr, "iom: %s: %s\n", f->name,
		open ? "a client is connected" : "the client is gone");
	if (open)
		iom_tool_serve_wake(f);
}

static int fn_work(struct iom_vfu_dev *d)
{
	return iom_tool_serve_run(to_fn(d));
}

static void fn_note(struct iom_vfu_dev *d, const char *line)
{
	fprintf(stderr, "iom: %s: %s\n", to_fn(d)->name, line);
}

const struct iom_vfu_dev_ops iom_tool_serve_dev_ops = {
	.region_read = fn_read,
	.region_write = fn_write,
	.reset = fn_reset,
	.dma_allowed = fn_dma_allowed,
	.connection = fn_connection,
	.work = fn_work,
	.note = fn_note,
};

/* --- interrupts ----------------------------------------------------------- */

/*
 * An MSI is a write like any other, so the IOMMU translates its address. Where
 * the result is a mapping of the guest's (a GICv2m frame, say), the VMM does
 * not know it: we write the message there ourselves. Where nothing is
 * translated (x86, a reserved MSI region, bypass) the VMM sends it. Where
 * nothing is mapped the message is lost and the guest told of the fault.
 * Returns true if nothing is left to send.
 */
static bool send_translated(struct serve_fn *f, uint64_t addr, uint32_t data)
{
	struct iom_le32 msg = iom_le32_make(data);
	struct iom_run run;
	bool done;

	pthread_mutex_lock(&f->msi_lock);
	iom_access_begin(&f->msi_access);
	if (iom_xlate_translate(f->msi_xlate, addr, sizeof(msg), IOM_ACCESS_WRITE, &run)) {
		done = true;
	} else {
		done = !(run.flags & (IOM_RUN_MSI | IOM_RUN_BYPASS));
		/* A socket that is full loses a message, as a bus error would. */
		if (done)
			(void)iom_vfu_post(f->v, run.gpa, &msg, sizeof(msg));
	}
	iom_access_end(&f->msi_access);
	pthread_mutex_unlock(&f->msi_lock);
	return done;
}

static void fn_msi(struct iom_irq *irq, bool msix, unsigned int vector, uint64_t addr,
		   uint32_t data)
{
	struct serve_fn *f = IOM_CONTAINER_OF(irq, struct serve_fn, irq);
	struct iom_irq *out = iom_vfu_irq(f->v);

	/* The VMM owns the MSI-X table: its addresses are not known here. */
	if (!msix && f->xlate && send_translated(f, addr, data))
		return;
	out->ops->msi(out, msix, vector, addr, data);
}

static void fn_intx(struct iom_irq *irq, bool level)
{
	struct serve_fn *f = IOM_CONTAINER_OF(irq, struct serve_fn, irq);
	struct iom_irq *out = iom_vfu_irq(f->v);

	out->ops->intx(out, level);
}

const struct iom_irq_ops iom_tool_serve_irq_ops = { .msi = fn_msi, .intx = fn_intx };
