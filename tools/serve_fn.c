/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions built from the machine, started and stopped. IOMMUs come first,
 * since their endpoints are added to them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iom/base/field.h>
#include <iom/spec/virtio.h>

#include "iom.h"
#include "serve.h"

/*
 * An IOMMU polls unless told otherwise: its drivers wait for each answer in a
 * loop, with a lock held, so a CPU of the guest is busy in any case.
 */
#define IOMMU_POLL_NS 50000u

/* Room for the reserved regions of an endpoint, each 24 bytes. */
#define PROBE_SIZE 512u

static int refuse(struct serve *s, const char *node, const char *prop, const char *what)
{
	fprintf(stderr, "iom: %s: %s%s%s: %s\n", s->o.machine, node, *prop ? ": " : "", prop,
		what);
	return IOM_TOOL_USAGE;
}

static int broken(const struct serve_fn *f, const char *what, int rc)
{
	fprintf(stderr, "iom: %s: %s: %s\n", f->name, what, iom_err_str(rc));
	return IOM_TOOL_FAIL;
}

/* --- checks --------------------------------------------------------------- */

static int check_iommus(struct serve *s)
{
	const struct iom_machine *m = &s->t.m;
	uint32_t i;

	for (i = 0; i < m->nr_iommus; i++) {
		if (m->iommus[i].fn == IOM_MACHINE_NONE)
			return refuse(s, m->iommus[i].path, "",
				      "iom serve offers PCI functions only, and no virtio-mmio");
	}
	if (m->nr_endpoints)
		return refuse(s, m->endpoints[0].path, "",
			      "iom serve offers PCI functions only, and no virtio-mmio");
	if (!m->nr_fns)
		return refuse(s, "/", "", "there is no PCI function to serve");
	return IOM_TOOL_OK;
}

static int check_fn(struct serve *s, const struct iom_machine_fn *m)
{
	const struct iom_machine_viommu *v = &m->viommu;

	if (m->kind != IOM_MACHINE_FN_VIOMMU)
		return IOM_TOOL_OK;
	if (v->nr_resv + v->has_msi > IOM_VIOMMU_RESV_MAX)
		return refuse(s, m->path, "iom,resv-region",
			      "iom serve takes at most 16 regions, iom,msi-region among them");
	return IOM_TOOL_OK;
}

static void name_fn(struct serve_fn *f)
{
	const struct iom_machine_fn *m = f->m;
	const char *fmt = m->segment ? "%s.%04x" : "%s";
	char seg[8] = "";

	snprintf(f->name, sizeof(f->name), fmt, m->name, m->segment);
	if (m->segment)
		snprintf(seg, sizeof(seg), "%04x:", m->segment);
	snprintf(f->bdf, sizeof(f->bdf), "%s%02x:%02x.%x", seg, iom_machine_bdf_bus(m->bdf),
		 iom_machine_bdf_dev(m->bdf), iom_machine_bdf_fn(m->bdf));
}

int iom_tool_serve_check(struct serve *s)
{
	const struct iom_machine *m = &s->t.m;
	int rc = check_iommus(s);
	uint32_t i;

	for (i = 0; i < m->nr_fns && !rc; i++)
		rc = check_fn(s, &m->fns[i]);
	if (rc)
		return rc;
	s->fn = calloc(m->nr_fns, sizeof(*s->fn));
	if (!s->fn)
		return refuse(s, "/", "", "out of memory"), IOM_TOOL_FAIL;
	s->nr_fns = m->nr_fns;
	for (i = 0; i < m->nr_fns; i++) {
		s->fn[i].s = s;
		s->fn[i].m = &m->fns[i];
		name_fn(&s->fn[i]);
		if (asprintf(&s->fn[i].socket, "%s/%s.sock", s->dir, s->fn[i].name) < 0) {
			s->fn[i].socket = NULL;
			return IOM_TOOL_FAIL;
		}
	}
	for (i = 0; i < m->nr_fns; i++) {
		if (m->fns[i].iommu != IOM_MACHINE_NONE)
			s->fn[i].iommu = &s->fn[m->iommus[m->fns[i].iommu].fn];
	}
	return IOM_TOOL_OK;
}

static int open_disk(struct serve *s, struct serve_fn *f)
{
	char why[IOM_HOST_STORE_WHY];
	char *path = iom_tool_machine_path(s->o.machine, f->m->file);
	int rc;

	if (!path)
		return broken(f, "disk", IOM_ENOMEM);
	rc = iom_host_store_open(&f->store, path, f->m->read_only, 0, why);
	free(path);
	if (rc)
		return refuse(s, f->m->path, "iom,file", why);
	f->store_open = true;
	return IOM_TOOL_OK;
}

int iom_tool_serve_open(struct serve *s)
{
	char why[IOM_VFU_WHY];
	unsigned int i;
	int rc = IOM_TOOL_OK;

	for (i = 0; i < s->nr_fns && !rc; i++) {
		if (s->fn[i].m->kind == IOM_MACHINE_FN_BLK)
			rc = open_disk(s, &s->fn[i]);
		if (!rc && iom_vfu_check_path(s->fn[i].socket, why))
			rc = refuse(s, s->fn[i].m->path, "", why);
	}
	return rc;
}

/* --- building ------------------------------------------------------------- */

/* Is there another function in its slot? */
static bool is_multifunction(const struct serve *s, const struct serve_fn *f)
{
	unsigned int i;

	for (i = 0; i < s->nr_fns; i++) {
		if (s->fn[i].m != f->m && s->fn[i].m->bridge == f->m->bridge &&
		    s->fn[i].m->bdf >> 3 == f->m->bdf >> 3)
			return true;
	}
	return false;
}

static int build_vpci(struct serve_fn *f, struct iom_virtio_dev *vd)
{
	struct iom_vpci_dev_cfg cfg = {
		.plat = iom_host_plat(),
		.irq = &f->irq,
		.multifunction = is_multifunction(f->s, f),
		.pcie = true,
		.msix = !f->m->no_msix && !f->m->msi_only,
		.msi = f->m->msi_only,
		.msix_table_extern = true,
		.intx_pin = f->m->msi_only ? 0 : 1,
	};
	int rc = iom_vpci_dev_init(&f->vpci, vd, &cfg);

	if (rc)
		return rc;
	f->vd = vd;
	f->pci = &f->vpci.fn;
	return IOM_OK;
}

static bool is_translated(const struct serve_fn *f)
{
	return f->iommu || (f->s->front && f->m->kind != IOM_MACHINE_FN_VIOMMU);
}

static uint64_t ring_features(const struct serve_fn *f)
{
	return VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX |
	       (f->m->packed ? VIRTIO_F_RING_PACKED : 0);
}

static int build_viommu(struct serve_fn *f)
{
	const struct iom_machine_viommu *m = &f->m->viommu;
	struct iom_viommu_vq_cfg cfg = {
		.plat = &f->plat,
		.gmem = f->gmem,
		.ring_features = ring_features(f),
		.requests_per_run = m->max_requests,
		.wake = iom_tool_serve_wake,
		.wake_arg = f,
		.dev = {
			.page_size_mask = m->page_size_mask,
			.input = { 0, UINT64_MAX },
			.domain_start = m->has_domain_range ? m->domain_first : 0,
			.domain_last = m->has_domain_range ? m->domain_last : UINT32_MAX,
			.probe_size = m->probe ? PROBE_SIZE : 0,
			.mmio = m->mmio,
			.bypass_config = m->bypass_config,
			.boot_bypass = m->bypass_config && m->boot_bypass,
			.limits = {
				.max_domains = m->max_domains,
				.max_endpoints = m->max_endpoints,
				.max_bytes = m->max_bytes,
			},
			.trace = f->s->log ? iom_tool_serve_trace : NULL,
		},
		.trace_arg = f->s,
		.fault = f->s->log ? iom_tool_serve_fault : NULL,
	};
	int rc;

	if (m->has_input_range)
		cfg.dev.input = m->input_range;
	rc = iom_viommu_vq_create(&cfg, &f->viommu);
	if (rc)
		return rc;
	rc = build_vpci(f, iom_viommu_vq_virtio(f->viommu));
	if (rc) {
		iom_viommu_vq_destroy(f->viommu);
		f->viommu = NULL;
	}
	return rc;
}

static int build_blk(struct serve_fn *f)
{
	struct iom_blk_cfg cfg = {
		.plat = iom_host_plat(),
		.gmem = f->gmem,
		.store = &f->store.s,
		.access_platform = is_translated(f),
		.packed = f->m->packed,
		.wake = iom_tool_serve_wake,
		.wake_arg = f,
	};
	int rc;

	memcpy(cfg.id, f->m->serial, strnlen(f->m->serial, sizeof(cfg.id)));
	rc = iom_blk_init(&f->blk, &cfg);
	if (rc)
		return rc;
	rc = build_vpci(f, &f->blk.vd);
	if (rc)
		iom_blk_fini(&f->blk);
	return rc;
}

static int build_rng(struct serve_fn *f)
{
	struct iom_rng_cfg cfg = {
		.plat = iom_host_plat(),
		.gmem = f->gmem,
		.entropy = iom_host_entropy(),
		.access_platform = is_translated(f),
		.packed = f->m->packed,
		.wake = iom_tool_serve_wake,
		.wake_arg = f,
	};
	int rc = iom_rng_init(&f->rng, &cfg);

	if (rc)
		return rc;
	rc = build_vpci(f, &f->rng.vd);
	if (rc)
		iom_rng_fini(&f->rng);
	return rc;
}

static int build_dmatest(struct serve_fn *f)
{
	struct iom_dmatest_cfg cfg = {
		.plat = iom_host_plat(),
		.gmem = f->gmem,
		.irq = &f->irq,
		.multifunction = is_multifunction(f->s, f),
		.no_msix = f->m->no_msix || f->m->msi_only,
		.msix_table_extern = true,
		.intx_pin = f->m->msi_only ? 0 : 1,
		.wake = iom_tool_serve_wake,
		.wake_arg = f,
	};
	int rc = iom_dmatest_init(&f->dmatest, &cfg);

	if (!rc)
		f->pci = &f->dmatest.fn;
	return rc;
}

static int build_kind(struct serve_fn *f)
{
	switch (f->m->kind) {
	case IOM_MACHINE_FN_VIOMMU:
		return build_viommu(f);
	case IOM_MACHINE_FN_BLK:
		return build_blk(f);
	case IOM_MACHINE_FN_RNG:
		return build_rng(f);
	case IOM_MACHINE_FN_DMA_TEST:
		return build_dmatest(f);
	}
	return IOM_EINVAL;
}

static int attach_viommu(struct serve_fn *f)
{
	const struct iom_machine_viommu *m = &f->iommu->m->viommu;
	struct iom_viommu_ep_cfg cfg = { .id = f->m->endpoint };
	uint32_t i;
	int rc;

	for (i = 0; m->probe && i < m->nr_resv; i++)
		cfg.resv[cfg.nr_resv++].iova = m->resv[i];
	if (m->probe && m->has_msi) {
		cfg.resv[cfg.nr_resv].iova = m->msi;
		cfg.resv[cfg.nr_resv++].msi = true;
	}
	rc = iom_viommu_dev_add_ep(iom_viommu_vq_dev(f->iommu->viommu), &cfg, &f->ep);
	if (!rc)
		f->xlate = f->msi_xlate = iom_viommu_dev_xlate(f->ep);
	return rc;
}

static void detach(struct serve_fn *f)
{
	if (f->ep)
		iom_viommu_dev_remove_ep(iom_viommu_vq_dev(f->iommu->viommu), f->ep);
	else if (f->xlate)
		f->s->front->detach(f->s->front, f);
	f->ep = NULL;
	f->xlate = f->msi_xlate = NULL;
}

/* The endpoint in its IOMMU, and the memory it sees through it. */
static int build_endpoint(struct serve_fn *f)
{
	int rc = f->iommu ? attach_viommu(f) : f->s->front->attach(f->s->front, f);

	if (rc)
		return rc;
	rc = iom_xgmem_init(&f->xg, f->xlate, f->gmem);
	if (rc) {
		detach(f);
		return rc;
	}
	iom_access_join(&f->msi_access, f->msi_xlate->gate);
	f->gmem = &f->xg.g;
	return IOM_OK;
}

static int describe(struct serve_fn *f)
{
	const struct iom_pci_cfg *c = &f->pci->cfg;
	uint64_t size[IOM_VFU_REGIONS] = { 0 };
	unsigned int irqs[IOM_VFU_IRQS] = {
		[IOM_VFU_IRQ_INTX] = c->intx_pin ? 1 : 0,
		[IOM_VFU_IRQ_MSI] = c->msi_vectors,
		[IOM_VFU_IRQ_MSIX] = c->msix_vectors,
		[IOM_VFU_IRQ_ERR] = c->pcie ? 1 : 0,
	};
	unsigned int i;

	for (i = 0; i < IOM_PCI_BARS; i++)
		size[i] = c->bar_size[i];
	size[IOM_VFU_REGION_CONFIG] = c->pcie ? IOM_PCI_CFG_SIZE : 256;
	return iom_vfu_describe(f->v, size, irqs);
}

static int build_fn(struct serve_fn *f)
{
	struct iom_vfu_cfg cfg = {
		.dev = &f->dev,
		.nr_gmems = 1,
		/* Others poll their rings instead. */
		.poll_ns = f->m->kind == IOM_MACHINE_FN_DMA_TEST ? f->s->o.poll_us * 1000 : 0,
	};
	int rc;

	f->dev.ops = &iom_tool_serve_dev_ops;
	f->irq.ops = &iom_tool_serve_irq_ops;
	pthread_mutex_init(&f->msi_lock, NULL);
	f->msi_ready = true;
	if (f->s->o.poll_given)
		f->poll_ns = f->s->o.poll_us * 1000;
	else if (f->m->kind == IOM_MACHINE_FN_VIOMMU)
		f->poll_ns = IOMMU_POLL_NS;
	f->plat = *iom_host_plat();
	f->plat.ops.relax = iom_tool_serve_relax;
	rc = iom_vfu_create(&cfg, &f->v);
	if (rc)
		return broken(f, "vfio-user", rc);
	f->gmem = iom_vfu_gmem(f->v, 0);
	if (is_translated(f)) {
		rc = build_endpoint(f);
		if (rc)
			return broken(f, "endpoint", rc);
	}
	rc = build_kind(f);
	if (rc)
		return broken(f, "device", rc);
	f->built = true;
	rc = describe(f);
	return rc ? broken(f, "device", rc) : IOM_TOOL_OK;
}

int iom_tool_serve_build(struct serve *s)
{
	unsigned int i, pass;
	int rc = IOM_TOOL_OK;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < s->nr_fns && !rc; i++) {
			if ((s->fn[i].m->kind == IOM_MACHINE_FN_VIOMMU) == !pass)
				rc = build_fn(&s->fn[i]);
		}
	}
	return rc;
}

/* --- running -------------------------------------------------------------- */

static void *socket_main(void *arg)
{
	struct serve_fn *f = arg;

	iom_vfu_serve(f->v);
	return NULL;
}

static int start_fn(struct serve_fn *f)
{
	struct iom_host_worker_cfg cfg = {
		.run = iom_tool_serve_run,
		.arg = f,
		.name = f->name,
		.poll_ns = f->vd ? 0 : f->s->o.poll_us * 1000,
	};
	int rc = IOM_OK;

	/* A request to an IOMMU takes less time than waking a thread for it. */
	if (f->m->kind != IOM_MACHINE_FN_VIOMMU)
		rc = iom_host_worker_start(&cfg, &f->worker);
	if (rc)
		return broken(f, "worker", rc);
	if (pthread_create(&f->thread, NULL, socket_main, f))
		return broken(f, "thread", IOM_ENOMEM);
	f->thread_runs = true;
	return IOM_TOOL_OK;
}

int iom_tool_serve_start(struct serve *s)
{
	char why[IOM_VFU_WHY];
	unsigned int i;
	int rc = IOM_TOOL_OK;

	for (i = 0; i < s->nr_fns; i++) {
		if (iom_vfu_listen(s->fn[i].v, s->fn[i].socket, why))
			return refuse(s, s->fn[i].m->path, "", why);
	}
	for (i = 0; i < s->nr_fns && !rc; i++)
		rc = start_fn(&s->fn[i]);
	return rc;
}

/*
 * Workers end first, while the socket threads still carry their DMA messages
 * and IOMMUs still answer: what was begun is finished. Then the disks are
 * flushed.
 */
void iom_tool_serve_stop(struct serve *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_fns; i++) {
		if (s->fn[i].worker)
			iom_host_worker_stop(s->fn[i].worker);
	}
	for (i = 0; i < s->nr_fns; i++) {
		if (s->fn[i].thread_runs) {
			iom_vfu_stop(s->fn[i].v);
			pthread_join(s->fn[i].thread, NULL);
			s->fn[i].thread_runs = false;
		}
	}
	for (i = 0; i < s->nr_fns; i++) {
		if (s->fn[i].store_open)
			s->fn[i].store.s.ops->flush(&s->fn[i].store.s);
	}
}

/* --- taking down ---------------------------------------------------------- */

static void fini_fn(struct serve_fn *f)
{
	if (f->built) {
		if (f->vd)
			iom_vpci_dev_fini(&f->vpci);
		if (f->m->kind == IOM_MACHINE_FN_BLK)
			iom_blk_fini(&f->blk);
		else if (f->m->kind == IOM_MACHINE_FN_RNG)
			iom_rng_fini(&f->rng);
		else if (f->m->kind == IOM_MACHINE_FN_DMA_TEST)
			iom_dmatest_fini(&f->dmatest);
	}
	if (f->xlate) {
		iom_access_leave(&f->msi_access);
		iom_xgmem_fini(&f->xg);
		detach(f);
	}
	if (f->viommu)
		(void)iom_viommu_vq_destroy(f->viommu);
	if (f->v)
		iom_vfu_destroy(f->v);
	iom_host_worker_free(f->worker);
	if (f->msi_ready)
		pthread_mutex_destroy(&f->msi_lock);
	if (f->store_open)
		iom_host_store_close(&f->store);
	free(f->socket);
}

void iom_tool_serve_fini(struct serve *s)
{
	unsigned int i, pass;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < s->nr_fns; i++) {
			if ((s->fn[i].m->kind == IOM_MACHINE_FN_VIOMMU) == pass)
				fini_fn(&s->fn[i]);
		}
	}
	free(s->fn);
	s->fn = NULL;
	s->nr_fns = 0;
}
