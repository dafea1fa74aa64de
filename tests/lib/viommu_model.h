/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-iommu one can see is right: every domain is an array with one entry
 * a page. The address space is cut into MODEL_SLOTS places: three windows of 32
 * pages (at 0, around 2^39, up to 2^64 - 1) and the two gaps between, each gap
 * being one huge page. Every mapping begins and ends at the edge of a place.
 *
 * Requests are decoded from their bytes, here again by hand. The same rules
 * decide as in VIRTIO 1.3 section 5.13.6; where that leaves the status open,
 * the model has the choice that the device documents.
 */
#ifndef TESTS_LIB_VIOMMU_MODEL_H
#define TESTS_LIB_VIOMMU_MODEL_H

#include "lib/viommu.h"
#include "lib/test.h"

#define MODEL_WINDOW	32u
#define MODEL_SLOTS	(3 * MODEL_WINDOW + 2)
#define MODEL_DOMAINS	6u
#define MODEL_EPS	6u

struct model_slot {
	unsigned int mapping;	/* number of the MAP that covers it; 0: none */
	uint64_t gpa;		/* of the slot's first byte */
	uint32_t flags;
};

struct model_domain {
	bool used, bypass;
	uint32_t id;
	uint64_t granule;
	uint64_t maps, unmaps;
	struct model_slot slot[MODEL_SLOTS];
};

struct model_ep {
	struct iom_viommu_ep_cfg cfg;
	uint64_t granule;
	int domain;		/* index; -1: none */
	uint64_t maps, unmaps;
};

struct model {
	struct iom_viommu_dev_cfg cfg;
	uint64_t offered, accepted;
	bool bypass;
	struct model_domain dom[MODEL_DOMAINS];
	struct model_ep ep[MODEL_EPS];
	unsigned int nr_eps;
	unsigned int nr_mappings;	/* ever made */
	int or_status;			/* as good an answer to the last request; S_OK: none is */
	/* what the device's counters must say */
	struct iom_viommu_stats st;
};

/* Range of place i. */
struct iom_range model_range(unsigned int i);

/* The configuration that all model tests use; variant 0 to 3. */
struct iom_viommu_dev_cfg model_cfg(unsigned int variant);
void model_init(struct model *m, const struct iom_viommu_dev_cfg *cfg);
/* The endpoints that all model tests use: granules, regions, input ranges. */
unsigned int model_ep_cfgs(struct iom_viommu_ep_cfg e[MODEL_EPS]);
void model_add(struct model *m, const struct iom_viommu_ep_cfg *e);

/* The status that the request must get, S_NONE included; the model has then done it. */
int model_request(struct model *m, const struct vt_req *r);
void model_reset(struct model *m, bool system);
void model_write_bypass(struct model *m, uint8_t val);

struct model_access {
	int rc;			/* IOM_OK, IOM_EFAULT, IOM_EACCES */
	uint8_t reason;		/* of the fault */
	uint64_t gpa;
	uint32_t flags;		/* IOM_RUN_* */
};

/* One byte. */
struct model_access model_translate(const struct model *m, unsigned int ep, uint64_t iova,
				    unsigned int access);

/* A random request: most are sensible, some are hostile in each field and in length. */
struct vt_req model_random_request(struct model *m, struct test_rng *rng);

/* An opened device with the same endpoints; the caller closes it. */
void model_open(struct model *m, struct vt *t, unsigned int variant);
/* All translations, counters, dumps of t equal the model. Ends the program if not. */
void model_compare(const struct model *m, struct vt *t, struct test_rng *rng);
/* The same without the counters of the past, which saved state does not hold. */
void model_compare_now(const struct model *m, struct vt *t, struct test_rng *rng);
/* model_request() and vt_send(), and the same answer. */
void model_step(struct model *m, struct vt *t, const struct vt_req *r);

#endif
