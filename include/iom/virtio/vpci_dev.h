/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-pci, device side: a PCI function that shows a struct iom_virtio_dev by
 * the modern capabilities. VIRTIO 1.3 section 4.1. BAR 0 (16 KiB) holds common
 * (0x0000), ISR (0x1000), device (0x2000) and notify (0x3000) structures;
 * BAR 1 the MSI-X table and PBA. Vectors: driver's choice per queue and config.
 */
#ifndef IOM_VIRTIO_VPCI_DEV_H
#define IOM_VIRTIO_VPCI_DEV_H

#include <iom/pci/pci.h>
#include <iom/virtio/virtio_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_vpci_dev_cfg {
	struct iom_plat *plat;
	struct iom_irq *irq;
	uint32_t class_code;		/* 24 bits; 0: by virtio device ID */
	bool multifunction;
	bool pcie;			/* as iom_pci_cfg.pcie: with FLR */
	bool msix;			/* nr_queues + 1 vectors */
	/*
	 * 2, 4 or 8 vectors: 0 for config, queue + 1 for a queue, 0 where that
	 * is too many. VIRTIO knows no MSI: for drivers in user space.
	 */
	bool msi;
	bool msix_table_extern;
	uint8_t intx_pin;
};

struct iom_vpci_dev {
	struct iom_pci_fn fn;
	struct iom_virtio_dev *d;
	uint8_t cap_cfg_access;		/* offset of the PCI configuration access capability */
	/* register thread and reset write, worker reads: */
	IOM_ATOMIC(uint16_t) config_vector;
	IOM_ATOMIC(uint16_t) queue_vector[IOM_VIRTIO_DEV_QUEUES_MAX];
	/* under fn.lock; the pin's level is isr != 0 */
	uint8_t isr;
};

/*
 * Builds the function and binds it to d. IOM_EINVAL, IOM_ENOMEM as
 * iom_pci_init(). The embedder then routes accesses to &v->fn.
 */
int iom_vpci_dev_init(struct iom_vpci_dev *v, struct iom_virtio_dev *d,
		      const struct iom_vpci_dev_cfg *cfg);
void iom_vpci_dev_fini(struct iom_vpci_dev *v);

/*
 * Function, device and ring state as one stream, for a stopped device; see
 * iom_virtio_dev_save() and iom_pci_save().
 */
int iom_vpci_dev_save(struct iom_vpci_dev *v, void *buf, size_t cap, size_t *len);
int iom_vpci_dev_restore(struct iom_vpci_dev *v, const void *buf, size_t size, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
