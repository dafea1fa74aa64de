/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IORT, the ACPI table that says how IDs of devices become IDs of streams and of
 * interrupts, read into and written from plain structs. The caller owns all
 * memory; nothing here allocates or takes a lock.
 *
 * What holds of a table that iom_iort_read() accepted or iom_iort_write() made:
 * checksum and lengths are right; each mapping leads to a node of the same
 * table (or nowhere), from devices to SMMUs and ITS groups, from SMMUs to ITS
 * groups, so there is no circle; no ID is mapped twice by one node, no
 * requester ID by two root complexes of a segment; no SMMUs have one base, no
 * two named components one name; reserved ranges do not overlap.
 */
#ifndef IOM_FW_IORT_H
#define IOM_FW_IORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/range.h>
#include <iom/fw/diag.h>
#include <iom/fw/streams.h>
#include <iom/fw/viot.h>

#ifdef __cplusplus
extern "C" {
#endif

enum iom_iort_type {
	IOM_IORT_ITS,
	IOM_IORT_NAMED,
	IOM_IORT_RC,
	IOM_IORT_SMMU,		/* v1 and v2: only its mappings are read, not written */
	IOM_IORT_SMMUV3,
	IOM_IORT_PMCG,		/* the same */
	IOM_IORT_RMR,
};

#define IOM_IORT_NONE	UINT32_MAX

struct iom_iort_map {
	uint32_t input;
	uint32_t count_m1;
	uint32_t output;
	uint32_t target;	/* index of a node; NONE: the table said offset 0 */
	bool single;		/* of the node as a whole: input means nothing */
};

/* Memory access properties of a device. */
struct iom_iort_mem {
	bool coherent;		/* CCA is 1 */
	uint8_t hints;
	uint8_t flags;		/* IORT_MEM_*: CPM, DACS, CANWBS */
};

/* Only the member of the node's own type means anything; the others are 0. */
struct iom_iort_node {
	enum iom_iort_type type;
	uint8_t revision;		/* set by read; write uses what it writes */
	uint32_t offset;		/* in the table; set by read, ignored by write */
	uint32_t id;
	uint32_t nr_maps;
	const struct iom_iort_map *maps;
	union {
		struct {
			uint32_t nr;
			const uint32_t *ids;
		} its;
		struct {
			const char *name;
			uint32_t flags;
			struct iom_iort_mem mem;
			uint8_t addr_bits;
		} named;
		struct {
			struct iom_iort_mem mem;
			uint32_t ats;
			uint16_t segment;
			uint8_t addr_bits;
			uint16_t pasid;
			uint32_t flags;
		} rc;
		struct {
			uint64_t base;
			uint64_t vatos;
			uint32_t flags;
			uint32_t model;
			uint32_t event, pri, gerr, sync;
			uint32_t pxm;
			uint32_t msi_map;	/* index into maps of its own MSIs, or NONE */
		} smmuv3;
		struct {
			uint32_t flags;
			uint32_t nr;
			const struct iom_range *ranges;
		} rmr;
	} u;
};

struct iom_iort {
	struct iom_viot_ids ids;	/* the ACPI header's free fields */
	const struct iom_iort_node *nodes;	/* in the table's order */
	uint32_t nr_nodes;
	uint32_t nr_unknown;		/* nodes of other types, passed over by length */
};

/* Revision 6 with libiom's names. */
extern const struct iom_viot_ids iom_iort_ids_default;

#define IOM_IORT_MAX_NODES	4096
#define IOM_IORT_MAX_SIZE	(1u << 18)

/*
 * Read a table of exactly size bytes. What *out points to lies in mem, of which
 * 16 times the table's size always suffices; the table is not needed again. Nodes of an
 * unknown type are passed over. A reserved range of length 0 says nothing and is
 * passed over too.
 *
 * IOM_EINVAL: the table is damaged or means something impossible, *diag says
 * where; IOM_E2BIG: larger than IOM_IORT_MAX_SIZE, or too many nodes; IOM_ENOMEM:
 * mem is too small. On failure *out is untouched, mem is scratch.
 */
int iom_iort_read(const void *table, size_t size, void *mem, size_t mem_size,
		  struct iom_iort *out, struct iom_diag *diag);

/*
 * Write a table into buf[cap] with the same checks. *len is its length.
 * IOM_EINVAL; IOM_EOPNOTSUPP: a node that is only read; IOM_ENOSPC: buf is too
 * small; IOM_E2BIG. On failure *len is untouched.
 */
int iom_iort_write(const struct iom_viot_ids *ids, const struct iom_iort_node *nodes,
		   uint32_t nr_nodes, void *buf, size_t cap, size_t *len, struct iom_diag *diag);

/*
 * Node and ID that a PCI function's requests come out with: an SMMU, with its
 * stream ID, or an ITS group with its device ID if no SMMU is in the way.
 * IOM_ENOENT: no root complex, or no mapping, has it.
 */
int iom_iort_find_pci(const struct iom_iort *t, uint16_t segment, uint16_t bdf,
		      uint32_t *node, uint32_t *id);
/* The same for the nth (from 0) mapping of a named component. */
int iom_iort_find_named(const struct iom_iort *t, const char *name, uint32_t nth,
			uint32_t *node, uint32_t *id);
/* ITS group and device ID of the MSIs of stream id of an SMMU. IOM_ENOENT. */
int iom_iort_find_msi(const struct iom_iort *t, uint32_t smmu, uint32_t id,
		      uint32_t *its, uint32_t *device);

/*
 * What a driver of SMMUv3s needs of it. Functions that go straight to an ITS, or
 * to an SMMU of another kind, are ranges without an SMMU. IOM_E2BIG: an array is too
 * small, *diag says which.
 */
int iom_iort_streams(const struct iom_iort *t, struct iom_streams *out, struct iom_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
