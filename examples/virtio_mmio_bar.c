/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-blk disk on virtio-mmio, whose registers stand in a BAR of a PCI
 * function that is served by vfio-user: so that a driver of another make sees
 * this transport (docs/virtio-mmio.md says what the guest has to do).
 *
 *	cc virtio_mmio_bar.c $(pkg-config --cflags --libs libiom) -pthread
 *	./virtio_mmio_bar bar.sock disk.img packed
 *
 * The guest's memory has to be shared: a reset of the device waits for the
 * worker on the thread that would bring it the answers to DMA messages.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <iom/device.h>
#include <iom/host.h>
#include <iom/host/host_store.h>
#include <iom/host/host_worker.h>

/* One page of the largest guest, so that nothing else is in it. */
#define BAR_SIZE 0x10000u

static struct {
	struct iom_vfu_dev dev;
	struct iom_vfu *v;
	struct iom_pci_fn fn;
	struct iom_vmmio_dev mmio;
	struct iom_blk blk;
	struct iom_host_store_file store;
	struct iom_host_worker *worker;
} bar;

/* --- the function: BAR 0 is the register window ------------------------------ */

static void bar_read(struct iom_pci_fn *f, unsigned int n, uint64_t off, void *buf,
		     unsigned int len)
{
	(void)f;
	(void)n;
	(void)iom_vmmio_dev_read(&bar.mmio, off, buf, len);
}

static void bar_write(struct iom_pci_fn *f, unsigned int n, uint64_t off, const void *buf,
		      unsigned int len)
{
	(void)f;
	(void)n;
	(void)iom_vmmio_dev_write(&bar.mmio, off, buf, len);
}

static void bus_master(struct iom_pci_fn *f, bool on)
{
	(void)f;
	if (on)
		iom_host_worker_wake(bar.worker);
}

static void fn_reset(struct iom_pci_fn *f)
{
	(void)f;
	iom_virtio_dev_reset(&bar.blk.vd);
}

static const struct iom_pci_fn_ops fn_ops = {
	.bar_read = bar_read,
	.bar_write = bar_write,
	.bus_master = bus_master,
	.reset = fn_reset,
};

static void line(void *arg, bool level)
{
	(void)arg;
	iom_pci_intx(&bar.fn, level);
}

/* --- the socket ---------------------------------------------------------------- */

static int region_read(struct iom_vfu_dev *d, unsigned int region, uint64_t off, void *buf,
		       size_t len)
{
	(void)d;
	if (region != IOM_VFU_REGION_CONFIG)
		return iom_pci_bar_read(&bar.fn, region, off, buf, (unsigned int)len);
	iom_pci_config_read(&bar.fn, (unsigned int)off, buf, (unsigned int)len);
	return IOM_OK;
}

static int region_write(struct iom_vfu_dev *d, unsigned int region, uint64_t off, const void *buf,
			size_t len)
{
	(void)d;
	if (region != IOM_VFU_REGION_CONFIG)
		return iom_pci_bar_write(&bar.fn, region, off, buf, (unsigned int)len);
	iom_pci_config_write(&bar.fn, (unsigned int)off, buf, (unsigned int)len);
	return IOM_OK;
}

static void reset(struct iom_vfu_dev *d)
{
	(void)d;
	iom_pci_reset(&bar.fn);
}

static bool dma_allowed(struct iom_vfu_dev *d)
{
	(void)d;
	return iom_pci_bus_master(&bar.fn);
}

static void memory_changed(struct iom_vfu_dev *d)
{
	(void)d;
	iom_host_worker_wake(bar.worker);
}

static const struct iom_vfu_dev_ops dev_ops = {
	.region_read = region_read,
	.region_write = region_write,
	.reset = reset,
	.dma_allowed = dma_allowed,
	.memory_changed = memory_changed,
};

/* --- the disk ------------------------------------------------------------------- */

static void wake(void *arg)
{
	(void)arg;
	iom_host_worker_wake(bar.worker);
}

static int run(void *arg)
{
	(void)arg;
	return iom_virtio_dev_run(&bar.blk.vd);
}

static int build(bool packed)
{
	const struct iom_vfu_cfg vfu = {
		.dev = &bar.dev,
		.region_size = { [0] = BAR_SIZE, [IOM_VFU_REGION_CONFIG] = 256 },
		.irq_count = { [IOM_VFU_IRQ_INTX] = 1 },
		.nr_gmems = 1,
	};
	struct iom_blk_cfg blk = {
		.plat = iom_host_plat(),
		.store = &bar.store.s,
		.packed = packed,
		.wake = wake,
	};
	struct iom_pci_cfg pci = {
		.plat = iom_host_plat(),
		.vendor = IOM_DMATEST_VENDOR,
		.device = 0xd1a1,
		.class_code = 0xff0000,
		.intx_pin = 1,
		.bar_size = { BAR_SIZE },
	};
	const struct iom_host_worker_cfg worker = { .run = run, .name = "disk" };
	int rc;

	bar.dev.ops = &dev_ops;
	rc = iom_vfu_create(&vfu, &bar.v);
	if (rc)
		return rc;
	blk.gmem = iom_vfu_gmem(bar.v, 0);
	pci.irq = iom_vfu_irq(bar.v);
	rc = iom_blk_init(&bar.blk, &blk);
	if (!rc)
		rc = iom_pci_init(&bar.fn, &fn_ops, &pci);
	if (!rc)
		rc = iom_vmmio_dev_init(&bar.mmio, &bar.blk.vd, IOM_DMATEST_VENDOR, line, NULL);
	if (!rc)
		rc = iom_host_worker_start(&worker, &bar.worker);
	return rc;
}

static void stop(int sig)
{
	(void)sig;
	iom_vfu_stop(bar.v);
}

int main(int argc, char **argv)
{
	char why[IOM_VFU_WHY];
	int rc;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		puts("usage: virtio_mmio_bar SOCKET DISK packed|split");
		return 0;
	}
	if (argc != 4 || (strcmp(argv[3], "packed") && strcmp(argv[3], "split"))) {
		fprintf(stderr, "usage: virtio_mmio_bar SOCKET DISK packed|split\n");
		return 2;
	}
	if (iom_host_store_open(&bar.store, argv[2], false, 0, why)) {
		fprintf(stderr, "virtio_mmio_bar: %s\n", why);
		return 2;
	}
	rc = build(!strcmp(argv[3], "packed"));
	if (rc) {
		fprintf(stderr, "virtio_mmio_bar: %s\n", iom_err_str(rc));
		return 1;
	}
	if (iom_vfu_listen(bar.v, argv[1], why)) {
		fprintf(stderr, "virtio_mmio_bar: %s\n", why);
		return 2;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	signal(SIGPIPE, SIG_IGN);
	puts("ready");
	fflush(stdout);
	iom_vfu_serve(bar.v);

	iom_host_worker_free(bar.worker);
	bar.store.s.ops->flush(&bar.store.s);
	printf("disk: %llu requests, %llu faults\n", (unsigned long long)bar.blk.stats.requests,
	       (unsigned long long)bar.blk.stats.faults);
	iom_vmmio_dev_fini(&bar.mmio);
	iom_pci_fini(&bar.fn);
	iom_blk_fini(&bar.blk);
	iom_vfu_destroy(bar.v);
	iom_host_store_close(&bar.store);
	return 0;
}
