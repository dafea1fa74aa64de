/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the device tree reader. The tree is walked several times in document
 * order; each walk gives bridges and IOMMUs the same index, so that what one
 * walk counted the next can fill.
 */
#ifndef IOM_SRC_FW_MACHINE_H
#define IOM_SRC_FW_MACHINE_H

#include <libfdt.h>

#include <iom/fw/machine.h>

#define IOMI_MACHINE_DEPTH	32
#define IOMI_MACHINE_PATH	256		/* with the NUL */
#define IOMI_MACHINE_BRIDGES	256u
#define IOMI_MACHINE_IOMMUS	1024u
#define IOMI_MACHINE_MAPS	4096u		/* a bridge */
#define IOMI_MACHINE_ENDPOINTS	65536u
#define IOMI_MACHINE_RESVS	1024u
#define IOMI_MACHINE_FNS	4096u
#define IOMI_MACHINE_MSIS	1024u
#define IOMI_MACHINE_IOVAS	65536u
/* Of one virtio-iommu: the device reports 16 regions, of which one is for MSIs. */
#define IOMI_MACHINE_RESV_REGIONS 15u

/* A node that is being visited, or one of those above it. */
struct iomi_machine_node {
	int off;			/* in the blob */
	unsigned int path_len;		/* of ctx.path */
	int addr_cells;			/* of its children; -1 if not valid */
	int size_cells;
	bool pci_bus;			/* device_type "pci" */
	bool host;			/* a pci_bus that is below no other */
	bool enabled;
	bool coherent;
	bool resv_parent;		/* /reserved-memory */
	uint32_t bridge;		/* index of the host it is or is below, or NONE */
	uint32_t iommu;			/* its index, if it is an IOMMU, or NONE */
	uint32_t msi;			/* its index, if it is an MSI controller, or NONE */
	/* Third walk: what DMA of those below is limited to. */
	uint32_t nr_windows;
	const struct iom_machine_window *windows;
};

/* A phandle and the IOMMU that has it; sorted by phandle. */
struct iomi_machine_ref {
	uint32_t phandle;
	uint32_t iommu;
};

/* A node that has a phandle; sorted by it. In trees with iommu-addresses only. */
struct iomi_machine_dev {
	uint32_t phandle;
	int off;
	int8_t addr_cells;		/* of its bus; -1 if not valid */
	int8_t size_cells;
	bool twice;			/* another node has the phandle, too */
	bool resv;			/* below /reserved-memory */
	bool is_iommu;			/* of a kind that is never behind another */
	bool wanted;			/* by iommu-addresses; what follows is set then */
	struct iom_machine_resv_iova who;	/* iova and pa mean nothing */
};

/* What a device has reserved, and the region that says so. */
struct iomi_machine_iova {
	uint32_t dev;			/* index into devs */
	uint32_t resv;
	struct iom_machine_resv_iova *v;
};

struct iomi_machine_ctx {
	const void *fdt;
	bool strict;
	struct iom_diag *diag;

	unsigned char *mem;		/* what is left of the caller's memory */
	size_t mem_left;

	/* The walk: the node at depth and all above it. */
	struct iomi_machine_node frame[IOMI_MACHINE_DEPTH];
	int depth;
	char path[IOMI_MACHINE_PATH];
	uint32_t nr_bridges;
	uint32_t nr_iommus;
	uint32_t nr_msis;

	/* Counted by the first walk, filled by the others. */
	uint32_t cap_endpoints;
	uint32_t cap_resvs;
	uint32_t cap_fns;
	uint32_t cap_msis;
	uint32_t cap_devs;
	uint32_t cap_iovas;
	uint32_t nr_endpoints;
	uint32_t nr_resvs;
	uint32_t nr_fns;
	uint32_t nr_devs;
	uint32_t nr_iovas;
	struct iom_machine_bridge *bridges;
	struct iom_machine_iommu *iommus;
	struct iom_machine_endpoint *endpoints;
	struct iom_machine_resv *resvs;
	struct iom_machine_fn *fns;
	struct iom_machine_msi *msis;
	uint32_t irq_parent;		/* phandle that was looked up last, and its cells */
	uint32_t irq_cells;
	struct iomi_machine_ref *refs;
	uint32_t nr_refs;
	int *resv_off;			/* of each of resvs, in the blob */
	struct iomi_machine_dev *devs;
	struct iomi_machine_iova *iovas;
};

/* machine.c: the walk, memory, and properties. */
/* 0, or why a blob is no device tree: -FDT_ERR_*. */
int iomi_machine_check_fdt(const void *fdt, size_t size);
int iomi_machine_walk(struct iomi_machine_ctx *c,
		      int (*visit)(struct iomi_machine_ctx *c));
int iomi_machine_alloc(struct iomi_machine_ctx *c, size_t n, size_t size, void *out);
int iomi_machine_strdup(struct iomi_machine_ctx *c, const char *s, const char **out);
const struct iomi_machine_node *iomi_machine_cur(const struct iomi_machine_ctx *c);
const struct iomi_machine_node *iomi_machine_parent(const struct iomi_machine_ctx *c);
bool iomi_machine_compat(const struct iomi_machine_ctx *c, const char *compatible);

/* Refuse the current node. */
#define iomi_machine_fail(c, prop, ...) \
	iomi_diag_fail((c)->diag, IOM_EINVAL, (c)->path, prop, __VA_ARGS__)

/*
 * Properties of the current node. `has` is false, and the result untouched, if
 * it is absent; a value of another shape is refused.
 */
bool iomi_machine_has(const struct iomi_machine_ctx *c, const char *name);
const fdt32_t *iomi_machine_cells(const struct iomi_machine_ctx *c, const char *name,
				  uint32_t *nr);
uint32_t iomi_machine_cell(const fdt32_t *p, uint32_t i);
uint64_t iomi_machine_cell64(const fdt32_t *p, uint32_t i);
int iomi_machine_u32(struct iomi_machine_ctx *c, const char *name, bool *has, uint32_t *v);
int iomi_machine_u64(struct iomi_machine_ctx *c, const char *name, bool *has, uint64_t *v);
int iomi_machine_flag(struct iomi_machine_ctx *c, const char *name, bool *v);
int iomi_machine_str(struct iomi_machine_ctx *c, const char *name, const char **s);
int iomi_machine_compat1(struct iomi_machine_ctx *c, const char **s);
bool iomi_machine_address(const fdt32_t *p, int n, uint64_t *v);
bool iomi_machine_reg(const struct iomi_machine_ctx *c, struct iom_range *r);
int iomi_machine_pci_reg(struct iomi_machine_ctx *c, uint16_t *bdf);

/* machine_iommu.c: bridges, IOMMUs, maps, endpoints. */
bool iomi_machine_is_viommu_pci(const struct iomi_machine_ctx *c);
int iomi_machine_read_nodes(struct iomi_machine_ctx *c);
int iomi_machine_read_maps(struct iomi_machine_ctx *c);

/* machine_msi.c: MSI controllers, msi-map, msi-parent. */
int iomi_machine_read_msi(struct iomi_machine_ctx *c);
int iomi_machine_read_msi_map(struct iomi_machine_ctx *c);
int iomi_machine_read_msi_parent(struct iomi_machine_ctx *c, uint32_t *msi, uint32_t *id);
int iomi_machine_check_msis(struct iomi_machine_ctx *c);

/*
 * machine_resv.c: reserved memory and iommu-addresses. The first pass over it
 * counts; note_dev keeps phandles in the second walk; read_iovas follows that;
 * the third walk tells what the devices are, and finish_iovas ends it.
 */
int iomi_machine_count_resv(struct iomi_machine_ctx *c);
int iomi_machine_read_resv(struct iomi_machine_ctx *c);
void iomi_machine_note_dev(struct iomi_machine_ctx *c);
int iomi_machine_read_iovas(struct iomi_machine_ctx *c);
int iomi_machine_read_dev(struct iomi_machine_ctx *c, uint32_t first_endpoint);
void iomi_machine_finish_iovas(struct iomi_machine_ctx *c);

/* machine_smmu.c: dma-ranges, interrupts of SMMUs. */
int iomi_machine_read_windows(struct iomi_machine_ctx *c);
int iomi_machine_read_irqs(struct iomi_machine_ctx *c, struct iom_machine_iommu *iommu);

/* machine_fn.c: what a libiom machine file adds, and what it may not have. */
int iomi_machine_strict(struct iomi_machine_ctx *c);
bool iomi_machine_is_fn(const struct iomi_machine_ctx *c);
int iomi_machine_read_fn(struct iomi_machine_ctx *c);
int iomi_machine_finish_fns(struct iomi_machine_ctx *c, const struct iom_machine *m);

/*
 * machine_viot.c: functions in a row, from fns[*i], that a single entry of a
 * VIOT or iommu-map can say, with *i moved behind them. Functions that are not
 * behind a virtio-iommu are passed over. False at the end.
 */
struct iomi_machine_run {
	uint32_t bridge;
	uint32_t iommu;
	uint16_t segment;
	uint16_t bdf;
	uint32_t endpoint;
	uint32_t count;
};
bool iomi_machine_next_run(const struct iom_machine *m, uint32_t *i,
			   struct iomi_machine_run *run);

/* machine_check.c: ids that overlap, IOMMUs that manage themselves. */
int iomi_machine_check(struct iomi_machine_ctx *c, const struct iom_machine *m);

/* machine.c: sort n elements of size bytes in place, without recursion or memory. */
void iomi_machine_sort(void *base, size_t n, size_t size,
		       int (*cmp)(const void *a, const void *b));

#endif
