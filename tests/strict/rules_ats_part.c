/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios of ATS, PRI, stalls and HTTU. */
#include <string.h>

#include <iom/base/field.h>
#include <iom/dev/smmuv3_ats.h>

#include "rules.h"

#define RUN(f) static void f(struct sd *d, bool bad, const void *arg)
#define UNUSED ((void)arg)

#define PRIQ_LG2	3u
#define CR0_ON		(1u | 2 | 4 | 8 | 16)

/* ATS and PRI on: the PRI queue first, then ATSCHK, then SMMUEN. */
static void up(struct sd *d)
{
	iom_smmuv3_dev_ats_idr(d->cfg.idr);
	sd_open(d);
	sd_stream(d, 5);
	st_set(d->ste, 93, 92, 1);
	sd_write_stream(d);
	sd_wmb(d);
	sd_w(d, ST_PRIQ_BASE, st_alloc(&d->t, 16 << PRIQ_LG2) | PRIQ_LG2);
	sd_regs(d);
	sd_invalidate_all(d);
	sd_w(d, ST_CR0, 2 | 4 | 8);
	sd_ack(d, ST_CR0ACK, 2 | 4 | 8);
	sd_w(d, ST_CR0, 2 | 4 | 8 | 16);
	sd_ack(d, ST_CR0ACK, 2 | 4 | 8 | 16);
	sd_w(d, ST_CR0, CR0_ON);
	sd_ack(d, ST_CR0ACK, CR0_ON);
}

RUN(atc_order)
{
	UNUSED;
	up(d);
	sd_use(d, 0, SD_IOVA);
	st_poke(&d->t, st_slot(&d->t, &d->s1, SD_IOVA, 3), 0);
	sd_wmb(d);
	sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
	if (!bad)
		sd_sync(d);
	sd_cmd(d, ST_ATC_INV, SD_IOVA);
	sd_sync(d);
}

static void ask(struct sd *d, uint64_t iova)
{
	struct iom_smmuv3_ats_resp resp;
	uint64_t ev[4];

	ST_REQUIRE(!iom_gmem_begin(&d->t.dma.g));
	iom_access_begin(&d->t.access);
	iom_smmuv3_dev_ats_request(&d->t.port, iova, 0, &resp, ev);
	iom_access_end(&d->t.access);
	iom_gmem_end(&d->t.dma.g);
	ST_REQUIRE(resp.status == IOM_SMMUV3_ATS_SUCCESS && resp.r);
}

/* 1: no ATC_INV; 2: of other addresses; 3: not waited for. */
static void stale_atc(struct sd *d, unsigned int wrong)
{
	up(d);
	ask(d, SD_IOVA);
	st_poke(&d->t, st_slot(&d->t, &d->s1, SD_IOVA, 3), 0);
	sd_wmb(d);
	sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
	sd_sync(d);
	if (wrong != 1)
		sd_cmd(d, ST_ATC_INV, wrong == 2 ? SD_IOVA + 4096 : SD_IOVA);
	if (wrong != 3)
		sd_sync(d);
	iom_smmuv3_strict_release(d->t.s, d->page[0], 4096);
	sd_sync(d);
}

RUN(atc_none)
{
	UNUSED;
	stale_atc(d, bad ? 1 : 0);
}

RUN(atc_other)
{
	UNUSED;
	stale_atc(d, bad ? 2 : 0);
}

RUN(atc_no_sync)
{
	UNUSED;
	stale_atc(d, bad ? 3 : 0);
}

/* ATSCHK is 1: an STE that ends ATS is as good as an ATC_INV, one that keeps it (bad) is not. */
RUN(atc_ste)
{
	UNUSED;
	up(d);
	ask(d, SD_IOVA);
	if (!bad)
		st_set(d->ste, 93, 92, 0);
	st_poke(&d->t, d->t.strtab + 8, d->ste[1]);
	st_poke(&d->t, st_slot(&d->t, &d->s1, SD_IOVA, 3), 0);
	sd_wmb(d);
	sd_cfgi_ste(d, 0, true);
	sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
	sd_sync(d);
	iom_smmuv3_strict_release(d->t.s, d->page[0], 4096);
	sd_sync(d);
}

/* The endpoint goes on with the address that it was given. */
static void translated(struct sd *d)
{
	struct iom_smmuv3_result res;
	uint64_t ev[4];

	ST_REQUIRE(!iom_gmem_begin(&d->t.dma.g));
	iom_access_begin(&d->t.access);
	ST_REQUIRE(!iom_smmuv3_dev_translate(&d->t.port, d->page[0], 8,
					     ST_R | IOM_SMMUV3_TRANSLATED, &res, ev));
	iom_access_end(&d->t.access);
	iom_gmem_end(&d->t.dma.g);
}

/*
 * The page goes, under traffic of Translated transactions. Bad: no ATC_INV, and
 * the driver says that it is done, or goes on for long. Near: all that a device
 * does before the CMD_SYNC behind the ATC_INV.
 */
static void used_atc(struct sd *d, bool bad, bool says)
{
	unsigned int n;

	up(d);
	ask(d, SD_IOVA);
	translated(d);
	st_poke(&d->t, st_slot(&d->t, &d->s1, SD_IOVA, 3), 0);
	sd_wmb(d);
	translated(d);
	sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
	translated(d);
	sd_sync(d);
	translated(d);
	/* TLBIs of other pages, before the ATC_INVs of all of them */
	for (n = 0; n < 3; n++) {
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA + 4096 * (n + 1), true);
		sd_sync(d);
		translated(d);
	}
	if (!bad) {
		sd_cmd(d, ST_ATC_INV, SD_IOVA);
		translated(d);
		sd_sync(d);
		return;
	}
	if (says)
		iom_smmuv3_strict_settled(d->t.s);
	for (n = 0; n < 8 && !says; n++)
		sd_sync(d);
	translated(d);
}

RUN(atc_used)
{
	UNUSED;
	used_atc(d, bad, true);
}

RUN(atc_used_long)
{
	UNUSED;
	used_atc(d, bad, false);
}

static bool asks(struct sd *d)
{
	struct iom_smmuv3_ats_resp resp;
	uint64_t ev[4];

	ST_REQUIRE(!iom_gmem_begin(&d->t.dma.g));
	iom_access_begin(&d->t.access);
	iom_smmuv3_dev_ats_request(&d->t.port, SD_IOVA, 0, &resp, ev);
	iom_access_end(&d->t.access);
	iom_gmem_end(&d->t.dma.g);
	return resp.r;
}

/* ATC_INV first: the endpoint asks again, and the TLB has the old one. */
RUN(atc_used_order)
{
	bool again;

	UNUSED;
	up(d);
	ask(d, SD_IOVA);
	sd_use(d, 0, SD_IOVA);
	st_poke(&d->t, st_slot(&d->t, &d->s1, SD_IOVA, 3), 0);
	sd_wmb(d);
	if (!bad) {
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
		sd_sync(d);
	}
	sd_cmd(d, ST_ATC_INV, SD_IOVA);
	sd_sync(d);
	again = asks(d);
	if (bad) {
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
		sd_sync(d);
	}
	iom_smmuv3_strict_settled(d->t.s);
	if (again)
		translated(d);
}

static void page_request(struct sd *d, uint16_t prgindex)
{
	const struct iom_smmuv3_page_request req = { .iova = SD_IOVA + 0x10000, .read = true,
						     .last = true, .prgindex = prgindex };
	struct iom_smmuv3_prg_resp resp;

	ST_REQUIRE(!iom_gmem_begin(&d->t.dma.g));
	iom_access_begin(&d->t.access);
	iom_smmuv3_dev_page_request(&d->t.port, &req, &resp);
	iom_access_end(&d->t.access);
	iom_gmem_end(&d->t.dma.g);
}

static void take_requests(struct sd *d)
{
	sd_w(d, ST_PRIQ_CONS, sd_r(d, ST_PRIQ_PROD));
}

RUN(prg_left)
{
	UNUSED;
	up(d);
	page_request(d, 5);
	take_requests(d);
	if (!bad)
		sd_cmd(d, ST_PRI_RESP, 5 | 2 << 12);
	sd_sync(d);
}

RUN(prg_unknown)
{
	UNUSED;
	up(d);
	page_request(d, 5);
	page_request(d, 6);
	take_requests(d);
	sd_cmd(d, ST_PRI_RESP, 5 | 2 << 12);
	sd_cmd(d, ST_PRI_RESP, 6 | 2 << 12);
	if (bad)
		sd_cmd(d, ST_PRI_RESP, 5 | 2 << 12);
	sd_sync(d);
}

RUN(cmd_resp)
{
	UNUSED;
	up(d);
	page_request(d, 5);
	take_requests(d);
	sd_cmd(d, ST_PRI_RESP, 5 | (uint64_t)(bad ? 3 : 1) << 12);
	if (sd_sync(d))
		return;
	sd_w(d, ST_GERRORN, sd_r(d, ST_GERROR));
}

RUN(priq_enabled)
{
	UNUSED;
	up(d);
	if (!bad) {
		sd_w(d, ST_CR0, CR0_ON & ~2u);
		sd_ack(d, ST_CR0ACK, CR0_ON & ~2u);
	}
	sd_w(d, ST_PRIQ_BASE, d->page[3] | PRIQ_LG2);
}

RUN(priq_cons)
{
	UNUSED;
	up(d);
	page_request(d, 5);
	sd_w(d, ST_PRIQ_CONS, sd_r(d, ST_PRIQ_PROD) + bad);
	sd_cmd(d, ST_PRI_RESP, 5 | 2 << 12);
	sd_sync(d);
}

RUN(priq_overflow)
{
	uint16_t i;

	UNUSED;
	up(d);
	for (i = 0; i < 10; i++)
		page_request(d, i);
	sd_w(d, ST_PRIQ_CONS, sd_r(d, ST_PRIQ_PROD) & (bad ? 0x7fffffff : 0xffffffff));
	for (i = 0; i < 8; i++)
		sd_cmd(d, ST_PRI_RESP, i | 2 << 12);
	sd_sync(d);
}

/* --- stalls ---------------------------------------------------------------- */

static void resumed(struct iom_smmuv3_port *p, enum iom_smmuv3_resume how)
{
	(void)p;
	(void)how;
}

static int stalling_dma(struct sd *d)
{
	struct iom_smmuv3_result res;
	uint64_t ev[4];
	int rc;

	ST_REQUIRE(!iom_gmem_begin(&d->t.dma.g));
	iom_access_begin(&d->t.access);
	rc = iom_smmuv3_dev_translate(&d->t.port, SD_IOVA + 0x10000, 1, ST_R, &res, ev);
	iom_access_end(&d->t.access);
	iom_gmem_end(&d->t.dma.g);
	return rc;
}

RUN(stall_left)
{
	uint64_t ev[2] = { 0 }, at;
	unsigned int n;

	UNUSED;
	d->cfg.idr[0] &= ~(3u << 24);
	d->cfg.idr[5] |= 16u << 16;
	sd_open(d);
	iom_smmuv3_dev_port_stalls(&d->t.port, resumed);
	sd_stream(d, 5);
	st_set(d->cd, 44, 44, 1);
	sd_start(d);
	ST_REQUIRE(stalling_dma(d) == IOM_EAGAIN);
	for (n = 0; n < 1000 && sd_r(d, ST_EVENTQ_PROD) == sd_r(d, ST_EVENTQ_CONS); n++)
		;
	at = d->t.evtq + 32 * (sd_r(d, ST_EVENTQ_CONS) & ((1u << ST_EVTQ_LG2) - 1));
	ev[0] = st_peek(&d->t, at);
	ev[1] = st_peek(&d->t, at + 8);
	sd_events(d);
	ST_REQUIRE((ev[0] & 0xff) == ST_TRANSLATION && ev[1] >> 31 & 1);
	if (!bad) {
		sd_cmd(d, ST_RESUME | 1 << 13, ev[1] & 0xffff);
		sd_sync(d);
		ST_REQUIRE(stalling_dma(d) != IOM_EAGAIN);
	}
}

/* --- HTTU ------------------------------------------------------------------ */

RUN(httu_cd)
{
	UNUSED;
	d->cfg.idr[0] |= 2u << 6;
	sd_open(d);
	sd_stream(d, 5);
	st_set(d->cd, 43, 43, 1);
	st_set(d->cd, 9, 8, bad ? 0 : 3);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(httu_ste)
{
	UNUSED;
	d->cfg.idr[0] |= 2u << 6;
	sd_open(d);
	sd_stream(d, 6);
	st_set(d->ste, 184, 184, 1);
	st_set(d->ste, 171, 170, bad ? 2 : 1);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

/* --- all ------------------------------------------------------------------- */

#define R(rule, f)	{ SMMU_RULE_##rule, f, NULL }

const struct sd_scenario sd_ats[] = {
	R(STALE_ATC, atc_none), R(STALE_ATC, atc_other), R(STALE_ATC, atc_no_sync),
	R(STALE_ATC, atc_ste),
	R(ATC_USED, atc_used), R(ATC_USED, atc_used_long), R(ATC_USED, atc_used_order),
	R(CMD_RESP, cmd_resp), R(ATC_ORDER, atc_order), R(PRG_LEFT, prg_left),
	R(PRG_UNKNOWN, prg_unknown),
	R(EVENTQ_ENABLED, priq_enabled), R(EVENTQ_CONS, priq_cons),
	R(OVERFLOW_LEFT, priq_overflow), R(STALL_LEFT, stall_left), R(HTTU_ATTR, httu_cd),
	R(HTTU_ATTR, httu_ste),
};
const size_t sd_nr_ats = IOM_ARRAY_SIZE(sd_ats);
