/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of a strict SMMUv3's run: every input of the model in order, as
 * lines of text. With the same seed and the same inputs the model does the same
 * again, so a record is all that a replay needs (tools/replay.c).
 *
 *	smmuv3-record 1
 *	model mode idr0 idr1 idr2 idr3 idr4 idr5 iidr aidr tlb_entries config_entries
 *	strict seed sync_slack max_delay wmb spare_l1std
 *	@step what argument...		an input: see enum strict_input
 *	< n addr value			8 bytes of memory, as a number, read by the model
 *	<< addr bytes			any bytes read, in the order of memory
 *	<! addr len code		a read that failed
 *	> addr bytes			written by the model
 *	>! addr len code
 *	~ addr expected new found code	compare and swap
 *	= code value...			what the input gave its caller
 *	! id step			a report
 *
 * All numbers are hexadecimal, a negative code has its sign. A word that is
 * read again and is what it was is left out: n counts those since the last
 * line. Both sides keep the words they know in a struct strict_seen, which
 * forgets alike.
 *
 * Endpoints are not in it: for a replay each ATC_INV is complete at once. Where one
 * was answered late, or not at all, the replay differs.
 *
 * Threads: an input and what follows it is under the strict lock; see there.
 */
#ifndef IOMI_DEV_SMMUV3_STRICT_RECORD_H
#define IOMI_DEV_SMMUV3_STRICT_RECORD_H

#include <iom/dev/smmuv3_strict.h>

#define STRICT_RECORD_LINE	1200u	/* bytes of the longest line, with its 0 */
#define STRICT_RECORD_BYTES	512u	/* bytes of memory in one */

/* Inputs, their names in the record, and how many numbers they have. */
#define STRICT_INPUTS(row) \
	row(READ, "read", 2)		/* offset, length */ \
	row(WRITE, "write", 3)		/* offset, length, value */ \
	row(RUN, "run", 0) \
	row(RESET, "reset", 0) \
	row(PORT, "port", 1)		/* StreamID: a port more */ \
	row(UNPORT, "unport", 1)	/* the last one of this StreamID goes */ \
	row(DMA, "dma", 4)		/* StreamID, address, length, access word */ \
	row(ATS, "ats", 3)		/* translation request: StreamID, address, access word */ \
	row(PRI, "pri", 4)		/* StreamID, address, request word, PRG index */ \
	row(UNEP, "unep", 1)		/* StreamID: an endpoint goes, and what it was given */ \
	row(WMB, "wmb", 0) \
	row(RELEASE, "release", 2)	/* address, length */ \
	row(ACQUIRE, "acquire", 2) \
	row(IDLE, "idle", 1)		/* steps */ \
	row(SETTLED, "settled", 0) \
	row(FINISH, "finish", 0) \
	row(RESEED, "reseed", 1)	/* seed */

enum strict_input {
#define STRICT_INPUT_ENUM(name, text, n) STRICT_IN_##name,
	STRICT_INPUTS(STRICT_INPUT_ENUM)
#undef STRICT_INPUT_ENUM
	STRICT_NR_INPUTS
};

/* Words of memory and what was last read there: some, the same on both sides. */
#define STRICT_SEEN	4096u
struct strict_seen {
	uint64_t addr[STRICT_SEEN];	/* 8-byte aligned, with bit 0 set: known */
	uint64_t val[STRICT_SEEN];
};

static inline unsigned int strict_seen_slot(uint64_t addr)
{
	return (unsigned int)((addr >> 3 ^ addr >> 15) % STRICT_SEEN);
}

/* Is the word known? Then *val. */
static inline bool strict_seen_find(const struct strict_seen *m, uint64_t addr, uint64_t *val)
{
	unsigned int i = strict_seen_slot(addr);

	if (m->addr[i] != (addr | 1))
		return false;
	*val = m->val[i];
	return true;
}

static inline void strict_seen_put(struct strict_seen *m, uint64_t addr, uint64_t val)
{
	unsigned int i = strict_seen_slot(addr);

	m->addr[i] = addr | 1;
	m->val[i] = val;
}

/* The request word of PRI: the SubstreamID at bit 8, as in an access word, and: */
#define STRICT_PRI_READ		0x01u
#define STRICT_PRI_WRITE	0x02u
#define STRICT_PRI_EXEC		0x04u
#define STRICT_PRI_PRIV		0x08u
#define STRICT_PRI_LAST		0x10u
#define STRICT_PRI_SSV		0x20u

struct strict_record;

/* *out is NULL, and all below do nothing, if nobody wants lines. IOM_ENOMEM. */
int iomi_smmuv3_strict_record_init(const struct iom_smmuv3_dev_cfg *cfg,
				   const struct iom_smmuv3_strict_cfg *strict,
				   struct strict_record **out);
void iomi_smmuv3_strict_record_fini(struct iom_plat *plat, struct strict_record *r);

/* a to d: as many as the input has numbers. */
void iomi_smmuv3_strict_record_input(struct strict_record *r, uint64_t step, enum strict_input in,
				     uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/* What it gave: rc, and n values. */
void iomi_smmuv3_strict_record_result(struct strict_record *r, int rc, unsigned int n,
				      const uint64_t *val);
void iomi_smmuv3_strict_record_report(struct strict_record *r, const char *id, uint64_t step);
/* Memory, after the access. val: as a number, little-endian in memory. */
void iomi_smmuv3_strict_record_load(struct strict_record *r, uint64_t addr, unsigned int size,
				    uint64_t val, int rc);
void iomi_smmuv3_strict_record_store(struct strict_record *r, uint64_t addr, unsigned int size,
				     uint64_t val, int rc);
void iomi_smmuv3_strict_record_bytes(struct strict_record *r, bool write, uint64_t addr,
				     const void *buf, size_t len, int rc);
void iomi_smmuv3_strict_record_cas64(struct strict_record *r, uint64_t addr, uint64_t expected,
				     uint64_t val, uint64_t found, int rc);

#endif
