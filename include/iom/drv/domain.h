/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain: one address space that devices are attached to. It owns page tables
 * (<iom/pt/pt.h>) and the list of invalidations that its attachments need,
 * whatever IOMMUs they stand behind.
 *
 * Map and unmap run in parallel on different ranges, without a lock; two calls
 * on overlapping ranges at one time are the caller's mistake. Attaching takes
 * the domain's lock, which map and unmap do not.
 *
 * Once an IOMMU has not confirmed an invalidation the domain is dead: every call
 * answers IOM_EIO, nothing that was unmapped comes back (the caller must not
 * use that memory or those addresses again), and its tables are never freed.
 */
#ifndef IOM_DRV_DOMAIN_H
#define IOM_DRV_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/drv/fault.h>
#include <iom/drv/iommu.h>
#include <iom/plat/dmem.h>
#include <iom/plat/plat.h>
#include <iom/pt/pt.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_domain;

struct iom_domain_cfg {
	struct iom_plat *plat;
	struct iom_dmem *dmem;		/* of the tables */
	struct iom_pt_cfg pt;
	/*
	 * Stage 2: others' stage 1 may stand on it (a nesting parent). What is taken
	 * from it takes the combined translations of its VMID, too.
	 */
	bool nest_parent;
	/* Faults of devices in it, before the device's own handler. May be NULL. No lock held. */
	enum iom_fault_answer (*fault)(void *arg, struct iom_domain *d,
				       const struct iom_fault *f);
	void *arg;
};

/* IOM_EINVAL: no such format, or a nesting parent that is not of stage 2; IOM_ENOMEM. */
int iom_domain_create(const struct iom_domain_cfg *cfg, struct iom_domain **out);
/*
 * IOM_EBUSY, nothing changed: something is attached, or waits for its IOMMU and
 * will be, or a fault handler of it runs. Mappings that are left go with it.
 */
int iom_domain_destroy(struct iom_domain *d);

/*
 * As iom_pt_map(), with its errors; IOM_EIO: the domain is dead. Nothing is to be
 * invalidated: what was not mapped is not cached.
 */
int iom_domain_map(struct iom_domain *d, struct iom_range iova, uint64_t pa, unsigned int prot);
/*
 * As iom_pt_unmap(), with its errors. Returns when no device reaches the
 * mappings any more. IOM_EIO: an IOMMU did not confirm that; see above.
 */
int iom_domain_unmap(struct iom_domain *d, struct iom_range iova);
/*
 * As iom_pt_dirty() with clearing: what is reported has been written since the
 * last call, and what is written from now on is seen by the next one. IOM_EIO.
 */
int iom_domain_dirty(struct iom_domain *d, struct iom_range iova, struct iom_pt_dirty *v);
/* The address that a device would reach. IOM_EFAULT: none. Nobody unmaps it meanwhile. */
int iom_domain_lookup(const struct iom_domain *d, uint64_t iova, uint64_t *pa);
/* Is all of r mapped to itself, with at least prot's rights? Nobody unmaps it meanwhile. */
bool iom_domain_one_to_one(struct iom_domain *d, struct iom_range r, unsigned int prot);
/*
 * Asks cfg.fault about a device's fault; without one the answer is abort. For who knows where
 * the device is and keeps d alive meanwhile (the core does); no lock held.
 */
enum iom_fault_answer iom_domain_fault(struct iom_domain *d, const struct iom_fault *f);
/* An invalidation of it was never confirmed: maps, unmaps and attaches are IOM_EIO. Any thread. */
bool iom_domain_dead(const struct iom_domain *d);

/* --- for drivers of IOMMUs --- */

bool iom_domain_nest_parent(const struct iom_domain *d);
/* Its tables' format and place. */
const struct iom_pt_cfg *iom_domain_format(const struct iom_domain *d);
const struct iom_pt_info *iom_domain_tables(const struct iom_domain *d);

/*
 * One more attachment needs inv; unmaps that begin from now on carry it out.
 * IOM_ENOMEM. del: one less; true if others still need the same. Neither from
 * inside invalidate.
 */
int iom_domain_inv_add(struct iom_domain *d, const struct iom_inv *inv);
bool iom_domain_inv_del(struct iom_domain *d, const struct iom_inv *inv);
/* It is not destroyed between these, whether anything is attached or not. */
void iom_domain_hold(struct iom_domain *d);
void iom_domain_drop(struct iom_domain *d);
/* Does an attachment behind this IOMMU need one of this kind? Its ID, then. */
bool iom_domain_inv_find(struct iom_domain *d, const struct iom_iommu *iommu,
			 enum iom_inv_kind kind, uint32_t *id);

#ifdef __cplusplus
}
#endif
#endif
