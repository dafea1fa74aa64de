/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SMMUv3 driver on libiom's own model, in one process: memory of a size of
 * its own at an address of its own (so that a pointer taken for an address
 * shows), registers routed to the model, one port a stream. With `strict` the
 * model is the strict one: reports are counted and printed, memory that the
 * driver frees is declared released, barriers are told.
 */
#ifndef TESTS_LIB_DRV_BOX_H
#define TESTS_LIB_DRV_BOX_H

#include <pthread.h>

#include <iom/dev/access.h>
#include <iom/dev/smmuv3_atc.h>
#include <iom/dev/smmuv3_strict.h>
#include <iom/drv/smmuv3_drv.h>
#include <iom/plat/gmem.h>

#include "fakes/plat_test.h"

#define DRV_BOX_BASE	UINT64_C(0x80000000)
#define DRV_BOX_PAGES	8192u		/* of 4 KiB */
#define DRV_BOX_STREAMS	8u

struct drv_box {
	struct plat_test pt;
	struct iom_dmem dmem;
	struct iom_mmio mmio;
	struct iom_gmem_flat gmem;
	uint8_t *mem, *hw;	/* as the driver has it, as the model does; one if coherent */
	pthread_mutex_t mem_lock;
	uint8_t used[DRV_BOX_PAGES];
	uint64_t live_pages;
	struct iom_smmuv3_dev *dev;
	struct iom_smmuv3_drv *drv;
	struct iom_smmuv3_port port[DRV_BOX_STREAMS];
	struct iom_gmem_flat port_gmem[DRV_BOX_STREAMS];
	struct iom_access access[DRV_BOX_STREAMS];
	/* Between driver and model, if not NULL: changes the value, or drops the write by false. */
	bool (*on_write)(struct drv_box *b, uint64_t off, uint64_t *val);
	uint64_t (*on_read)(struct drv_box *b, uint64_t off, uint64_t val);
	bool atc_there, atc_on;		/* port 1 has an ATC, and goes through it */
	struct iom_smmuv3_atc atc;
	bool strict, told_wmb;
	uint64_t reports;
	uint64_t alloc_left;		/* allocations until one fails; 0: none does */
};

struct drv_box_cfg {
	uint32_t idr[6];		/* all 0: the model's default */
	uint32_t iidr;
	unsigned int atc_timeout_ms;	/* 0: the model's default */
	const struct iom_smmuv3_drv_s1 *s1;
	bool no_sync_msi;
	/* The model sees what was cleaned, the driver what was made invalid; idr without COHACC. */
	bool incoherent;
	uint32_t timeout_turns;		/* 0: the driver's default; the two below too */
	uint8_t cmdq_lg2, evtq_lg2;
	struct iom_smmuv3_drv_msi evtq_msi;
	/* The strict model, by this seed: each report is printed and counted in box.reports. */
	bool atc;			/* idr must have ATS */
	bool strict;
	uint64_t seed;
	unsigned int sync_slack;	/* not 0: many threads, and no rule about barriers */
	enum iom_fault_answer (*fault)(void *arg, const struct iom_fault *f);
	void *arg;
};

/* Ends the program if something fails. Streams: port i is StreamID sids[i]. */
void drv_box_init(struct drv_box *b, const struct drv_box_cfg *cfg, const uint32_t *sids,
		  unsigned int nr);
/* Only the model and the memory; the driver is the test's to create, by this. */
void drv_box_init_model(struct drv_box *b, const struct drv_box_cfg *cfg, const uint32_t *sids,
			unsigned int nr);
int drv_box_create_driver(struct drv_box *b, const struct drv_box_cfg *cfg,
			  struct iom_smmuv3_drv_diag *why);
/* b->drv NULL: there was none. Destroys both halves; all memory must be back, nothing reported. */
void drv_box_fini(struct drv_box *b, unsigned int nr);

/* What a transaction of port i reaches: IOM_OK and *pa, or the model's error. */
int drv_box_dma(struct drv_box *b, unsigned int i, uint64_t iova, unsigned int access,
		uint64_t *pa);

#endif
