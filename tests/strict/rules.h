/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tiny driver on a strict SMMUv3, by its front door: registers, memory, one
 * port of StreamID 0 (and others as asked). It does everything right; a
 * scenario does one thing wrong if asked, and nearly does it if not.
 */
#ifndef TESTS_STRICT_RULES_H
#define TESTS_STRICT_RULES_H

#include <dev/smmuv3_strict_rules.h>
#include <iom/dev/smmuv3_strict.h>

#include "lib/smmu.h"

struct sd {
	struct st t;
	struct iom_smmuv3_dev_cfg cfg;
	struct iom_smmuv3_strict_cfg strict;
	uint32_t prod;			/* as written */
	unsigned int cmdq_lg2;
	unsigned int sids_lg2;
	bool two_level;
	uint64_t l1;			/* level-1 stream table, if two_level; strtab is level 2 */
	bool started;

	/* of StreamID 0, as it will be written by sd_start() */
	unsigned int config;
	struct st_tables s1, s2, s1b;	/* s1b: another stage 1, nothing refers to it yet */
	uint64_t ste[8], cd[8];
	uint64_t cdptr;
	uint64_t page[4];		/* of data */

	unsigned int got[SMMU_RULES_NR], nr;
	char first[4096];		/* the first report, as text */
};

#define SD_IOVA		UINT64_C(0x200000)
#define SD_SSIDS_LG2	1u

/* Before sd_open(): sd->cfg may be changed. */
void sd_init(struct sd *d, uint64_t seed);
/* Creates the device; no register is touched. */
void sd_open(struct sd *d);
/* ste, cd, tables: Config 4 to 7. SD_IOVA leads to page[0], 4K. */
void sd_stream(struct sd *d, unsigned int config);
/* Writes STE and CD, and enables everything, each step in order. */
void sd_start(struct sd *d);
void sd_write_stream(struct sd *d);
void sd_regs(struct sd *d);		/* bases, command queue, event queue */
void sd_invalidate_all(struct sd *d);
void sd_enable(struct sd *d);		/* SMMUEN */
void sd_finish(struct sd *d);
void sd_close(struct sd *d);

void sd_w(struct sd *d, uint64_t reg, uint64_t val);
uint64_t sd_r(struct sd *d, uint64_t reg);
void sd_ack(struct sd *d, uint64_t reg, uint64_t val);	/* reads until it is so */
void sd_wmb(struct sd *d);

/* Into the ring, with a barrier and the doorbell. */
void sd_cmd(struct sd *d, uint64_t w0, uint64_t w1);
void sd_put(struct sd *d, uint64_t w0, uint64_t w1);	/* into the ring, PROD is not written */
void sd_doorbell(struct sd *d);
bool sd_sync(struct sd *d);		/* CMD_SYNC and a wait for it; false: the queue stopped */
void sd_cfgi_ste(struct sd *d, uint32_t sid, bool leaf);
void sd_cfgi_cd(struct sd *d, uint32_t sid, uint32_t ssid, bool leaf);
void sd_tlbi(struct sd *d, unsigned int op, uint16_t vmid, uint16_t asid, uint64_t addr,
	     bool leaf);

/* A device reads; events are taken from the queue. The result's address, 0 if refused. */
uint64_t sd_dma(struct sd *d, uint32_t sid, uint64_t iova);
uint64_t sd_dma_ss(struct sd *d, uint32_t sid, uint32_t ssid, uint64_t iova);
/* So often that whatever may be held is, or whatever is late has come. */
void sd_use(struct sd *d, uint32_t sid, uint64_t iova);
void sd_events(struct sd *d);

struct sd_scenario {
	enum smmu_rule rule;
	/* Breaks the rule if bad, else nearly does. Opens; the caller finishes and closes. */
	void (*run)(struct sd *d, bool bad, const void *arg);
	const void *arg;
};

extern const struct sd_scenario sd_stale[], sd_struct[], sd_regs_[], sd_ats[];
/* Rows of fields: the i-th, and how many there are. */
size_t sd_struct_row(size_t i, struct sd_scenario *sc);
extern const size_t sd_nr_stale, sd_nr_struct, sd_nr_regs, sd_nr_ats;

#endif
