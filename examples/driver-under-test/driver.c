/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A polling driver for one SMMUv3 as a small RTOS has it: stage 1, linear stream
 * table, physical address = pointer. Sections are those of IHI 0070. BUG() makes
 * a mistake on demand; without it the driver is right.
 */
#include <stddef.h>

#include "driver.h"
#include "platform.h"

#define IDR0		0x000		/* 6.3 */
#define IDR0_NEEDED	0x0000001au	/* S1P, TTF AArch64, COHACC */
#define IDR5		0x014
#define IDR5_GRAN4K	0x10u
#define CR0		0x020
#define CR0ACK		0x024
#define CR0_SMMUEN	0x1u
#define CR0_EVENTQEN	0x4u
#define CR0_CMDQEN	0x8u
#define CR1		0x028
#define CR1_WB_ISH	0xd75u		/* tables and queues: write-back, inner shareable */
#define CR2		0x02c
#define CR2_RECINVSID	0x2u
#define GBPA		0x044
#define GBPA_ABORT	0x80100000u	/* with UPDATE */
#define GBPA_UPDATE	0x80000000u
#define GERROR		0x060
#define GERRORN		0x064
#define STRTAB_BASE	0x080
#define STRTAB_CFG	0x088
#define CMDQ_BASE	0x090
#define CMDQ_PROD	0x098
#define CMDQ_CONS	0x09c
#define EVTQ_BASE	0x0a0
#define EVTQ_PROD	0x100a8
#define EVTQ_CONS	0x100ac
#define OVFLG		0x80000000u

#define CMDS		8u		/* entries, log2 in BASE */
#define EVTS		16u

#define CFGI_STE	0x03u		/* 4 */
#define CFGI_ALL	0x04u
#define CFGI_CD		0x05u
#define TLBI_NH_ASID	0x11u
#define TLBI_NH_VA	0x12u
#define TLBI_NSNH_ALL	0x30u
#define SYNC		0x46u
#define LEAF		1u

#define STE_V		UINT64_C(1)	/* 5.2 */
#define STE_S1		UINT64_C(0xa)
#define STE1_WB_ISH	UINT64_C(0xd4)	/* fetches of CDs */
#define CD_V		UINT64_C(0x80000000)	/* 5.4 */
#define CD_AA64_R_A_SET	UINT64_C(0xe20000000000)
#define CD_48_BITS_OUT	UINT64_C(0x500000000)
#define CD_39_BITS_IN	UINT64_C(0x40003519)	/* T0SZ 25, 4K, WB, ISH, EPD1 */
#define MAIR_WB		UINT64_C(0xff)
#define PTE_TABLE	UINT64_C(3)
#define PTE_PAGE	UINT64_C(0xf43)	/* nG, AF, ISH, unprivileged, MAIR index 0 */
#define PTE_READ_ONLY	UINT64_C(0x80)
#define PTE_ADDR	UINT64_C(0xfffffffff000)

#define VMID		1u		/* tags stage 1 as well, where the SMMU has stage 2 */
#define MAX_POLLS	10000u

static bool wait_for(struct smmu *s, uintptr_t reg, uint32_t mask, uint32_t val)
{
	unsigned int i;

	for (i = 0; i < MAX_POLLS && !s->dead; i++) {
		if ((read32(s->regs + reg) & mask) == val)
			return true;
	}
	s->dead = true;
	return false;
}

/* --- commands: 4, 3.5.1 --- */

static void submit(struct smmu *s, uint64_t w0, uint64_t w1)
{
	volatile uint64_t *cmd = s->cmdq + 2 * (s->cmd_prod % CMDS);
	unsigned int i;

	/* Full: the indexes are equal and the wrap bits are not. */
	for (i = 0; (read32(s->regs + CMDQ_CONS) ^ s->cmd_prod) % (2 * CMDS) == CMDS; i++) {
		if (i == MAX_POLLS)
			s->dead = true;
		if (s->dead)
			return;
	}
	cmd[0] = w0;
	cmd[1] = w1;
	s->cmd_prod = (s->cmd_prod + 1) % (BUG("wrap") ? CMDS : 2 * CMDS);
	if (!BUG("no-barrier"))
		dma_wmb();
	write32(s->regs + CMDQ_PROD, s->cmd_prod);
}

static void sync(struct smmu *s)
{
	if (BUG("no-sync"))
		return;
	submit(s, SYNC, 0);
	wait_for(s, CMDQ_CONS, 2 * CMDS - 1, s->cmd_prod);
}

static void cfgi_ste(struct smmu *s, uint32_t sid)
{
	if (!BUG("no-cfgi-ste"))
		submit(s, CFGI_STE | (uint64_t)sid << 32, LEAF);
}

static void cfgi_cd(struct smmu *s, const struct smmu_domain *d)
{
	uint64_t sid;

	/* 3.21: each stream may hold a copy of its own. */
	for (sid = 0; sid < SMMU_STREAMS; sid++) {
		if ((d->streams >> sid & 1) && !BUG("no-cfgi-cd"))
			submit(s, CFGI_CD | sid << 32, LEAF);
	}
}

static uint64_t tag(const struct smmu_domain *d)
{
	return (uint64_t)(d->asid + BUG("wrong-asid")) << 48 |
	       (uint64_t)(VMID + BUG("wrong-vmid")) << 32;
}

static void tlbi_asid(struct smmu *s, const struct smmu_domain *d)
{
	submit(s, TLBI_NH_ASID | tag(d), 0);
}

static void tlbi_va(struct smmu *s, const struct smmu_domain *d, uint64_t iova, uint64_t leaf)
{
	if (BUG("sync-before-tlbi"))
		sync(s);
	if (!BUG("no-tlbi"))
		submit(s, TLBI_NH_VA | tag(d), iova | leaf);
}

/* --- initialisation: 6.3.9, 3.11 --- */

static bool set_cr0(struct smmu *s, uint32_t val)
{
	write32(s->regs + CR0, val);
	return wait_for(s, CR0ACK, UINT32_MAX, val);
}

static bool set_gbpa_abort(struct smmu *s)
{
	if (!wait_for(s, GBPA, GBPA_UPDATE, 0))
		return false;
	write32(s->regs + GBPA, GBPA_ABORT);
	return wait_for(s, GBPA, GBPA_UPDATE, 0);
}

int smmu_init(struct smmu *s, uintptr_t regs)
{
	*s = (struct smmu){ .regs = regs };
	if ((read32(regs + IDR0) & IDR0_NEEDED) != IDR0_NEEDED ||
	    !(read32(regs + IDR5) & IDR5_GRAN4K))
		return -1;
	s->strtab = pages_alloc(1);
	s->cmdq = pages_alloc(1);
	s->evtq = pages_alloc(1);
	if (!s->strtab || !s->cmdq || !s->evtq || !set_gbpa_abort(s) || !set_cr0(s, 0))
		return -1;
	/* All zeros: no STE is valid. */
	if (BUG("misaligned"))
		s->strtab += 8;

	write32(regs + CR1, CR1_WB_ISH);
	write32(regs + CR2, CR2_RECINVSID);
	write64(regs + STRTAB_BASE, (uintptr_t)s->strtab);
	write32(regs + STRTAB_CFG, 6);
	write64(regs + CMDQ_BASE, (uintptr_t)s->cmdq | 3);
	write32(regs + CMDQ_PROD, 0);
	write32(regs + CMDQ_CONS, 0);
	write64(regs + EVTQ_BASE, (uintptr_t)s->evtq | 4);
	write32(regs + EVTQ_PROD, 0);
	write32(regs + EVTQ_CONS, 0);
	set_cr0(s, CR0_CMDQEN);
	/* Enabling forgets nothing. EL2 is not used. */
	submit(s, CFGI_ALL, 31);
	submit(s, TLBI_NSNH_ALL, 0);
	sync(s);
	set_cr0(s, CR0_CMDQEN | CR0_EVENTQEN);
	set_cr0(s, CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN);
	return s->dead ? -1 : 0;
}

/* --- events: 7.2, 7.4, 7.5 --- */

bool smmu_event(struct smmu *s, uint64_t ev[4])
{
	uint32_t prod = read32(s->regs + EVTQ_PROD), gerror = read32(s->regs + GERROR);
	const volatile uint64_t *e = s->evtq + 4 * (s->evt_cons % EVTS);
	unsigned int i;

	if (gerror != read32(s->regs + GERRORN))
		write32(s->regs + GERRORN, gerror);
	if (prod % (2 * EVTS) == s->evt_cons)
		return false;
	for (i = 0; i < 4; i++)
		ev[i] = e[i];
	s->evt_cons = (s->evt_cons + 1) % (2 * EVTS);
	/* With the overflow flag as it was seen: acknowledged. */
	write32(s->regs + EVTQ_CONS, s->evt_cons | (prod & OVFLG));
	return true;
}

/* --- domains --- */

static uint64_t cd_word0(const struct smmu_domain *d)
{
	return CD_39_BITS_IN | CD_48_BITS_OUT | CD_AA64_R_A_SET | (uint64_t)d->asid << 48;
}

int smmu_domain_init(struct smmu_domain *d, uint16_t asid)
{
	*d = (struct smmu_domain){ .asid = asid };
	d->cd = pages_alloc(1);
	d->root = pages_alloc(1);
	if (!d->cd || !d->root)
		return -1;
	/* No STE points here, so nothing reads it yet. */
	d->cd[3] = MAIR_WB;
	d->cd[1] = (uintptr_t)d->root;
	d->cd[0] = cd_word0(d) | CD_V;
	return 0;
}

static volatile uint64_t *table(uint64_t desc)
{
	return (volatile uint64_t *)(uintptr_t)(desc & PTE_ADDR);
}

static void free_tables(volatile uint64_t *t, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < 512 && level < 3; i++) {
		if (t[i])
			free_tables(table(t[i]), level + 1);
	}
	pages_free(t, 1);
}

int smmu_domain_free(struct smmu *s, struct smmu_domain *d)
{
	tlbi_asid(s, d);
	sync(s);
	if (s->dead)
		return -1;
	free_tables(d->root, 1);
	pages_free(d->cd, 1);
	return 0;
}

int smmu_domain_reset(struct smmu *s, struct smmu_domain *d, uint16_t asid)
{
	volatile uint64_t *old = d->root, *root = pages_alloc(1);

	if (!root)
		return -1;
	/* 3.21.3: more than one word changes, so by way of V = 0. */
	d->cd[0] = 0;
	cfgi_cd(s, d);
	tlbi_asid(s, d);
	sync(s);
	if (s->dead)
		return -1;
	free_tables(old, 1);
	d->asid = asid;
	d->root = root;
	d->cd[1] = (uintptr_t)root;
	cfgi_cd(s, d);
	sync(s);
	d->cd[0] = cd_word0(d) | CD_V;
	cfgi_cd(s, d);
	sync(s);
	return s->dead ? -1 : 0;
}

/* --- streams: 3.21.3 --- */

int smmu_attach(struct smmu *s, uint32_t sid, struct smmu_domain *d)
{
	volatile uint64_t *ste = s->strtab + 8 * sid;

	if (BUG("v-first"))
		ste[0] = (uintptr_t)d->cd | STE_S1 | STE_V;
	/* V = 0, or Config 0, looks at neither; but they may have been read before. */
	ste[1] = STE1_WB_ISH;
	ste[2] = VMID;
	cfgi_ste(s, sid);
	sync(s);
	ste[0] = (uintptr_t)d->cd | STE_S1 | STE_V;
	cfgi_ste(s, sid);
	sync(s);
	d->streams |= UINT64_C(1) << sid;
	return s->dead ? -1 : 0;
}

int smmu_detach(struct smmu *s, uint32_t sid, struct smmu_domain *d)
{
	/* Config 0: refused, and without an event. */
	s->strtab[8 * sid] = STE_V;
	cfgi_ste(s, sid);
	sync(s);
	d->streams &= ~(UINT64_C(1) << sid);
	return s->dead ? -1 : 0;
}

/* --- tables --- */

static volatile uint64_t *next(volatile uint64_t *e, bool alloc)
{
	/* A new table is all zeros, and visible as that, before anything points to it. */
	void *t = !*e && alloc ? pages_alloc(1) : NULL;

	if (t)
		*e = (uintptr_t)t | PTE_TABLE;
	return *e ? table(*e) : NULL;
}

/* The level 2 entry over iova. */
static volatile uint64_t *level2(struct smmu_domain *d, uint64_t iova, bool alloc)
{
	volatile uint64_t *t = next(d->root + (iova >> 30 & 511), alloc);

	return t ? t + (iova >> 21 & 511) : NULL;
}

int smmu_map(struct smmu_domain *d, uint64_t iova, uint64_t pa, bool writable)
{
	volatile uint64_t *e = level2(d, iova, true), *t = e ? next(e, true) : NULL;

	if (!t)
		return -1;
	/* Nothing was here, and faults are not cached: no invalidation. */
	t[iova >> 12 & 511] = pa | PTE_PAGE | (writable ? 0 : PTE_READ_ONLY);
	return 0;
}

static bool empty(const volatile uint64_t *t)
{
	unsigned int i = 0;

	while (i < 512 && !t[i])
		i++;
	return i == 512;
}

int smmu_unmap(struct smmu *s, struct smmu_domain *d, uint64_t iova, unsigned int n)
{
	volatile uint64_t *e = level2(d, iova, false), *t = e ? next(e, false) : NULL;
	unsigned int i;

	if (!t)
		return -1;
	for (i = 0; i < n; i++) {
		t[(iova >> 12 & 511) + i] = 0;
		tlbi_va(s, d, iova + 4096 * (uint64_t)i, LEAF);
	}
	sync(s);
	if (!empty(t))
		return s->dead ? -1 : 0;
	/* The table itself goes: its entry in level 2 may be cached too. */
	*e = 0;
	tlbi_va(s, d, iova, 0);
	sync(s);
	if (!s->dead)
		pages_free(t, 1);
	return s->dead ? -1 : 0;
}
