/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that can wait, on the SMMUv3 of smmu.h, and a driver's answers. */
#ifndef TESTS_LIB_SMMU_STALL_H
#define TESTS_LIB_SMMU_STALL_H

#include "lib/smmu.h"

/* A port, and what it was told. */
struct st_dev {
	struct iom_smmuv3_port port;
	struct iom_gmem_flat gmem;
	struct iom_access access;
	unsigned int told;
	enum iom_smmuv3_resume how;
};

/* As st_cfg(), with IDR0.STALL_MODEL and IDR5.STALL_MAX. */
struct iom_smmuv3_dev_cfg st_stall_cfg(unsigned int model, unsigned int max);
void st_dev_init(struct st *t, struct st_dev *d, uint32_t sid);
void st_dev_fini(struct st_dev *d);
/* Eight bytes, in a bracket of its own. */
struct st_out st_dev_go(struct st_dev *d, uint64_t iova, unsigned int access);

/* 4.6: Ac 1 retry; else Ab 1 abort, Ab 0 terminate. */
#define ST_RETRY	(UINT64_C(1) << 12)
#define ST_ABORT	(UINT64_C(1) << 13)
#define ST_TERMINATE	UINT64_C(0)

void st_resume(struct st *t, uint32_t sid, unsigned int stag, uint64_t how);
/* The oldest record, which must be a stall; its STAG. */
unsigned int st_stalled(struct st *t, uint64_t ev[4]);
unsigned int st_stag_of(struct st *t);
/* The event queue with 2^lg2 entries, empty; and its oldest record, if there is one. */
void st_small_queue(struct st *t, unsigned int lg2);
bool st_take(struct st *t, unsigned int lg2, uint64_t ev[4]);

#define ST_WORLD_BASE	UINT64_C(0x80000000)

/* An SMMU whose stream 0 has stage 1 with CD.S (nested: stage 2 with S2S), a device on it. */
struct st_world {
	struct st t;
	struct st_stream x;
	struct st_dev d;
};

void st_world_s1(struct st_world *w, unsigned int stall_max);
void st_world_nested(struct st_world *w);
void st_world_close(struct st_world *w);

#endif
