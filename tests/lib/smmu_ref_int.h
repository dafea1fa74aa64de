/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the reference translator share. */
#ifndef TESTS_LIB_SMMU_REF_INT_H
#define TESTS_LIB_SMMU_REF_INT_H

#include "lib/smmu_ref.h"

/* One transaction on its way; section 3.4 from top to bottom. */
struct ref {
	struct st *t;
	uint32_t idr[6];
	uint32_t sid, ssid;
	bool ssv, priv, inst, read, write;
	uint64_t iova;
	uint64_t ste[8], cd[8];
	bool e2h;
	struct st_out *out;
};

/* A stage, as its control fields have it. */
struct stage {
	unsigned int n, granule, bits, oa_bits;
	int start;
	bool ds, wide;
	uint64_t root;
	bool affd;
};

#define BIT(w, n)	((w)[(n) / 64] >> (n) % 64 & 1)

/* smmu_ref_fields.c: fields and what they mean. */
unsigned int ref_idr(const struct ref *r, unsigned int n, unsigned int hi, unsigned int lo);
unsigned int ref_oas(const struct ref *r);
struct stage ref_stage1(const struct ref *r, unsigned int half);
struct stage ref_stage2(const struct ref *r);
/* EL2 without E2H: one privilege, one half, no ASID. */
bool ref_el2_only(const struct ref *r);
/* TTB0 (half 0) or TTB1 is not walked: EPD, which EL2 alone has not. */
bool ref_half_off(const struct ref *r, unsigned int half);
unsigned int ref_cd_max(const struct ref *r);
/* 5.2, 5.4: is what was fetched illegal? */
bool ref_bad_ste(const struct ref *r);
bool ref_bad_cd(const struct ref *r);

#endif
