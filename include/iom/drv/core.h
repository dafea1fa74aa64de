/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOMMU core: which devices there are, behind which IOMMUs, which of them
 * cannot be kept apart (groups), and what each may reach now.
 *
 * Whoever knows the firmware and the bus describes devices and IOMMUs in plain
 * structs, in any order: a device waits, unable to do DMA, until every IOMMU it
 * stands behind is there. Waiting never ends in bypass.
 *
 * One lock keeps all of it; map and unmap do not take it. Any thread; calls may
 * sleep. Fault handlers run without it.
 */
#ifndef IOM_DRV_CORE_H
#define IOM_DRV_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include <iom/base/list.h>
#include <iom/drv/domain.h>
#include <iom/drv/fault.h>
#include <iom/plat/plat.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_core;
struct iom_device;
struct iom_group;
struct iom_core_iommu;

/* --- IOMMUs --- */

/* One ID of a device behind an IOMMU; its driver embeds it. */
struct iom_core_stream {
	struct iom_core_iommu *iommu;
	uint32_t id;
};

struct iom_core_stream_cfg {
	bool stall;		/* a platform device that can wait for an answer */
	uint8_t pasid_bits;
};

/* All called by the core, its lock held; may sleep. Errors are passed on. */
struct iom_core_iommu_ops {
	/* The stream is blocked. */
	int (*add)(struct iom_core_iommu *i, uint32_t id, const struct iom_core_stream_cfg *cfg,
		   struct iom_core_stream **out);
	/* Blocks it; IOM_EBUSY: PASIDs, or ATS; on failure it is still there, and never freed. */
	int (*remove)(struct iom_core_stream *st);
	/*
	 * d NULL: blocked. Nothing but the old, the new or nothing is reached meanwhile, and,
	 * after IOM_EIO, until it is asked to go somewhere again. Else a failure changes nothing.
	 */
	int (*attach)(struct iom_core_stream *st, struct iom_domain *d);
	int (*identity)(struct iom_core_stream *st);
	int (*attach_pasid)(struct iom_core_stream *st, uint32_t pasid, struct iom_domain *d);
	int (*detach_pasid)(struct iom_core_stream *st, uint32_t pasid);
	/* How many are attached, or, after IOM_EIO, may be: those can be detached. */
	unsigned int (*pasids)(const struct iom_core_stream *st);
	/* The domain of one, held (iom_domain_hold()); IOM_ENOENT. From a fault. */
	int (*pasid_domain)(struct iom_core_stream *st, uint32_t pasid, struct iom_domain **d);
};

/* The driver of an IOMMU embeds it, and fills in what is above the line. */
struct iom_core_iommu {
	const struct iom_core_iommu_ops *ops;
	uint64_t key;			/* by which devices name it: an address, a phandle */
	bool coherent;			/* its own accesses, and those through it, snoop */
	/* --- the core's */
	struct iom_list link;
	unsigned int nr_streams;
};

/* --- devices --- */

struct iom_device_id {
	uint64_t iommu;			/* iom_core_iommu.key */
	uint32_t id;
};

enum iom_reserved_kind {
	IOM_RESERVED_NONE,	/* never mapped: a hole of the bus, what a bridge takes */
	IOM_RESERVED_DIRECT,	/* in use from before: one to one in what it is attached to */
	IOM_RESERVED_MSI,	/* doorbells: by hardware, or a window for them */
};

struct iom_reserved {
	struct iom_range range;		/* DIRECT: whole pages */
	enum iom_reserved_kind kind;
	uint32_t prot;			/* DIRECT: IOM_PT_* */
};

enum iom_default {
	IOM_DEFAULT_BLOCKED,
	IOM_DEFAULT_IDENTITY,
};

struct iom_device_desc {
	const char *name;
	/* Its own IDs, and those under which a bridge passes its DMA on. */
	const struct iom_device_id *ids, *aliases;
	unsigned int nr_ids, nr_aliases;
	/*
	 * Numbers of what stands above it, or beside it in one slot, and does
	 * not isolate (no ACS): whoever names the same is in one group.
	 */
	const uint64_t *shared;
	unsigned int nr_shared;
	const struct iom_reserved *reserved;
	unsigned int nr_reserved;
	bool coherent;			/* dma-coherent, _CCA */
	/* Where it is when nobody has attached it; identity only if all of its group say so. */
	enum iom_default dflt;
	struct iom_core_stream_cfg stream;
	/* A fault that its domain's handler has not answered. May be NULL. No lock held. */
	enum iom_fault_answer (*fault)(void *arg, struct iom_device *dev,
				       const struct iom_fault *f);
	void *arg;
};

/* --- calls --- */

/* plat outlives it. IOM_ENOMEM, or as plat's lock_init answers; *out untouched. */
int iom_core_create(struct iom_plat *plat, struct iom_core **out);
/* IOM_EBUSY while there are devices or IOMMUs. */
int iom_core_destroy(struct iom_core *core);

/*
 * Devices that waited for it are bound. IOM_EEXIST: the key is there. A device
 * that could not be bound goes on waiting, and is tried again by iom_core_retry().
 */
int iom_core_iommu_add(struct iom_core *core, struct iom_core_iommu *i);
/*
 * The IOMMU leaves. With unbind its devices are unbound first, and wait for it
 * again; what their groups are attached to stays so. Else IOM_EBUSY while one is bound;
 * with unbind too, while PASIDs are attached or ATS is on. IOM_EIO: not confirmed. On
 * failure it is still there, and what was unbound is bound again, or, where that fails,
 * waits for iom_core_retry().
 */
int iom_core_iommu_remove(struct iom_core *core, struct iom_core_iommu *i, bool unbind);
/* Tries to bind what waits; IOM_OK if nothing does any more, else the first error. */
int iom_core_retry(struct iom_core *core);

/*
 * desc is copied. IOM_EINVAL: no ID, or a reserved region that is not one;
 * IOM_EBUSY: it would join groups of which one is attached elsewhere; IOM_ENOMEM. IOM_EIO:
 * those it joins were by default where it may not be, and their leaving was not confirmed;
 * it is not there, and they are one group from now on. *out only on success.
 */
int iom_core_device_add(struct iom_core *core, const struct iom_device_desc *desc,
			struct iom_device **out);
/*
 * Blocks it, and waits for its fault handlers to end. Groups are not split. IOM_EBUSY: its
 * group is attached, or PASIDs are; IOM_EIO: not confirmed. On failure it is still there.
 */
int iom_core_device_remove(struct iom_core *core, struct iom_device *dev);

/* A group lives as long as one of its devices, a name as its device. */
struct iom_group *iom_core_device_group(struct iom_core *core, struct iom_device *dev);
unsigned int iom_core_group_size(struct iom_core *core, const struct iom_group *g);
const char *iom_core_device_name(const struct iom_device *dev);
/* Its IOMMUs are all there, and it is bound to them. */
bool iom_core_device_ready(struct iom_core *core, const struct iom_device *dev);
/* B1: the device is, and every IOMMU that it stands behind; false while it waits for one. */
bool iom_core_device_coherent(struct iom_core *core, const struct iom_device *dev);
/* Calls fn for each reserved region of the group's devices, under the lock. */
void iom_core_group_reserved(struct iom_core *core, const struct iom_group *g,
			void (*fn)(void *arg, const struct iom_reserved *r), void *arg);

/*
 * Every device of the group to d; what each must be able to reach one to one is
 * mapped first. IOM_EAGAIN: a device waits for its IOMMU; IOM_EBUSY: attached;
 * IOM_EEXIST: d maps something else there, or with less permission; else as
 * iom_domain_map(). On failure all are where they were, and d maps what it did; IOM_EIO:
 * what could not be brought back is blocked. What was mapped for it stays in d afterwards.
 */
int iom_core_group_attach(struct iom_core *core, struct iom_group *g, struct iom_domain *d);
/* Back to the default. IOM_EIO as above; IOM_EBUSY: PASIDs are attached, or ATS is on. */
int iom_core_group_detach(struct iom_core *core, struct iom_group *g);
struct iom_domain *iom_core_group_domain(struct iom_core *core, const struct iom_group *g);

/*
 * A PASID of a device that is alone in its group and has one ID; IOM_EBUSY if not.
 * IOM_EAGAIN: it waits for its IOMMU. Else as the IOMMU's driver answers.
 */
int iom_core_device_attach_pasid(struct iom_core *core, struct iom_device *dev, uint32_t pasid,
			    struct iom_domain *d);
int iom_core_device_detach_pasid(struct iom_core *core, struct iom_device *dev, uint32_t pasid);

/*
 * A driver tells of a fault: the handler of the domain is asked (that of the PASID, if
 * it is of one), then that of the device. From the driver's interrupt, no lock held.
 */
enum iom_fault_answer iom_core_fault(struct iom_core *core, struct iom_core_iommu *i,
				     const struct iom_fault *f);

#ifdef __cplusplus
}
#endif
#endif
