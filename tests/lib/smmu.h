/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An SMMUv3 under test, reached by its front door only: registers, memory, and
 * one port. Structures are written here bit by bit from IHI 0070, with the
 * numbers of its figures (bit 64 is bit 0 of the second word), never with the
 * library's headers, so a mistake shared by both sides shows.
 *
 * The driver in here does everything right unless a test asks otherwise. A
 * breach prints a line and ends the program; used by unit tests, fuzz targets
 * and benches alike.
 */
#ifndef TESTS_LIB_SMMU_H
#define TESTS_LIB_SMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <iom/dev/smmuv3_dev.h>

#include "fakes/plat_test.h"

#define ST_REQUIRE(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

/* 6.1 registers */
enum {
	ST_IDR0 = 0x0, ST_CR0 = 0x20, ST_CR0ACK = 0x24, ST_CR1 = 0x28, ST_CR2 = 0x2c,
	ST_GBPA = 0x44, ST_IRQ_CTRL = 0x50, ST_IRQ_CTRLACK = 0x54, ST_GERROR = 0x60,
	ST_GERRORN = 0x64, ST_GERROR_IRQ_CFG0 = 0x68, ST_STRTAB_BASE = 0x80,
	ST_STRTAB_BASE_CFG = 0x88, ST_CMDQ_BASE = 0x90, ST_CMDQ_PROD = 0x98, ST_CMDQ_CONS = 0x9c,
	ST_EVENTQ_BASE = 0xa0, ST_EVENTQ_IRQ_CFG0 = 0xb0, ST_EVENTQ_PROD = 0x100a8,
	ST_EVENTQ_CONS = 0x100ac, ST_PRIQ_BASE = 0xc0, ST_PRIQ_IRQ_CFG0 = 0xd0,
	ST_PRIQ_IRQ_CFG1 = 0xd8, ST_PRIQ_IRQ_CFG2 = 0xdc, ST_PRIQ_PROD = 0x100c8,
	ST_PRIQ_CONS = 0x100cc,
};

/* 4.1 opcodes */
enum {
	ST_PREFETCH_CONFIG = 0x01, ST_PREFETCH_ADDR, ST_CFGI_STE, ST_CFGI_STE_RANGE, ST_CFGI_CD,
	ST_CFGI_CD_ALL, ST_CFGI_VMS_PIDM,
	ST_NH_ALL = 0x10, ST_NH_ASID, ST_NH_VA, ST_NH_VAA,
	ST_EL3_ALL = 0x18, ST_EL3_VA = 0x1a,
	ST_EL2_ALL = 0x20, ST_EL2_ASID, ST_EL2_VA, ST_EL2_VAA,
	ST_S12_VMALL = 0x28, ST_S2_IPA = 0x2a, ST_NSNH_ALL = 0x30,
	ST_ATC_INV = 0x40, ST_PRI_RESP, ST_RESUME = 0x44, ST_STALL_TERM, ST_SYNC,
};

/* 7.3 events */
enum {
	ST_BAD_STREAMID = 0x02, ST_STE_FETCH, ST_BAD_STE, ST_BAD_ATS_TREQ,
	ST_STREAM_DISABLED, ST_TRANSL_FORBIDDEN, ST_BAD_SUBSTREAMID, ST_CD_FETCH, ST_BAD_CD,
	ST_WALK_EABT,
	ST_TRANSLATION = 0x10, ST_ADDR_SIZE, ST_ACCESS, ST_PERMISSION,
};

#define ST_SIZE		(UINT64_C(8) << 20)	/* bytes of memory */
#define ST_SIDS_LG2	6u
#define ST_CMDQ_LG2	6u
#define ST_EVTQ_LG2	4u
#define ST_R		IOM_ACCESS_READ
#define ST_W		IOM_ACCESS_WRITE
#define ST_PRIV		IOM_SMMUV3_PRIV
#define ST_X		(IOM_ACCESS_READ | IOM_SMMUV3_INST)
#define ST_SS(n)	(IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(n))

/* One SMMU, its memory [base, base + ST_SIZE - 1], and a driver's view of it. */
struct st {
	struct plat_test pt;
	uint64_t base;
	uint8_t *ram;
	struct iom_gmem_flat own;	/* the SMMU's, for queues and MSIs */
	struct iom_gmem_flat dma;	/* the port's */
	struct iom_smmuv3_dev *s;
	struct iom_smmuv3_port port;
	struct iom_access access;
	uint64_t strtab, cmdq, evtq;	/* where they are */
	uint64_t next;			/* memory given out up to here */
	unsigned int irqs[4], sevs, wakes;
};

/* Everything the model implements, INLINE, small caches. */
struct iom_smmuv3_dev_cfg st_cfg(void);
/*
 * gmem and callbacks of *cfg are filled in, and plat unless it is there. Queues and a linear stream
 * table of 2^ST_SIDS_LG2 are set up and enabled, caches invalidated, SMMUEN = 1.
 */
void st_open(struct st *t, const struct iom_smmuv3_dev_cfg *cfg, uint64_t base);
/* The same without touching a register. */
void st_open_off(struct st *t, const struct iom_smmuv3_dev_cfg *cfg, uint64_t base);
void st_enable(struct st *t);
void st_close(struct st *t);		/* also checks that nothing stays allocated */

/* Zeroed memory, aligned to its size (a power of two, at least 64). Ends the program if full. */
uint64_t st_alloc(struct st *t, uint64_t size);
void st_poke(struct st *t, uint64_t addr, uint64_t val);	/* 64 bits, atomic */
uint64_t st_peek(struct st *t, uint64_t addr);
void st_poke_n(struct st *t, uint64_t addr, const uint64_t *w, unsigned int n);

void st_w(struct st *t, uint64_t reg, uint64_t val);	/* 32 bits, or 64 for base registers */
uint64_t st_r(struct st *t, uint64_t reg);

/* Bits hi:lo of a structure, counted through its words. */
void st_set(uint64_t *w, unsigned int hi, unsigned int lo, uint64_t val);
uint64_t st_get(const uint64_t *w, unsigned int hi, unsigned int lo);

/* --- commands --- */

/* Puts one into the queue, which must have room; no doorbell. */
void st_cmd_put(struct st *t, uint64_t w0, uint64_t w1);
void st_cmd(struct st *t, uint64_t w0, uint64_t w1);	/* with the doorbell */
void st_sync(struct st *t);
void st_cfgi_ste(struct st *t, uint32_t sid);
void st_cfgi_cd(struct st *t, uint32_t sid, uint32_t ssid);
void st_cfgi_all(struct st *t);
/* By VMID, ASID and address, whichever the opcode takes; no range. */
void st_tlbi(struct st *t, unsigned int op, uint16_t vmid, uint16_t asid, uint64_t addr);
void st_flush(struct st *t);		/* everything, and SYNC */

/* --- events --- */

bool st_event(struct st *t, uint64_t ev[4]);	/* takes the oldest */
/* The oldest is ev, and there was none before the last translation. */
unsigned int st_event_id(struct st *t);		/* of the oldest, taken; 0: none */

/* --- structures --- */

/* Config: 0 abort, 4 bypass, 5 stage 1, 6 stage 2, 7 both. SHCFG is "incoming". */
void st_ste_init(uint64_t ste[8], unsigned int config);
/* Stage 2, AArch64: for tables as below; record faults. */
struct st_tables;
void st_ste_s2(uint64_t ste[8], const struct st_tables *s2, uint16_t vmid);
void st_ste_s1(uint64_t ste[8], uint64_t cdptr, unsigned int cdmax, unsigned int fmt,
	       unsigned int dss);
/* Stage 1 by TTB0 (or TTB1 if high), the other half disabled; A = R = 1. */
void st_cd_init(uint64_t cd[8], const struct st_tables *s1, uint16_t asid, bool high);
/* Writes it as a driver must: CFGI and SYNC included. */
void st_ste_put(struct st *t, uint32_t sid, const uint64_t ste[8]);
void st_cd_put(struct st *t, uint64_t addr, uint32_t sid, uint32_t ssid, const uint64_t cd[8]);

/* --- page tables --- */

struct st_tables {
	unsigned int stage;		/* 1, 2 */
	unsigned int granule;		/* log2 */
	unsigned int bits;		/* of input addresses */
	int start;			/* level */
	bool ds;			/* LPA2 */
	bool wide;			/* 64K, 52 bits */
	unsigned int ps;		/* encoding of the output size */
	uint64_t root;			/* in memory */
	uint64_t off;			/* the walker's addresses are so much lower: IPAs */
};

/* Start level of stage 1; of stage 2 the one with fewest concatenated tables, if start is 9. */
void st_tables_init(struct st *t, struct st_tables *tb, unsigned int stage, unsigned int granule,
		    unsigned int bits, int start, bool ds, unsigned int ps);
unsigned int st_shift(const struct st_tables *tb, int level);
/* An output address as this format's descriptors have it. */
uint64_t st_oa(const struct st_tables *tb, uint64_t oa);
/* Address of the descriptor of ia at level; tables are made on the way. */
uint64_t st_slot(struct st *t, const struct st_tables *tb, uint64_t ia, int level);
/* Level at which a walk of ia ends: a leaf, or nothing. */
int st_end(struct st *t, const struct st_tables *tb, uint64_t ia);
/*
 * Stage 1 leaf bits beside address and type. Default: nG, AF, ISH, AttrIndx 1.
 */
#define ST_S1_BASE	(UINT64_C(1) << 11 | 1 << 10 | 3 << 8 | 1 << 2)
#define ST_S1_EL0	(UINT64_C(1) << 6)
#define ST_S1_RO	(UINT64_C(1) << 7)
#define ST_S1_RW	(ST_S1_BASE | ST_S1_EL0)
/* Stage 2: AF, ISH, MemAttr write-back. */
#define ST_S2_BASE	(UINT64_C(1) << 10 | 3 << 8 | 0xf << 2)
#define ST_S2_R		(UINT64_C(1) << 6)
#define ST_S2_W		(UINT64_C(1) << 7)
#define ST_S2_RW	(ST_S2_BASE | ST_S2_R | ST_S2_W)
#define ST_MAIR		UINT64_C(0xf404ff44)	/* NC, WB, Device nGnRE, inner NC outer WB */
void st_map(struct st *t, const struct st_tables *tb, uint64_t ia, uint64_t oa, int level,
	    uint64_t bits);

/* --- whole streams --- */

#define ST_VMID	7u
#define ST_ASID	1u
#define ST_IPA	UINT64_C(0x40000000)	/* nested: where the memory stands */

struct st_stream {
	uint32_t sid;
	struct st_tables s1, s2;
	uint64_t ste[8], cd[8], cdptr;	/* cdptr: in memory */
};

/* 4K, stage 1 of 48 bits, stage 2 of 40 starting at level 1, OAS 48 bits; nothing is mapped. */
void st_stream_s1(struct st *t, struct st_stream *x, uint32_t sid);
void st_stream_s2(struct st *t, struct st_stream *x, uint32_t sid);
/* Stage 2 maps all memory, by 2 MiB, at ST_IPA; CD and tables of stage 1 are there. */
void st_stream_nested(struct st *t, struct st_stream *x, uint32_t sid);
/* Writes them again, after a test changed the copies. */
void st_stream_put(struct st *t, struct st_stream *x);

/* --- translations, in a bracket of their own --- */

struct st_out {
	int rc;
	struct iom_smmuv3_result res;
	uint64_t ev[4];
};

struct st_out st_xlate_sid(struct st *t, uint32_t sid, uint64_t iova, uint64_t len,
			   unsigned int access);
/* SID 0. */
struct st_out st_xlate(struct st *t, uint64_t iova, unsigned int access);
/* By a fresh walk, nothing cached. */
struct st_out st_walk(struct st *t, uint32_t sid, uint64_t iova, uint64_t len,
		      unsigned int access);
/* It goes to pa, and a fresh walk agrees. */
bool st_goes(struct st *t, uint64_t iova, unsigned int access, uint64_t pa);
/* It is refused with an event of this ID (0: none), which is also in the queue; out: its words. */
bool st_refused(struct st *t, uint64_t iova, unsigned int access, unsigned int id,
		uint64_t ev[4]);

#endif
