/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware's side of an iom_pt for tests: a walk by the decoders of src/pt/lpae.c,
 * from what iom_pt_info() says and the cfg, in what hardware sees of a dmem_fake.
 */
#ifndef TESTS_LIB_PT_HW_H
#define TESTS_LIB_PT_HW_H

#include <iom/pt/pt.h>

#include "../src/pt/lpae.h"
#include "fakes/dmem_fake.h"

/* Every format there is. */
#define PT_FORMATS	2u
extern const struct iom_pt_format *const pt_formats[PT_FORMATS];

struct pt_hw {
	struct dmem_fake *mem;
	struct iomi_lpae_geom geom;
	uint64_t root, mair;
	bool fwb, hd, contig_ok;
	/* stage 1 with ones above */
	uint64_t high;
};

/* Of this pt, made with this cfg. */
struct pt_hw pt_hw_of(struct dmem_fake *mem, const struct iom_pt *pt,
		      const struct iom_pt_cfg *cfg);

struct pt_hw_leaf {
	bool mapped;
	uint64_t oa;		/* of ia itself */
	uint64_t desc;
	unsigned int size_lg2;	/* of the block or page */
	unsigned int set_lg2;	/* of the contiguous set, else the same */
	unsigned int prot;	/* IOM_PT_* that permissions and memory type amount to */
};

struct pt_hw_leaf pt_hw_walk(const struct pt_hw *hw, uint64_t ia);
/* Tables that can be reached, the start table included. */
unsigned long pt_hw_tables(const struct pt_hw *hw);

#endif
