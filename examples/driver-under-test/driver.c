/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A polling driver for one SMMUv3 as a small RTOS has it: stage 1, ATS, a linear
 * stream table, a CD for each stream, physical address = pointer. Sections are
 * those of IHI 0070. BUG() is a mistake made on demand; without it the driver is right.
 */
#include <stddef.h>

#include "driver.h"
#include "platform.h"

enum { /* registers: 6.3 */
	IDR0 = 0x000, CR0 = 0x020, CR0ACK = 0x024, CR1 = 0x028,
	STRTAB_BASE = 0x080, STRTAB_CFG = 0x088,
	CMDQ_BASE = 0x090, CMDQ_PROD = 0x098, CMDQ_CONS = 0x09c,
	EVTQ_BASE = 0x0a0, EVTQ_PROD = 0x100a8, EVTQ_CONS = 0x100ac,
};
#define IDR0_NEEDED	0x41au		/* S1P, TTF AArch64, COHACC, ATS */
#define CR1_WB_ISH	0xd75u		/* tables and queues: write-back, inner shareable */
#define EVTQ_OVFLG	0x80000000u
enum { SMMUEN = 0x01, EVENTQEN = 0x04, CMDQEN = 0x08, ATSCHK = 0x10 };

enum { /* commands: 4 */
	CFGI_STE = 0x03, CFGI_ALL = 0x04, CFGI_CD = 0x05, TLBI_NH_ASID = 0x11, TLBI_NH_VA = 0x12,
	TLBI_NSNH_ALL = 0x30, ATC_INV = 0x40, SYNC = 0x46,
};
#define SID(sid)	((uint64_t)(sid) << 32)
#define ASID(d)		((uint64_t)(d)->asid << 48)	/* in CDs too. VMID is 0 */
#define LEAF		1u
#define ATC_ALL		52u		/* 2^52 pages from 0 */

#define STE_V		UINT64_C(1)	/* 5.2 */
#define STE_S1		UINT64_C(0xa)
#define STE1_WB_ISH	UINT64_C(0xd4)	/* fetches of CDs */
#define STE1_ATS	UINT64_C(0x10000000)
#define CD_V		UINT64_C(0x80000000)	/* 5.4 */
#define CD_ATTR		UINT64_C(0xe20540003527) /* 25 bits in, 48 out; 4K, WB, ISH, A, R, ASET */
#define MAIR_WB		UINT64_C(0xff)
#define PTE_TABLE	UINT64_C(3)
#define PTE_PAGE	UINT64_C(0xf43)	/* nG, AF, ISH, unprivileged, MAIR index 0 */

#define CMDS		8u		/* entries, log2 in BASE */
#define EVTS		16u
#define MAX_POLLS	10000u

/* --- commands: 3.5.1 --- */

/* Until no more than that many are left in the queue. */
static void drain(struct smmu *s, uint32_t left)
{
	unsigned int i = 0;

	while ((s->cmd_prod - read32(s->regs + CMDQ_CONS)) % (2 * CMDS) > left && !s->dead)
		s->dead = ++i == MAX_POLLS;
}

static void submit(struct smmu *s, uint64_t w0, uint64_t w1)
{
	volatile uint64_t *cmd = s->cmdq + 2 * (s->cmd_prod % CMDS);

	drain(s, CMDS - 1);
	if (s->dead || BUG_IN_COMMAND(&w0))
		return;
	cmd[0] = w0;
	cmd[1] = w1;
	s->cmd_prod = (s->cmd_prod + 1) % (BUG("wrap") ? CMDS : 2 * CMDS);
	dma_wmb();
	write32(s->regs + CMDQ_PROD, s->cmd_prod);
}

static int sync(struct smmu *s)
{
	submit(s, SYNC, 0);
	drain(s, 0);
	return s->dead ? -1 : 0;
}

/* --- initialisation: 6.3.9, 3.11 --- */

static void set_cr0(struct smmu *s, uint32_t val)
{
	unsigned int i = 0;

	write32(s->regs + CR0, val);
	while (read32(s->regs + CR0ACK) != val && !s->dead)
		s->dead = ++i == MAX_POLLS;
}

int smmu_init(struct smmu *s, uintptr_t regs)
{
	*s = (struct smmu){ .regs = regs, .strtab = pages_alloc(1), .cmdq = pages_alloc(1),
			    .evtq = pages_alloc(1) };
	if (!s->strtab || !s->cmdq || !s->evtq ||
	    (read32(regs + IDR0) & IDR0_NEEDED) != IDR0_NEEDED)
		return -1;
	/* All zeros: no STE is valid. */
	set_cr0(s, 0);
	write32(regs + CR1, CR1_WB_ISH);
	write64(regs + STRTAB_BASE, (uintptr_t)s->strtab);
	write32(regs + STRTAB_CFG, 6);
	write64(regs + CMDQ_BASE, (uintptr_t)s->cmdq | 3);
	write32(regs + CMDQ_PROD, 0);
	write32(regs + CMDQ_CONS, 0);
	write64(regs + EVTQ_BASE, (uintptr_t)s->evtq | 4);
	write32(regs + EVTQ_PROD, 0);
	write32(regs + EVTQ_CONS, 0);
	set_cr0(s, CMDQEN);
	/* Enabling forgets nothing. EL2 is not used. */
	submit(s, CFGI_ALL, 31);
	submit(s, TLBI_NSNH_ALL, 0);
	sync(s);
	set_cr0(s, CMDQEN | EVENTQEN | ATSCHK);
	set_cr0(s, CMDQEN | EVENTQEN | ATSCHK | SMMUEN);
	return s->dead ? -1 : 0;
}

/* --- events: 7.2, 7.4 --- */

bool smmu_event(struct smmu *s, uint64_t ev[4])
{
	uint32_t prod = read32(s->regs + EVTQ_PROD);
	unsigned int i;

	if (prod % (2 * EVTS) == s->evt_cons)
		return false;
	for (i = 0; i < 4; i++)
		ev[i] = s->evtq[4 * (s->evt_cons % EVTS) + i];
	s->evt_cons = (s->evt_cons + 1) % (2 * EVTS);
	/* With the overflow flag as it was seen: acknowledged. */
	write32(s->regs + EVTQ_CONS, s->evt_cons | (prod & EVTQ_OVFLG));
	return true;
}

/* --- streams: 3.21.3 --- */

int smmu_attach(struct smmu *s, uint32_t sid, struct smmu_domain *d, bool ats)
{
	volatile uint64_t *ste = s->strtab + 8 * sid, *cd = pages_alloc(1);

	if (!cd)
		return -1;
	s->cd[sid] = cd;
	s->ats[sid] = ats ? d : NULL;
	/* No STE leads here yet. */
	cd[1] = (uintptr_t)d->root;
	cd[3] = MAIR_WB;
	cd[0] = CD_ATTR | ASID(d) | CD_V;
	if (BUG("v-first"))
		ste[0] = (uintptr_t)cd | STE_S1 | STE_V;
	/* Config 0 does not look at it; but it may have been read before. */
	ste[1] = STE1_WB_ISH | (ats ? STE1_ATS : 0);
	submit(s, CFGI_STE | SID(sid), LEAF);
	sync(s);
	ste[0] = (uintptr_t)cd | STE_S1 | STE_V;
	submit(s, CFGI_STE | SID(sid), LEAF);
	return sync(s);
}

int smmu_move(struct smmu *s, uint32_t sid, struct smmu_domain *d)
{
	volatile uint64_t *cd = s->cd[sid];

	/* More than one word of a CD in use changes, so by way of V = 0. */
	cd[0] = 0;
	submit(s, CFGI_CD | SID(sid), LEAF);
	sync(s);
	if (s->ats[sid]) {
		s->ats[sid] = d;
		submit(s, ATC_INV | SID(sid), ATC_ALL);
	}
	cd[1] = (uintptr_t)d->root;
	submit(s, CFGI_CD | SID(sid), LEAF);
	sync(s);
	cd[0] = CD_ATTR | ASID(d) | CD_V;
	submit(s, CFGI_CD | SID(sid), LEAF);
	return sync(s);
}

int smmu_detach(struct smmu *s, uint32_t sid)
{
	/* Config 0: refused without an event; with ATSCHK, what came by ATS too. */
	s->strtab[8 * sid] = STE_V;
	submit(s, CFGI_STE | SID(sid), LEAF);
	if (sync(s))
		return -1;
	s->ats[sid] = NULL;
	pages_free(s->cd[sid], 1);
	return 0;
}

/* --- domains --- */

int smmu_domain_init(struct smmu_domain *d, uint16_t asid)
{
	unsigned int i;

	*d = (struct smmu_domain){ .asid = asid, .root = pages_alloc(1), .pte = pages_alloc(16) };
	if (!d->root || !d->pte)
		return -1;
	for (i = 0; i < 16; i++)
		d->root[i] = (uintptr_t)(d->pte + 512 * i) | PTE_TABLE;
	return 0;
}

int smmu_domain_free(struct smmu *s, struct smmu_domain *d)
{
	submit(s, TLBI_NH_ASID | ASID(d), 0);
	if (sync(s))
		return -1;
	pages_free(d->pte, 16);
	pages_free(d->root, 1);
	return 0;
}

void smmu_map(struct smmu_domain *d, uint64_t iova, uint64_t pa)
{
	/* Nothing was here, and faults are not cached: no invalidation. */
	d->pte[iova >> 12] = pa | PTE_PAGE;
}

int smmu_unmap(struct smmu *s, struct smmu_domain *d, uint64_t iova, unsigned int n)
{
	uint32_t sid;

	for (; n--; iova += 4096) {
		d->pte[iova >> 12] = 0;
		submit(s, TLBI_NH_VA | ASID(d), iova | LEAF);
	}
	sync(s);
	/* 3.9.1: once the TLBs have nothing to give any more. */
	for (sid = 0; sid < SMMU_STREAMS; sid++) {
		if (s->ats[sid] == d)
			submit(s, ATC_INV | SID(sid), ATC_ALL);
	}
	return sync(s);
}
