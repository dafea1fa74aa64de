/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VIOT, the ACPI table that says which endpoints are behind which
 * virtio-iommu, read into and written from plain structs. The caller owns all
 * memory; nothing here allocates or takes a lock.
 *
 * What holds of a table that iom_viot_read() accepted or iom_viot_write() made:
 * checksum and lengths are right; each endpoint node's output is an IOMMU node
 * of the same table; no two endpoint nodes give one IOMMU the same endpoint id,
 * or name the same PCI function or MMIO base; no two IOMMU nodes name the same
 * device; no IOMMU is, by a chain of any length, its own endpoint.
 */
#ifndef IOM_FW_VIOT_H
#define IOM_FW_VIOT_H

#include <stddef.h>
#include <stdint.h>

#include <iom/fw/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

enum iom_viot_type {
	IOM_VIOT_PCI_RANGE = 1,
	IOM_VIOT_MMIO_ENDPOINT = 2,
	IOM_VIOT_VIRTIO_PCI = 3,
	IOM_VIOT_VIRTIO_MMIO = 4,
};

/* Only the members of the node's own type mean anything; the others are 0. */
struct iom_viot_node {
	enum iom_viot_type type;
	uint32_t offset;		/* in the table; set by read, ignored by write */
	union {
		struct {
			uint32_t endpoint;	/* of the first function */
			uint16_t segment_first;
			uint16_t segment_last;
			uint16_t bdf_first;	/* the same in each segment */
			uint16_t bdf_last;
			uint32_t iommu;		/* index of the output node */
		} range;
		struct {
			uint64_t base;
			uint32_t endpoint;
			uint32_t iommu;
		} mmio;
		struct {
			uint16_t segment;
			uint16_t bdf;
		} virtio_pci;
		struct {
			uint64_t base;
		} virtio_mmio;
	} u;
};

/* The rest of the table: the ACPI header's free fields. */
struct iom_viot_ids {
	uint8_t revision;
	char oem_id[7];			/* 6 bytes in the table; any bytes, then NUL */
	char oem_table_id[9];		/* 8 */
	uint32_t oem_revision;
	char creator_id[5];		/* 4 */
	uint32_t creator_revision;
};

struct iom_viot {
	struct iom_viot_ids ids;
	const struct iom_viot_node *nodes;	/* in the table's order */
	uint32_t nr_nodes;
	uint32_t nr_unknown;		/* nodes of other types, passed over by length */
};

/* Revision 0, as seen in the field, with libiom's names. */
extern const struct iom_viot_ids iom_viot_ids_default;

/* More nodes than a writer can address by a 16-bit offset are never needed. */
#define IOM_VIOT_MAX_NODES	4096

/*
 * Read a table of exactly size bytes into nodes[cap]. Nodes of an unknown type
 * are passed over; known ones may be longer than this revision knows, never
 * shorter. A PCI range may cover the IOMMU it points to, as tables in the
 * field do: the IOMMU is then no endpoint (see iom_viot_find_pci).
 *
 * Returns IOM_OK; IOM_EINVAL if the table is damaged or means something
 * impossible; IOM_E2BIG if it has more than cap nodes of known types. On
 * failure *out is untouched, nodes[] is scratch and *diag says which node.
 * Work is O(n^2) in the number of known nodes, which cap bounds.
 */
int iom_viot_read(const void *table, size_t size, struct iom_viot_node *nodes,
		  uint32_t cap, struct iom_viot *out, struct iom_diag *diag);

/*
 * Write a table into buf[cap] with the same checks. *len is its length.
 * Returns IOM_OK; IOM_EINVAL; IOM_ENOSPC if buf is too small; IOM_E2BIG if an
 * output node would lie beyond offset 65535, or there are more than
 * IOM_VIOT_MAX_NODES. On failure *len is untouched.
 */
int iom_viot_write(const struct iom_viot_ids *ids, const struct iom_viot_node *nodes,
		   uint32_t nr_nodes, void *buf, size_t cap, size_t *len,
		   struct iom_diag *diag);

/*
 * Which IOMMU node (index), and which endpoint id, has a PCI function? It is
 * IOM_ENOENT for a function in no range, and for the IOMMU of its own range.
 */
int iom_viot_find_pci(const struct iom_viot *v, uint16_t segment, uint16_t bdf,
		      uint32_t *iommu, uint32_t *endpoint);

/* The same for the MMIO endpoint with this base address. */
int iom_viot_find_mmio(const struct iom_viot *v, uint64_t base, uint32_t *iommu,
		       uint32_t *endpoint);

#ifdef __cplusplus
}
#endif
#endif
