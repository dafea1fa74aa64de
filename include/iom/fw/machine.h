/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine as its IOMMUs see it: PCI host bridges with their id maps, IOMMUs,
 * platform endpoints, reserved memory and, in a libiom machine file, the PCI
 * functions that libiom is to provide (docs/machine-file.md). No other layer
 * knows the format these structs were read from.
 *
 * Everything a struct iom_machine points to lies in the memory that the caller
 * gave to the reader and lives as long as that; the blob is not needed again.
 * Nothing here allocates or takes a lock. A struct iom_machine is constant
 * once read, so any thread may read it.
 */
#ifndef IOM_FW_MACHINE_H
#define IOM_FW_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/range.h>
#include <iom/fw/diag.h>
#include <iom/fw/streams.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_MACHINE_NONE	UINT32_MAX	/* no index into an array below */

/* Routing ID of a PCI function: bus 15:8, device 7:3, function 2:0. */
static inline uint8_t iom_machine_bdf_bus(uint16_t bdf) { return (uint8_t)(bdf >> 8); }
static inline uint8_t iom_machine_bdf_dev(uint16_t bdf) { return bdf >> 3 & 31; }
static inline uint8_t iom_machine_bdf_fn(uint16_t bdf) { return bdf & 7; }

/*
 * One iommu-map entry: requester ids [rid, rid + count - 1], after the
 * bridge's mask, have the endpoint (stream) ids [id, id + count - 1].
 */
struct iom_machine_map {
	uint32_t iommu;			/* index into iommus */
	uint32_t rid;
	uint32_t id;
	uint32_t count;			/* never 0; rid and id ranges do not wrap */
};

/*
 * One msi-map entry: MSIs of requester ids [rid, rid + count - 1], after the
 * mask, reach the controller with the device ids [id, id + count - 1].
 */
struct iom_machine_msi_map {
	uint32_t msi;			/* index into msis */
	uint32_t rid;
	uint32_t id;
	uint32_t count;			/* never 0; the ranges do not wrap */
};

/* One dma-ranges entry: addresses that DMA may have, and where they go on the bus above. */
struct iom_machine_window {
	struct iom_range bus;
	uint64_t to;
};

struct iom_machine_msi {		/* has msi-controller: an ITS, a GICv2m frame, ... */
	const char *path;
	const char *compatible;		/* first string; may be empty */
	uint32_t phandle;		/* 0: none */
	uint32_t cells;			/* #msi-cells; 0: no device ID comes with an MSI */
	bool enabled;
	bool has_reg;
	struct iom_range reg;		/* in CPU addresses */
	uint32_t parent;		/* where its own MSIs go, index into msis, or NONE */
};

struct iom_machine_bridge {		/* a PCI host bridge */
	const char *path;
	uint16_t segment;		/* linux,pci-domain */
	bool segment_given;		/* false: a guess, the lowest that no other bridge has */
	uint8_t bus_first;
	uint8_t bus_last;
	bool enabled;			/* status, of the node and those above it */
	bool coherent;			/* dma-coherent, of the node or those above it */
	bool has_map;			/* has an iommu-map */
	uint32_t map_mask;
	uint32_t nr_maps;
	const struct iom_machine_map *maps;
	uint32_t msi_mask;
	uint32_t nr_msi_maps;
	const struct iom_machine_msi_map *msi_maps;
	uint32_t msi;			/* msi-parent: index into msis, or NONE */
	uint32_t msi_id;		/* the bridge's own device ID there */
	uint32_t nr_windows;		/* of its dma-ranges; 0: DMA is not limited by it */
	const struct iom_machine_window *windows;
};

enum iom_machine_iommu_kind {
	IOM_MACHINE_VIOMMU_PCI,		/* virtio-iommu, a function of a PCI bus */
	IOM_MACHINE_VIOMMU_MMIO,	/* virtio-iommu over virtio-mmio */
	IOM_MACHINE_SMMUV3,
	IOM_MACHINE_IOMMU_OTHER,	/* has #iommu-cells and is none of these */
};

struct iom_machine_iommu {
	enum iom_machine_iommu_kind kind;
	const char *path;
	const char *compatible;		/* the first string; may be empty */
	uint32_t phandle;		/* 0: none, so nothing can refer to it */
	uint32_t cells;			/* #iommu-cells */
	bool enabled;
	bool coherent;
	uint32_t bridge;		/* VIOMMU_PCI: index into bridges */
	uint16_t bdf;			/* VIOMMU_PCI */
	bool has_reg;			/* the others: reg was there, and is */
	struct iom_range reg;		/* this in CPU addresses */
	uint32_t fn;			/* index into fns of a function libiom provides, or NONE */
	/* SMMUV3: wired interrupts, by a GIC's numbers (SPIs from 32); 0: none, or no GIC's. */
	uint32_t irq_event;
	uint32_t irq_pri;
	uint32_t irq_gerror;
	uint32_t irq_sync;
	uint32_t msi;			/* msi-parent: index into msis, or NONE */
	uint32_t msi_id;		/* its device ID there; 0 if #msi-cells is 0 */
};

/* One element of a platform device's `iommus`. */
struct iom_machine_endpoint {
	const char *path;
	uint32_t iommu;			/* index into iommus */
	uint32_t nr_args;		/* #iommu-cells of that IOMMU */
	uint32_t id;			/* first argument; 0 if there is none */
	bool enabled;
	bool coherent;
	bool has_reg;
	struct iom_range reg;
	uint32_t nr_windows;		/* dma-ranges of the nearest bus above that limits DMA */
	const struct iom_machine_window *windows;
	uint32_t msi;			/* msi-parent: index into msis, or NONE */
	uint32_t msi_id;
};

/*
 * One entry of iommu-addresses: IOVAs of a device that are not free. The device
 * is nr_endpoints of endpoints, or the functions [bdf_first, bdf_last] of a bridge, or,
 * behind no IOMMU, neither.
 */
struct iom_machine_resv_iova {
	const char *path;		/* of the device */
	struct iom_range iova;		/* as the device's bus has them */
	bool mapped;			/* to the region's memory, at pa; else to be kept free */
	uint64_t pa;
	uint32_t endpoint;		/* index of the first */
	uint32_t nr_endpoints;
	uint32_t bridge;		/* index into bridges, or NONE */
	uint16_t bdf_first;
	uint16_t bdf_last;
};

struct iom_machine_resv {		/* a child of /reserved-memory */
	const char *path;
	const char *compatible;		/* first string; may be empty */
	bool has_range;			/* false: placed by the OS, or of IOVAs only */
	struct iom_range range;
	bool no_map;
	bool reusable;
	bool restricted_pool;		/* restricted-dma-pool */
	bool dma_default;		/* linux,dma-default */
	uint32_t nr_iovas;
	const struct iom_machine_resv_iova *iovas;
};

/* The virtio-iommu that libiom provides: what it offers and its limits. */
struct iom_machine_viommu {
	bool bypass_config;		/* offer BYPASS_CONFIG; off: iom,no-bypass-config */
	bool boot_bypass;		/* initial value of the config field; default on */
	bool probe;			/* off: iom,no-probe */
	bool mmio;			/* off: iom,no-mmio */
	uint64_t page_size_mask;	/* never 0; default: 4 KiB and every larger size */
	bool has_input_range;
	struct iom_range input_range;
	bool has_domain_range;
	uint32_t domain_first;
	uint32_t domain_last;
	bool has_msi;			/* PROBE: RESV_MEM with subtype MSI */
	struct iom_range msi;
	uint32_t nr_resv;		/* PROBE: RESV_MEM with subtype RESERVED */
	const struct iom_range *resv;	/* none overlaps another or msi */
	/* A6, each 0 if the machine file does not say: */
	uint32_t max_domains;
	uint32_t max_endpoints;
	uint32_t max_requests;		/* for one kick */
	uint64_t max_bytes;		/* of mapping state */
};

enum iom_machine_fn_kind {
	IOM_MACHINE_FN_VIOMMU,
	IOM_MACHINE_FN_BLK,
	IOM_MACHINE_FN_RNG,
	IOM_MACHINE_FN_DMA_TEST,
};

/* A PCI function that libiom provides. */
struct iom_machine_fn {
	enum iom_machine_fn_kind kind;
	const char *path;
	const char *name;		/* last part of path: "disk@3,0" */
	uint32_t bridge;		/* index into bridges */
	uint16_t segment;
	uint16_t bdf;
	uint32_t iommu;			/* index into iommus, or NONE: not translated */
	uint32_t endpoint;		/* valid if iommu is not NONE */
	bool no_msix;			/* no MSI-X capability */
	bool msi_only;			/* neither MSI-X nor INTx, only MSI; implies no_msix */
	bool packed;			/* offer the packed ring (virtio functions) */
	const char *file;		/* BLK: as written; relative to the machine file */
	const char *serial;		/* BLK: what GET_ID answers; may be empty */
	bool read_only;			/* BLK */
	struct iom_machine_viommu viommu;	/* VIOMMU only */
};

struct iom_machine {
	uint32_t nr_bridges;
	uint32_t nr_iommus;
	uint32_t nr_endpoints;
	uint32_t nr_resvs;
	uint32_t nr_fns;
	uint32_t nr_msis;
	const struct iom_machine_msi *msis;
	const struct iom_machine_bridge *bridges;
	const struct iom_machine_iommu *iommus;
	const struct iom_machine_endpoint *endpoints;
	const struct iom_machine_resv *resvs;
	const struct iom_machine_fn *fns;	/* ascending (segment, bdf) */
};

/*
 * Accept only a libiom machine file: every node and property must be one that
 * docs/machine-file.md lists. Without it nodes that are not understood are
 * passed over and fns stays empty.
 */
#define IOM_MACHINE_STRICT	1u

#define IOM_MACHINE_MAX_FDT	(4u << 20)	/* bytes; QEMU pads its trees to 1 MiB */

/*
 * Read a flattened device tree; size may exceed its total size, not be less.
 * The blob may come from anywhere; it is checked before use and not written to.
 * It need not be aligned.
 *
 * Returns IOM_OK, also for a tree that describes nothing of interest (all
 * counts are 0); IOM_EINVAL if the tree is damaged or means something
 * impossible, and *diag says where; IOM_E2BIG if the blob is larger than
 * IOM_MACHINE_MAX_FDT or has more bridges, IOMMUs, ... than we care to hold;
 * IOM_ENOMEM if mem_size is too small: call again with more, 32 times the size
 * of the blob is always enough. On failure *out is untouched and *diag is set.
 * mem is scratch space in any case.
 */
int iom_machine_read(const void *fdt, size_t size, uint32_t flags, void *mem,
		     size_t mem_size, struct iom_machine *out,
		     struct iom_diag *diag);

/*
 * Which IOMMU, and which endpoint id, has the PCI function bdf of a bridge?
 * IOM_ENOENT if the bridge's map leaves it out.
 */
int iom_machine_find_pci(const struct iom_machine *m, uint32_t bridge,
			 uint16_t bdf, uint32_t *iommu, uint32_t *endpoint);

/*
 * The MSI controller, an index into msis, and device id of a PCI function: by
 * msi-map or, where a bridge has none, its msi-parent, and then the id is bdf.
 * IOM_ENOENT.
 */
int iom_machine_find_msi(const struct iom_machine *m, uint32_t bridge, uint16_t bdf,
			 uint32_t *msi, uint32_t *device);

/*
 * What a driver of SMMUv3s needs of it: the SMMUs that are enabled, and endpoints,
 * enabled too; those that no such SMMU translates are ranges without one.
 * IOM_E2BIG: an array is too small, *diag says which.
 */
int iom_machine_streams(const struct iom_machine *m, struct iom_streams *out,
			struct iom_diag *diag);

/*
 * The VIOT of a machine: its virtio-iommus, and ranges that cover the functions
 * libiom provides behind them and nothing else (an OS would map IOVAs for any
 * other function in a range, and nobody would translate its DMA). A machine
 * without such functions, one that firmware described, gives its id maps
 * instead, without the IOMMUs' own functions.
 *
 * Returns IOM_OK and the table's length in *len; IOM_EINVAL if no endpoint is
 * behind a virtio-iommu; IOM_ENOSPC if buf is too small; IOM_E2BIG.
 */
int iom_machine_viot(const struct iom_machine *m, void *buf, size_t cap,
		     size_t *len, struct iom_diag *diag);

/*
 * The same as device tree: base (a tree of a machine without IOMMU, such as
 * QEMU's dumpdtb) with iommu-map and virtio-iommu nodes put into its PCI host
 * bridges, found by path and linux,pci-domain, or the latter alone. With base NULL, an
 * overlay that does the same to a tree whose bridges have this machine's paths.
 * base and buf must be 8-byte aligned and not overlap.
 *
 * SMMUv3s are put in at their paths, with their wired interrupts (numbers of a GIC),
 * msi-parent, dma-coherent; bridges get their maps of SMMUs, and endpoints, found by
 * path, their iommus. A VMM that embeds an SMMU fills in such a machine itself:
 * bridges (path, segment, map_mask, maps), iommus (kind, path, cells = 1, enabled,
 * coherent, reg, irq_*, msi, msi_id, fn = NONE), endpoints (path, iommu, id) and, if
 * an SMMU has MSIs, msis (path). They refer to base, so there is no overlay of them.
 *
 * Returns IOM_OK and the blob's length in *len; IOM_EINVAL if base is damaged,
 * lacks a bridge, a device or an MSI controller, or already has an IOMMU or function
 * in the way; IOM_EOPNOTSUPP for other IOMMUs than SMMUv3s and functions that libiom
 * provides, for platform endpoints behind those, and for what base's interrupt or MSI
 * controllers have no form for; IOM_ENOSPC if buf is too small.
 */
int iom_machine_dt(const struct iom_machine *m, const void *base, size_t base_size,
		   void *buf, size_t cap, size_t *len, struct iom_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
