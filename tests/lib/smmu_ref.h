/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an SMMUv3 must answer, by IHI 0070 read slowly: one transaction, no
 * cache, no thread, no shared code. Memory and registers are looked at as they
 * are now.
 */
#ifndef TESTS_LIB_SMMU_REF_H
#define TESTS_LIB_SMMU_REF_H

#include "lib/smmu.h"

/* The answer in the form of st_xlate(): rc, res, ev. */
struct st_out ref_xlate(struct st *t, uint32_t sid, uint64_t iova, uint64_t len,
			unsigned int access);

#endif
