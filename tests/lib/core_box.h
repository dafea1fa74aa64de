/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A core (<iom/drv/core.h>) with two IOMMUs that are not there: each says where its
 * streams are, and can let a call fail, the ones behind it too.
 */
#ifndef TESTS_LIB_CORE_BOX_H
#define TESTS_LIB_CORE_BOX_H

#include <iom/drv/core.h>

#include "fakes/dmem_fake.h"
#include "fakes/plat_test.h"

#define IOMMU_FAKE_IDS	16u

enum where { GONE, BLOCKED, IDENTITY, DOMAIN, NOBODY_KNOWS };

struct iommu_fake {
	struct iom_core_iommu i;
	struct {
		struct iom_core_stream st;
		enum where where;
		struct iom_domain *d;
		unsigned int pasids;
		struct iom_domain *pasid_domain;	/* of all of them */
	} id[IOMMU_FAKE_IDS];
	unsigned int fail_in;		/* this call from now on fails; 0: none */
	unsigned int more;		/* and so many behind it */
	int rc;				/* by this; 0: IOM_ENOMEM */
	bool failed;
};

struct core_box {
	struct plat_test pt;
	struct iom_core *core;
	struct iommu_fake a, b;		/* keys 0xa, coherent, and 0xb */
};

void core_box_init(struct core_box *x);
void core_box_fini(struct core_box *x);	/* all is gone */
/* A device with one ID, and a domain of 40 bits. */
struct iom_device *core_box_add(struct core_box *x, uint64_t iommu, uint32_t id,
				enum iom_default dflt);
struct iom_domain *core_box_domain(struct core_box *x, struct dmem_fake *mem);

#endif
