/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver of viommu_ring.h. */
#include <string.h>

#include <iom/base/field.h>

#include "lib/viommu_ring.h"

/* 4.1.4.3: offsets in the common configuration */
enum {
	DEVICE_FEATURE_SELECT = 0, DEVICE_FEATURE = 4, DRIVER_FEATURE_SELECT = 8,
	DRIVER_FEATURE = 12, DEVICE_STATUS = 20, QUEUE_SELECT = 22, QUEUE_SIZE = 24,
	QUEUE_ENABLE = 28, QUEUE_NOTIFY_OFF = 30, QUEUE_DESC = 32, QUEUE_DRIVER = 40,
	QUEUE_DEVICE = 48,
};

static void on_msi(struct iom_irq *irq, bool msix, unsigned int vector, uint64_t addr,
		   uint32_t data)
{
	(void)msix, (void)vector, (void)addr, (void)data;
	IOM_CONTAINER_OF(irq, struct vtq, irq)->nr_irqs++;
}

static void on_intx(struct iom_irq *irq, bool level)
{
	if (level)
		IOM_CONTAINER_OF(irq, struct vtq, irq)->nr_irqs++;
}

static const struct iom_irq_ops irq_ops = { on_msi, on_intx };

static void on_wake(void *arg)
{
	((struct vtq *)arg)->nr_wakes++;
}

void vtq_common_write(struct vtq *t, unsigned int off, unsigned int len, uint64_t val)
{
	VT_REQUIRE(!iom_pci_bar_write(&t->pci.fn, 0, t->common + off, &val, len));
}

uint64_t vtq_common_read(struct vtq *t, unsigned int off, unsigned int len)
{
	uint64_t val = 0;

	VT_REQUIRE(!iom_pci_bar_read(&t->pci.fn, 0, t->common + off, &val, len));
	return val;
}

/* 4.1.4: walk the capability list for the vendor ones. */
static void find_structures(struct vtq *t)
{
	uint8_t cfg[256], at;
	unsigned int n = 0;
	uint32_t off;

	iom_pci_config_read(&t->pci.fn, 0, cfg, sizeof(cfg));
	for (at = cfg[0x34]; at && n++ < 48; at = cfg[at + 1]) {
		if (cfg[at] != 0x09)
			continue;
		memcpy(&off, cfg + at + 8, 4);
		switch (cfg[at + 3]) {
		case 1:
			t->common = off;
			break;
		case 2:
			t->notify = off;
			memcpy(&t->notify_mult, cfg + at + 16, 4);
			break;
		case 4:
			t->devcfg = off;
			break;
		}
	}
	VT_REQUIRE(t->notify && t->devcfg);
}

int vtq_create(struct vtq *t, const struct vtq_cfg *cfg)
{
	const struct iom_vpci_dev_cfg pci = { .plat = &t->pt.plat, .irq = &t->irq, .msix = true };
	struct iom_viommu_vq_cfg c;
	int rc;

	if (!t->block)
		t->block = calloc(1, VTQ_MEM + 4096);
	VT_REQUIRE(t->block);
	t->mem = (uint8_t *)(((uintptr_t)t->block + 4095) & ~(uintptr_t)4095);
	VT_REQUIRE(!iom_gmem_flat_init(&t->flat, 0, t->mem, VTQ_MEM));
	t->irq.ops = &irq_ops;
	t->nr_eps = 0;
	memset(&c, 0, sizeof(c));
	c.plat = &t->pt.plat;
	c.gmem = cfg->gmem ? cfg->gmem : &t->flat.g;
	c.ring_features = VTQ_F_INDIRECT | VTQ_F_EVENT_IDX | VTQ_F_PACKED;
	c.requests_per_run = cfg->requests_per_run;
	c.wake = on_wake;
	c.wake_arg = t;
	c.dev = cfg->dev;
	c.dev.plat = &t->pt.plat;
	rc = iom_viommu_vq_create(&c, &t->q);
	if (rc)
		return rc;
	t->v = iom_viommu_vq_dev(t->q);
	t->d = iom_viommu_vq_virtio(t->q);
	rc = iom_vpci_dev_init(&t->pci, t->d, &pci);
	if (rc) {
		VT_REQUIRE(!iom_viommu_vq_destroy(t->q));
		return rc;
	}
	iom_access_join(&t->access, iom_viommu_dev_gate(t->v));
	find_structures(t);
	return IOM_OK;
}

/* 4.1.3.1: 64-bit fields are written as two halves. */
static void write64(struct vtq *t, unsigned int off, uint64_t val)
{
	vtq_common_write(t, off, 4, val & UINT32_MAX);
	vtq_common_write(t, off + 4, 4, val >> 32);
}

static void start_queue(struct vtq *t, unsigned int n, struct vring *r, uint16_t size, bool packed,
			uint64_t at, uint64_t *end)
{
	vring_init(r, t->mem, at, size, packed, end);
	vtq_common_write(t, QUEUE_SELECT, 2, n);
	VT_REQUIRE(vtq_common_read(t, QUEUE_SIZE, 2) >= size);
	vtq_common_write(t, QUEUE_SIZE, 2, size);
	write64(t, QUEUE_DESC, r->desc);
	write64(t, QUEUE_DRIVER, r->driver);
	write64(t, QUEUE_DEVICE, r->device);
	vtq_common_write(t, QUEUE_ENABLE, 2, 1);
	VT_REQUIRE(vtq_common_read(t, QUEUE_ENABLE, 2) == 1);
	t->notify_at[n] = t->notify +
			  vtq_common_read(t, QUEUE_NOTIFY_OFF, 2) * t->notify_mult;
}

/* 3.1.1 */
void vtq_start(struct vtq *t, const struct vtq_cfg *cfg)
{
	uint16_t command = 6, size = cfg->size ? cfg->size : 64;	/* memory, bus master */
	uint64_t offer, want, at = 0x1000;

	iom_pci_config_write(&t->pci.fn, 4, &command, 2);
	vtq_reset(t);
	vtq_common_write(t, DEVICE_STATUS, 1, 1);
	vtq_common_write(t, DEVICE_STATUS, 1, 3);
	vtq_common_write(t, DEVICE_FEATURE_SELECT, 4, 0);
	offer = vtq_common_read(t, DEVICE_FEATURE, 4);
	vtq_common_write(t, DEVICE_FEATURE_SELECT, 4, 1);
	offer |= vtq_common_read(t, DEVICE_FEATURE, 4) << 32;
	want = (offer & 0xffffff) | VTQ_F_VERSION_1 | cfg->ring_features |
	       (cfg->packed ? VTQ_F_PACKED : 0);
	VT_REQUIRE((offer & want) == want);
	vtq_common_write(t, DRIVER_FEATURE_SELECT, 4, 0);
	vtq_common_write(t, DRIVER_FEATURE, 4, want & UINT32_MAX);
	vtq_common_write(t, DRIVER_FEATURE_SELECT, 4, 1);
	vtq_common_write(t, DRIVER_FEATURE, 4, want >> 32);
	vtq_common_write(t, DEVICE_STATUS, 1, 11);
	VT_REQUIRE(vtq_status(t) == 11);
	start_queue(t, 0, &t->req, size, cfg->packed, at, &at);
	start_queue(t, 1, &t->ev, size, cfg->packed, at, &at);
	VT_REQUIRE(at <= VTQ_BUFS);
	vtq_common_write(t, DEVICE_STATUS, 1, 15);
	VT_REQUIRE(vtq_status(t) == 15);
}

void vtq_open(struct vtq *t, const struct vtq_cfg *cfg)
{
	memset(t, 0, sizeof(*t));
	plat_test_init(&t->pt);
	VT_REQUIRE(vtq_create(t, cfg) == IOM_OK);
	vtq_start(t, cfg);
}

void vtq_add(struct vtq *t, const struct iom_viommu_ep_cfg *cfg)
{
	VT_REQUIRE(t->nr_eps < VT_EPS_MAX);
	VT_REQUIRE(iom_viommu_dev_add_ep(t->v, cfg, &t->ep[t->nr_eps++]) == IOM_OK);
}

void vtq_close(struct vtq *t)
{
	iom_access_leave(&t->access);
	while (t->nr_eps)
		iom_viommu_dev_remove_ep(t->v, t->ep[--t->nr_eps]);
	iom_vpci_dev_fini(&t->pci);
	VT_REQUIRE(iom_viommu_vq_destroy(t->q) == IOM_OK);
	VT_REQUIRE(plat_test_live(&t->pt) == 0);
	free(t->block);
	t->block = NULL;
}

uint16_t vtq_post(struct vtq *t, unsigned int n, const struct vt_req *r)
{
	const uint64_t at = VTQ_BUFS + 2048u * n;
	const struct vring_buf b[2] = {
		{ at, (uint32_t)r->in_len }, { at + 1024, (uint32_t)r->out_len },
	};
	uint16_t id = 0;

	VT_REQUIRE(n < 64 && r->in_len <= 1024 && r->out_len <= 1024);
	memcpy(t->mem + at, r->in, r->in_len);
	memset(t->mem + at + 1024, 0xee, 1024);
	VT_REQUIRE(vring_add(&t->req, b, 1, 1, &id));
	return id;
}

void vtq_kick(struct vtq *t, unsigned int queue)
{
	uint16_t index = (uint16_t)queue;

	VT_REQUIRE(!iom_pci_bar_write(&t->pci.fn, 0, t->notify_at[queue], &index, 2));
}

int vtq_run(struct vtq *t)
{
	int rc, n = 0;

	do {
		rc = iom_virtio_dev_run(t->d);
	} while (rc == IOM_EAGAIN && n++ < 1000);
	return rc;
}

int vtq_send(struct vtq *t, const struct vt_req *r)
{
	const uint8_t *out = t->mem + VTQ_BUFS + 1024;
	uint16_t id = vtq_post(t, 0, r), got;
	uint32_t len;

	vtq_kick(t, 0);
	VT_REQUIRE(vtq_run(t) == IOM_OK);
	VT_REQUIRE(vring_get(&t->req, &got, &len) && got == id);
	VT_REQUIRE(len == 0 || len == r->out_len);
	VT_REQUIRE(out[len] == 0xee);
	return len ? out[len - 4] : S_NONE;
}

uint8_t vtq_status(struct vtq *t)
{
	return (uint8_t)vtq_common_read(t, DEVICE_STATUS, 1);
}

void vtq_reset(struct vtq *t)
{
	int n = 0;

	vtq_common_write(t, DEVICE_STATUS, 1, 0);
	while (vtq_status(t) && n++ < 1000)
		vtq_run(t);
	VT_REQUIRE(vtq_status(t) == 0);
}

void vtq_post_event(struct vtq *t, unsigned int n, uint32_t len)
{
	const struct vring_buf b = { VTQ_EVENTS + 64u * n, len };
	uint16_t id;

	VT_REQUIRE(n < 256 && len <= 64);
	memset(t->mem + b.addr, 0xee, 64);
	VT_REQUIRE(vring_add(&t->ev, &b, 0, 1, &id));
	t->ev_buf[id] = (uint8_t)n;
}

bool vtq_get_event(struct vtq *t, uint8_t rec[64], uint32_t *len)
{
	uint16_t id;

	if (!vring_get(&t->ev, &id, len))
		return false;
	memcpy(rec, t->mem + VTQ_EVENTS + 64u * t->ev_buf[id], 64);
	return true;
}

int vtq_translate(struct vtq *t, unsigned int ep, uint64_t iova, uint64_t len,
		  unsigned int access, struct iom_run *run)
{
	int rc;

	iom_access_begin(&t->access);
	rc = iom_xlate_translate(iom_viommu_dev_xlate(t->ep[ep]), iova, len, access, run);
	iom_access_end(&t->access);
	return rc;
}
