/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-pci, device side: VIRTIO 1.3 section 4.1. Registers are a view of the
 * virtio device; only vectors and the ISR live here.
 *
 * A read is answered from an image of the common structure, whatever its width:
 * it has no side effect. A write counts only with a field's own width (4.1.3.1),
 * where a 64-bit field is two of 32 bits, or one of 64.
 */
#include <iom/base/endian.h>
#include <iom/base/mem.h>
#include <iom/base/state.h>
#include <iom/spec/pci.h>
#include <iom/spec/viommu.h>
#include <iom/spec/virtio.h>
#include <iom/virtio/vpci_dev.h>

#include "pci/pci_priv.h"
#include "virtio/transport_regs.h"
#include "virtio/virtio_dev_priv.h"

/* BAR 0: four structures of at most 4 KiB. */
#define BAR_REGS	0u
#define BAR_REGS_SIZE	0x4000u
#define BAR_PART	0x1000u
#define COMMON_START	0x0000u
#define ISR_START	0x1000u
#define DEVICE_START	0x2000u
#define NOTIFY_START	0x3000u
#define BAR_MSIX	1u
#define BAR_MSIX_SIZE	0x1000u
/* A doorbell for each queue, at queue_notify_off (the queue's index) times this. */
#define NOTIFY_MULT	4u

#define MAGIC	0x63707669u	/* "ivpc" */
#define VERSION	1u

static struct iom_vpci_dev *to_vpci(struct iom_pci_fn *f)
{
	return IOM_CONTAINER_OF(f, struct iom_vpci_dev, fn);
}

/* --- interrupts: any thread ------------------------------------------------------ */

/*
 * 4.1.4.5.1, 4.1.5.1.3: with MSI-X the vector says all, without it the ISR does,
 * and is set before the driver hears of it.
 */
static void notify(struct iom_vpci_dev *v, uint16_t msix_vector, unsigned int msi_vector,
		   uint8_t isr)
{
	struct iom_pci_fn *f = &v->fn;

	iomi_pci_lock(f);
	if (iomi_pci_mode(f) == IOMI_PCI_MSIX) {
		/* VIRTIO_MSI_NO_VECTOR is in no table, so it is dropped. */
		iomi_pci_send(f, msix_vector);
	} else {
		v->isr |= isr;
		iomi_pci_set_intx(f, true);
		iomi_pci_send(f, msi_vector);
	}
	iomi_pci_unlock(f);
}

static void queue_irq(void *transport, unsigned int q)
{
	struct iom_vpci_dev *v = transport;

	notify(v, atomic_load(&v->queue_vector[q]), q + 1, VIRTIO_PCI_ISR_QUEUE);
}

static void config_irq(void *transport)
{
	struct iom_vpci_dev *v = transport;

	notify(v, atomic_load(&v->config_vector), 0, VIRTIO_PCI_ISR_CONFIG);
}

/* 4.1.5.1.2.1: nothing is mapped after reset; 2.4.1: and nothing is sent any more. */
static void transport_reset(void *transport)
{
	struct iom_vpci_dev *v = transport;
	unsigned int q;

	atomic_store(&v->config_vector, VIRTIO_MSI_NO_VECTOR);
	for (q = 0; q < IOM_VIRTIO_DEV_QUEUES_MAX; q++)
		atomic_store(&v->queue_vector[q], VIRTIO_MSI_NO_VECTOR);
	iomi_pci_lock(&v->fn);
	v->isr = 0;
	iomi_pci_set_intx(&v->fn, false);
	iomi_pci_forget_pending(&v->fn);
	iomi_pci_unlock(&v->fn);
}

static const struct iom_virtio_transport_ops transport_ops = {
	.queue_irq = queue_irq,
	.config_irq = config_irq,
	.reset = transport_reset,
};

static uint8_t isr_read(struct iom_vpci_dev *v)
{
	uint8_t isr;

	iomi_pci_lock(&v->fn);
	isr = v->isr;
	v->isr = 0;
	iomi_pci_set_intx(&v->fn, false);
	iomi_pci_unlock(&v->fn);
	return isr;
}

/* --- common configuration structure: register thread ----------------------------- */

static void common_image(struct iom_vpci_dev *v, uint8_t *c)
{
	struct iom_virtio_dev *d = v->d;
	const struct iom_virtio_queue *queue = transport_queue(d);
	uint32_t sel = d->driver_feature_sel;

	memset(c, 0, VIRTIO_PCI_COMMON_SIZE);
	iom_put_le32(c + VIRTIO_PCI_COMMON_DEVICE_FEATURE_SELECT, d->device_feature_sel);
	iom_put_le32(c + VIRTIO_PCI_COMMON_DEVICE_FEATURE,
		     iom_virtio_dev_features(d, d->device_feature_sel));
	iom_put_le32(c + VIRTIO_PCI_COMMON_DRIVER_FEATURE_SELECT, sel);
	iom_put_le32(c + VIRTIO_PCI_COMMON_DRIVER_FEATURE,
		     sel < 2 ? (uint32_t)(d->driver_features >> (32 * sel)) : 0);
	iom_put_le16(c + VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR, atomic_load(&v->config_vector));
	iom_put_le16(c + VIRTIO_PCI_COMMON_NUM_QUEUES, (uint16_t)d->cfg.nr_queues);
	c[VIRTIO_PCI_COMMON_DEVICE_STATUS] = iom_virtio_dev_status(d);
	c[VIRTIO_PCI_COMMON_CONFIG_GENERATION] = atomic_load(&d->generation);
	iom_put_le16(c + VIRTIO_PCI_COMMON_QUEUE_SELECT, d->queue_sel);
	iom_put_le16(c + VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR, VIRTIO_MSI_NO_VECTOR);
	if (!queue)
		return;
	iom_put_le16(c + VIRTIO_PCI_COMMON_QUEUE_SIZE, queue->cfg.size);
	iom_put_le16(c + VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR,
		     atomic_load(&v->queue_vector[d->queue_sel]));
	iom_put_le16(c + VIRTIO_PCI_COMMON_QUEUE_ENABLE, atomic_load(&queue->ready));
	iom_put_le16(c + VIRTIO_PCI_COMMON_QUEUE_NOTIFY_OFF, d->queue_sel);
	iom_put_le64(c + VIRTIO_PCI_COMMON_QUEUE_DESC, queue->cfg.desc);
	iom_put_le64(c + VIRTIO_PCI_COMMON_QUEUE_DRIVER, queue->cfg.driver);
	iom_put_le64(c + VIRTIO_PCI_COMMON_QUEUE_DEVICE, queue->cfg.device);
}

/* Writable fields and their width; each half of a 64-bit field is one. */
static const uint8_t common_width[VIRTIO_PCI_COMMON_SIZE] = {
	[VIRTIO_PCI_COMMON_DEVICE_FEATURE_SELECT] = 4,
	[VIRTIO_PCI_COMMON_DRIVER_FEATURE_SELECT] = 4,
	[VIRTIO_PCI_COMMON_DRIVER_FEATURE] = 4,
	[VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR] = 2,
	[VIRTIO_PCI_COMMON_DEVICE_STATUS] = 1,
	[VIRTIO_PCI_COMMON_QUEUE_SELECT] = 2,
	[VIRTIO_PCI_COMMON_QUEUE_SIZE] = 2,
	[VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR] = 2,
	[VIRTIO_PCI_COMMON_QUEUE_ENABLE] = 2,
	[VIRTIO_PCI_COMMON_QUEUE_DESC] = 4,
	[VIRTIO_PCI_COMMON_QUEUE_DESC + 4] = 4,
	[VIRTIO_PCI_COMMON_QUEUE_DRIVER] = 4,
	[VIRTIO_PCI_COMMON_QUEUE_DRIVER + 4] = 4,
	[VIRTIO_PCI_COMMON_QUEUE_DEVICE] = 4,
	[VIRTIO_PCI_COMMON_QUEUE_DEVICE + 4] = 4,
};

/* 4.1.5.1.2.1: a vector that cannot be had reads back as none. */
static uint16_t vector_or_none(const struct iom_vpci_dev *v, uint32_t vector)
{
	return vector < v->fn.cfg.msix_vectors ? (uint16_t)vector : VIRTIO_MSI_NO_VECTOR;
}

static void queue_write(struct iom_vpci_dev *v, struct iom_virtio_queue *queue, unsigned int off,
			uint32_t val)
{
	struct iom_vq_cfg *cfg = &queue->cfg;

	if (off == VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR) {
		atomic_store(&v->queue_vector[v->d->queue_sel], vector_or_none(v, val));
		return;
	}
	/* The ring's place is the worker's from enabling on. */
	if (atomic_load(&queue->ready))
		return;
	switch (off) {
	case VIRTIO_PCI_COMMON_QUEUE_SIZE:
		transport_set_size(queue, val);
		break;
	case VIRTIO_PCI_COMMON_QUEUE_ENABLE:
		if (val == 1)
			(void)iom_virtio_dev_queue_enable(v->d, v->d->queue_sel);
		break;
	case VIRTIO_PCI_COMMON_QUEUE_DESC:
		transport_set_low(&cfg->desc, val);
		break;
	case VIRTIO_PCI_COMMON_QUEUE_DESC + 4:
		transport_set_high(&cfg->desc, val);
		break;
	case VIRTIO_PCI_COMMON_QUEUE_DRIVER:
		transport_set_low(&cfg->driver, val);
		break;
	case VIRTIO_PCI_COMMON_QUEUE_DRIVER + 4:
		transport_set_high(&cfg->driver, val);
		break;
	case VIRTIO_PCI_COMMON_QUEUE_DEVICE:
		transport_set_low(&cfg->device, val);
		break;
	case VIRTIO_PCI_COMMON_QUEUE_DEVICE + 4:
		transport_set_high(&cfg->device, val);
		break;
	}
}

static void common_write(struct iom_vpci_dev *v, unsigned int off, const uint8_t *buf,
			 unsigned int len)
{
	struct iom_virtio_dev *d = v->d;
	struct iom_virtio_queue *queue;
	uint32_t val;

	if (len == 8 && off % 8 == 0 && off >= VIRTIO_PCI_COMMON_QUEUE_DESC) {
		common_write(v, off, buf, 4);
		common_write(v, off + 4, buf + 4, 4);
		return;
	}
	if (off >= VIRTIO_PCI_COMMON_SIZE || len != common_width[off])
		return;
	val = len == 4 ? iom_get_le32(buf) : len == 2 ? iom_get_le16(buf) : buf[0];
	switch (off) {
	case VIRTIO_PCI_COMMON_DEVICE_FEATURE_SELECT:
		d->device_feature_sel = val;
		break;
	case VIRTIO_PCI_COMMON_DRIVER_FEATURE_SELECT:
		d->driver_feature_sel = val;
		break;
	case VIRTIO_PCI_COMMON_DRIVER_FEATURE:
		iom_virtio_dev_set_features(d, d->driver_feature_sel, val);
		break;
	case VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR:
		atomic_store(&v->config_vector, vector_or_none(v, val));
		break;
	case VIRTIO_PCI_COMMON_DEVICE_STATUS:
		iom_virtio_dev_set_status(d, (uint8_t)val);
		break;
	case VIRTIO_PCI_COMMON_QUEUE_SELECT:
		d->queue_sel = (uint16_t)val;
		break;
	default:
		queue = transport_queue(d);
		if (queue)
			queue_write(v, queue, off, val);
	}
}

static void common_read(struct iom_vpci_dev *v, unsigned int off, uint8_t *buf, unsigned int len)
{
	uint8_t image[VIRTIO_PCI_COMMON_SIZE];

	memset(buf, 0, len);
	if (off >= sizeof(image))
		return;
	common_image(v, image);
	memcpy(buf, image + off, len < sizeof(image) - off ? len : sizeof(image) - off);
}

/* --- BARs: register thread ---------------------------------------------------------- */

static void bar_read(struct iom_pci_fn *f, unsigned int bar, uint64_t off, void *buf,
		     unsigned int len)
{
	struct iom_vpci_dev *v = to_vpci(f);

	memset(buf, 0, len);
	if (bar != BAR_REGS)
		return;
	switch (off & ~(uint64_t)(BAR_PART - 1)) {
	case COMMON_START:
		common_read(v, (unsigned int)off, buf, len);
		break;
	case ISR_START:
		if (off == ISR_START)
			*(uint8_t *)buf = isr_read(v);
		break;
	case DEVICE_START:
		iom_virtio_dev_config_rw(v->d, off - DEVICE_START, buf, len, false);
		break;
	}
}

static void bar_write(struct iom_pci_fn *f, unsigned int bar, uint64_t off, const void *buf,
		      unsigned int len)
{
	struct iom_vpci_dev *v = to_vpci(f);
	uint8_t copy[8];

	if (bar != BAR_REGS)
		return;
	switch (off & ~(uint64_t)(BAR_PART - 1)) {
	case COMMON_START:
		common_write(v, (unsigned int)off, buf, len);
		break;
	case DEVICE_START:
		memcpy(copy, buf, len);
		iom_virtio_dev_config_rw(v->d, off - DEVICE_START, copy, len, true);
		break;
	case NOTIFY_START:
		/* 4.1.5.2: 16 bits; some drivers write 32. The address names the queue. */
		if ((len == 2 || len == 4) && off % NOTIFY_MULT == 0)
			iom_virtio_dev_kick(v->d, (unsigned int)(off - NOTIFY_START) / NOTIFY_MULT);
		break;
	}
}

/* --- 4.1.4.9 PCI configuration access capability ---------------------------------- */

struct window {
	unsigned int bar;
	uint32_t off;
	unsigned int len;
};

/* What the capability points at; false: length or alignment are not allowed. */
static bool window_get(const struct iom_vpci_dev *v, struct window *w)
{
	const uint8_t *cap = v->fn.space + v->cap_cfg_access;
	uint32_t len = iom_get_le32(cap + VIRTIO_PCI_CAP_LENGTH);

	w->bar = cap[VIRTIO_PCI_CAP_BAR];
	w->off = iom_get_le32(cap + VIRTIO_PCI_CAP_OFFSET);
	w->len = len;
	return (len == 1 || len == 2 || len == 4) && w->off % len == 0;
}

/* Is one of the first w->len data bytes in [off, off + len)? */
static bool window_hit(const struct window *w, unsigned int off, unsigned int len)
{
	return off < VIRTIO_PCI_CFG_CAP_DATA + w->len && off + len > VIRTIO_PCI_CFG_CAP_DATA;
}

static void cap_read(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off, void *buf,
		     unsigned int len)
{
	struct iom_vpci_dev *v = to_vpci(f);
	uint8_t *data = f->space + cap_off + VIRTIO_PCI_CFG_CAP_DATA;
	struct window w;

	if (!window_get(v, &w) || !window_hit(&w, off, len))
		return;
	/* No such place: all ones, as the bus would answer. */
	(void)iom_pci_bar_read(f, w.bar, w.off, data, w.len);
	memcpy(buf, f->space + cap_off + off, len);
}

static void cap_write(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off, unsigned int len)
{
	struct iom_vpci_dev *v = to_vpci(f);
	uint8_t data[4];
	struct window w;

	if (!window_get(v, &w) || !window_hit(&w, off, len))
		return;
	memcpy(data, f->space + cap_off + VIRTIO_PCI_CFG_CAP_DATA, sizeof(data));
	(void)iom_pci_bar_write(f, w.bar, w.off, data, w.len);
}

static void function_reset(struct iom_pci_fn *f)
{
	iom_virtio_dev_reset(to_vpci(f)->d);
}

static const struct iom_pci_fn_ops fn_ops = {
	.bar_read = bar_read,
	.bar_write = bar_write,
	.cap_read = cap_read,
	.cap_write = cap_write,
	.reset = function_reset,
};

/* --- birth ------------------------------------------------------------------------- */

static uint32_t class_of(uint16_t device_id)
{
	switch (device_id) {
	case VIRTIO_ID_BLOCK:
		return PCI_CLASS_STORAGE_SCSI;
	case VIRTIO_ID_IOMMU:
		return PCI_CLASS_SYSTEM_IOMMU;
	default:
		return PCI_CLASS_UNCLASSIFIED;
	}
}

static void cap_bytes(uint8_t *cap, uint8_t type, unsigned int len, uint32_t start,
		      uint32_t length)
{
	memset(cap, 0, len);
	cap[VIRTIO_PCI_CAP_VNDR] = VIRTIO_PCI_CAP_ID_VNDR;
	cap[VIRTIO_PCI_CAP_LEN] = (uint8_t)len;
	cap[VIRTIO_PCI_CAP_CFG_TYPE] = type;
	cap[VIRTIO_PCI_CAP_BAR] = BAR_REGS;
	iom_put_le32(cap + VIRTIO_PCI_CAP_OFFSET, start);
	iom_put_le32(cap + VIRTIO_PCI_CAP_LENGTH, length);
}

static int add_caps(struct iom_vpci_dev *v)
{
	const struct iom_virtio_dev_cfg *c = &v->d->cfg;
	const struct {
		uint8_t type;
		uint8_t size;
		uint32_t start, length;
	} caps[] = {
		{ VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_CAP_SIZE, COMMON_START,
		  VIRTIO_PCI_COMMON_SIZE },
		{ VIRTIO_PCI_CAP_ISR_CFG, VIRTIO_PCI_CAP_SIZE, ISR_START, 1 },
		{ VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_PCI_CAP_SIZE, DEVICE_START, c->cfg_len },
		{ VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_PCI_NOTIFY_CAP_SIZE, NOTIFY_START,
		  c->nr_queues * NOTIFY_MULT },
		{ VIRTIO_PCI_CAP_PCI_CFG, VIRTIO_PCI_CFG_CAP_SIZE, 0, 0 },
	};
	uint8_t cap[VIRTIO_PCI_CFG_CAP_SIZE], wmask[VIRTIO_PCI_CFG_CAP_SIZE] = { 0 }, at;
	bool access;
	unsigned int i;
	int rc;

	wmask[VIRTIO_PCI_CAP_BAR] = 0xff;
	memset(wmask + VIRTIO_PCI_CAP_OFFSET, 0xff, sizeof(wmask) - VIRTIO_PCI_CAP_OFFSET);
	for (i = 0; i < IOM_ARRAY_SIZE(caps); i++) {
		access = caps[i].type == VIRTIO_PCI_CAP_PCI_CFG;
		if (!caps[i].length && !access)
			continue;
		cap_bytes(cap, caps[i].type, caps[i].size, caps[i].start, caps[i].length);
		if (caps[i].type == VIRTIO_PCI_CAP_NOTIFY_CFG)
			iom_put_le32(cap + VIRTIO_PCI_NOTIFY_CAP_MULT, NOTIFY_MULT);
		rc = iom_pci_add_cap(&v->fn, cap, access ? wmask : NULL, caps[i].size, access, &at);
		if (rc)
			return rc;
		if (access)
			v->cap_cfg_access = at;
	}
	return IOM_OK;
}

static unsigned int msi_vectors(unsigned int wanted)
{
	unsigned int n = 1;

	while (n < wanted && n < 8)
		n *= 2;
	return n;
}

int iom_vpci_dev_init(struct iom_vpci_dev *v, struct iom_virtio_dev *d,
		      const struct iom_vpci_dev_cfg *cfg)
{
	uint16_t id = (uint16_t)(VIRTIO_PCI_DEVICE_ID_BASE + d->cfg.device_id);
	unsigned int vectors = d->cfg.nr_queues + 1;
	const struct iom_pci_cfg pci = {
		.plat = cfg->plat,
		.irq = cfg->irq,
		.vendor = VIRTIO_PCI_VENDOR_ID,
		.device = id,
		.subsys_vendor = VIRTIO_PCI_VENDOR_ID,
		.subsys_id = id,
		.revision = VIRTIO_PCI_REVISION_ID,
		.class_code = cfg->class_code ? cfg->class_code : class_of(d->cfg.device_id),
		.multifunction = cfg->multifunction,
		.pcie = cfg->pcie,
		.intx_pin = cfg->intx_pin,
		.msi_vectors = cfg->msi ? msi_vectors(vectors) : 0,
		.msix_vectors = cfg->msix ? vectors : 0,
		.msix_bar = BAR_MSIX,
		.msix_table_extern = cfg->msix_table_extern,
		.bar_size = { BAR_REGS_SIZE, cfg->msix ? BAR_MSIX_SIZE : 0 },
	};
	int rc;

	rc = iom_pci_init(&v->fn, &fn_ops, &pci);
	if (rc)
		return rc;
	v->d = d;
	v->cap_cfg_access = 0;
	rc = add_caps(v);
	if (rc) {
		iom_pci_fini(&v->fn);
		return rc;
	}
	transport_reset(v);
	iom_virtio_dev_bind(d, &transport_ops, v);
	return IOM_OK;
}

void iom_vpci_dev_fini(struct iom_vpci_dev *v)
{
	iom_pci_fini(&v->fn);
}

/* --- saved state -------------------------------------------------------------------- */

int iom_vpci_dev_save(struct iom_vpci_dev *v, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, MAGIC, VERSION), room, used;
	unsigned int q;
	void *p;

	iom_state_w_u16(&w, atomic_load(&v->config_vector));
	for (q = 0; q < IOM_VIRTIO_DEV_QUEUES_MAX; q++)
		iom_state_w_u16(&w, atomic_load(&v->queue_vector[q]));
	iom_state_w_u8(&w, v->isr);
	p = iom_state_w_room(&w, &room);
	(void)iom_pci_save(&v->fn, p, room, &used);
	w.pos += used;
	p = iom_state_w_room(&w, &room);
	(void)iom_virtio_dev_save(v->d, p, room, &used);
	w.pos += used;
	iom_state_w_end(&w, at);
	return iom_state_w_done(&w, len);
}

/*
 * Everything of our own and of the function is looked at; then the virtio
 * device restores itself or changes nothing; the rest cannot fail.
 */
int iom_vpci_dev_restore(struct iom_vpci_dev *v, const void *buf, size_t size, size_t *len)
{
	uint16_t vector[1 + IOM_VIRTIO_DEV_QUEUES_MAX];
	struct iomi_pci_image img;
	const void *pci, *virtio;
	size_t used, n, pci_len, virtio_len;
	struct iom_state_r r;
	bool ok = true;
	unsigned int i;
	uint8_t isr;
	int rc;

	rc = iom_state_r_open(&r, buf, size, MAGIC, VERSION, &used);
	if (rc)
		return rc;
	for (i = 0; i < IOM_ARRAY_SIZE(vector); i++) {
		vector[i] = iom_state_r_u16(&r);
		ok &= vector[i] == vector_or_none(v, vector[i]);
		ok &= i <= v->d->cfg.nr_queues || vector[i] == VIRTIO_MSI_NO_VECTOR;
	}
	isr = iom_state_r_u8(&r);
	iom_state_r_record(&r, &pci, &pci_len);
	iom_state_r_record(&r, &virtio, &virtio_len);
	if (iom_state_r_end(&r) || !ok || isr & ~(VIRTIO_PCI_ISR_QUEUE | VIRTIO_PCI_ISR_CONFIG))
		return IOM_EINVAL;
	rc = iomi_pci_image_read(&v->fn, pci, pci_len, &n, &img);
	if (rc || img.intx_level != (isr && v->fn.cfg.intx_pin))
		return IOM_EINVAL;
	rc = iomi_virtio_dev_restore_asleep(v->d, virtio, virtio_len, &n);
	if (rc)
		return rc;

	atomic_store(&v->config_vector, vector[0]);
	for (i = 0; i < IOM_VIRTIO_DEV_QUEUES_MAX; i++)
		atomic_store(&v->queue_vector[i], vector[1 + i]);
	v->isr = isr;
	iomi_pci_image_apply(&v->fn, &img);
	/* Not before: an interrupt needs its vector. */
	iomi_virtio_dev_restore_wake(v->d);
	*len = used;
	return IOM_OK;
}
