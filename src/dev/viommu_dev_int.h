/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the virtio-iommu device share. One lock, v->lock, keeps
 * everything but the words that translations read: an endpoint's space and
 * what hangs below it (viommu_map.h).
 *
 * An endpoint is always in a space: that of its domain, or v->unattached,
 * whose root is the identity or nothing, as `bypass` says; nothing while a
 * reset drains, since an access that is under way in an address space must not
 * go on with its addresses taken for physical ones. What leaves the
 * reach of translations goes on a retired list, and is freed after a wait at
 * the gate.
 */
#ifndef IOMI_DEV_VIOMMU_DEV_INT_H
#define IOMI_DEV_VIOMMU_DEV_INT_H

#include <iom/dev/viommu_dev.h>

#include "viommu_map.h"

#define VIOMMU_EP_BUCKETS	256u
#define VIOMMU_DOMAIN_BUCKETS	1024u

struct viommu_domain {
	struct viommu_map map;
	uint32_t id;			/* fixed */
	bool bypass;			/* fixed */
	/* under v->lock: */
	struct viommu_domain *next;	/* bucket, or retired list */
	struct iom_list eps;
	uint64_t maps, unmaps;
};

struct iom_viommu_ep {
	struct iom_xlate x;
	IOM_ATOMIC(struct viommu_map *) space;	/* written under v->lock */
	struct iom_viommu_dev *v;
	struct iom_viommu_ep_cfg cfg;	/* fixed, defaults filled in */
	unsigned int granule_lg2;	/* fixed */
	IOM_ATOMIC(uint64_t) faults;
	/* under v->lock: */
	struct iom_viommu_ep *next;	/* bucket */
	struct viommu_domain *domain;	/* NULL: unattached */
	struct iom_list in_domain;
	uint64_t maps, unmaps;		/* of domains left; and the counts at attach: */
	uint64_t maps_at, unmaps_at;
	struct viommu_domain *restored;	/* only while a stream is read: */
	uint32_t restored_nth;		/* its place there from 1, 0 not yet */
};

/* What waits for the gate. */
struct viommu_retired {
	struct viommu_node *nodes;
	struct viommu_domain *domains;
};

struct iom_viommu_dev {
	struct iom_viommu_dev_cfg cfg;	/* fixed, defaults filled in */
	uint64_t features;		/* fixed: offered */
	unsigned int granule_lg2;	/* fixed */
	struct iom_plat *plat;
	struct iom_access_gate gate;
	struct viommu_map unattached;
	IOM_ATOMIC(uint64_t) accepted;
	IOM_ATOMIC(uint64_t) faults;
	struct iom_lock lock;
	/* written under lock: */
	IOM_ATOMIC(bool) bypass;
	IOM_ATOMIC(bool) draining;	/* from a reset until the accesses before it have ended */
	/* under lock: */
	struct viommu_pool pool;
	struct viommu_domain *retired;
	struct viommu_retired reset;	/* of a reset not yet done */
	uint64_t reset_ticket;
	unsigned int nr_eps, nr_domains;
	struct iom_viommu_stats st;	/* the counts of requests */
	struct iom_viommu_ep *ep[VIOMMU_EP_BUCKETS];
	struct viommu_domain *domain[VIOMMU_DOMAIN_BUCKETS];
};

/* A request that was copied out of guest memory, and where its answer goes. */
struct viommu_request {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	uint64_t room;			/* the driver's; out holds as much, or any answer */
	uint32_t used;			/* bytes of out written */
};

/* n requests one after another; *wait as in iom_viommu_dev_request_nowait(). Takes v->lock. */
void iomi_viommu_dev_serve(struct iom_viommu_dev *v, struct viommu_request *req, unsigned int n,
			   bool *wait);

/* All under v->lock. */
struct iom_viommu_ep *iomi_viommu_dev_find_ep(struct iom_viommu_dev *v, uint32_t id);
int iomi_viommu_dev_new_domain(struct iom_viommu_dev *v, uint32_t id, bool bypass,
			       unsigned int granule_lg2, struct viommu_domain **out);
void iomi_viommu_dev_add_domain(struct iom_viommu_dev *v, struct viommu_domain *d);
/* May ep join d as it is (D16)? */
bool iomi_viommu_dev_compatible(struct viommu_domain *d, const struct iom_viommu_ep *ep);
/* From another domain or from none, in one step for the accesses. */
void iomi_viommu_dev_join(struct iom_viommu_ep *ep, struct viommu_domain *d);
/* To unattached. The domain goes when its last endpoint leaves. No-op if unattached. */
void iomi_viommu_dev_leave(struct iom_viommu_ep *ep);
void iomi_viommu_dev_set_bypass(struct iom_viommu_dev *v, bool bypass);
struct viommu_retired iomi_viommu_dev_take_retired(struct iom_viommu_dev *v);
void iomi_viommu_dev_free_retired(struct iom_viommu_dev *v, struct viommu_retired r);

static inline struct viommu_domain *viommu_dev_find_domain(struct iom_viommu_dev *v, uint32_t id)
{
	struct viommu_domain *d = v->domain[id % VIOMMU_DOMAIN_BUCKETS];

	while (d && d->id != id)
		d = d->next;
	return d;
}

#endif
