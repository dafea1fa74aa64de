/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any register accesses, of any width, in any order, while a device translates.
 * Reads give only bits that exist; accesses that are none are refused; the
 * acknowledgements come; a driver that starts anew finds a working SMMU.
 *
 * Input: byte 0 chooses the mode; then 11 bytes each: what, offset (2), value (8).
 */
#include <string.h>

#include <iom/dev/smmuv3_ats.h>

#include "lib/smmu.h"

#define BASE	UINT64_C(0x80000000)
#define STEPS	500u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct st *fixture(unsigned int mode)
{
	static struct st t[3];
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	if (t[mode].s)
		return &t[mode];
	cfg.mode = (enum iom_smmuv3_mode)mode;
	iom_smmuv3_dev_ats_idr(cfg.idr);
	/* Small queues, so that wild indices soon come round. */
	cfg.idr[1] = (cfg.idr[1] & ~(31u << 21 | 31u << 16 | 31u << 11)) | 7u << 21 | 6u << 16 |
		     4u << 11;
	st_open_off(&t[mode], &cfg, BASE);
	st_alloc(&t[mode], 0x10000);
	return &t[mode];
}

struct limit {
	uint32_t off;
	uint32_t bits;
};

static const struct limit limits[] = {
	{ ST_CR0, 0x1f }, { ST_CR0ACK, 0x1f }, { ST_CR1, 0xfff }, { ST_CR2, 0xb },
	{ ST_GBPA, 0x1f3f1f }, { ST_IRQ_CTRL, 7 }, { ST_IRQ_CTRLACK, 7 }, { ST_GERROR, 0xfd },
	{ ST_GERRORN, 0xfd }, { ST_STRTAB_BASE_CFG, 0x307ff }, { ST_CMDQ_PROD, 0xfffff },
	{ ST_CMDQ_CONS, 0x7f0fffff }, { ST_EVENTQ_PROD, 0x800fffff },
	{ ST_EVENTQ_CONS, 0x800fffff }, { 0x40, 0 }, { 0x48, 0 },
	{ ST_PRIQ_PROD, 0x800fffff }, { ST_PRIQ_CONS, 0x800fffff },
	{ ST_PRIQ_IRQ_CFG2, 0x8000003f },
};

static void check(struct st *t)
{
	unsigned int i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		ST_REQUIRE(!(st_r(t, limits[i].off) & ~(uint64_t)limits[i].bits));
	ST_REQUIRE(st_r(t, ST_IRQ_CTRL) == st_r(t, ST_IRQ_CTRLACK));
	ST_REQUIRE(st_r(t, ST_CR0) == st_r(t, ST_CR0ACK));	/* no access is open */
}

/* What a device that does ATS and PRI may send, and what it may get. */
static void ats(struct st *t, uint64_t val)
{
	struct iom_smmuv3_page_request req = {
		.iova = val, .ssv = val & 1, .ssid = (uint32_t)val, .read = val & 2,
		.write = val & 4, .last = val & 8, .prgindex = (uint16_t)val,
	};
	struct iom_smmuv3_prg_resp prg;
	struct iom_smmuv3_ats_resp resp;
	uint64_t ev[4];

	ST_REQUIRE(!iom_gmem_begin(&t->dma.g));
	iom_access_begin(&t->access);
	iom_smmuv3_dev_ats_request(&t->port, val, (unsigned int)val & 0x0fffff1fu, &resp, ev);
	if (iom_smmuv3_dev_page_request(&t->port, &req, &prg))
		ST_REQUIRE(prg.prgindex < 512 && (!prg.ssv || req.ssv));
	iom_access_end(&t->access);
	iom_gmem_end(&t->dma.g);
	ST_REQUIRE(resp.size_lg2 >= 12 && (resp.r || resp.w || !resp.pa));
	ST_REQUIRE(!resp.exec || resp.r);
	ST_REQUIRE(resp.status == IOM_SMMUV3_ATS_SUCCESS || !(resp.r || resp.w));
}

static void step(struct st *t, const uint8_t *p)
{
	uint64_t off = ((uint64_t)(p[1] & 3) << 8 | p[2]) | (p[1] & 4 ? 0x10000 : 0), val = 0, got;
	unsigned int i, len = p[0] & 1 ? 8 : 4;

	for (i = 0; i < 8; i++)
		val |= (uint64_t)p[3 + i] << 8 * i;
	if (p[0] & 2)
		off &= ~(uint64_t)(len - 1);
	switch (p[0] >> 2 & 7) {
	case 0:
		st_xlate_sid(t, p[2], val, 1, p[0] & 1 ? ST_R | IOM_SMMUV3_TRANSLATED : ST_R);
		ats(t, val);
		break;
	case 1:			/* bases that are memory */
		st_w(t, ST_STRTAB_BASE, BASE | (val & 0xfffc0));
		st_w(t, ST_CMDQ_BASE, BASE | (val >> 20 & 0xfffff));
		st_w(t, ST_EVENTQ_BASE, BASE | (val >> 40 & 0xfffff));
		st_w(t, ST_PRIQ_BASE, BASE | (val >> 44 & 0xfffff));
		break;
	case 2:
		st_poke(t, BASE + (off & 0xfff8), val);
		break;
	case 3:
		ST_REQUIRE(iom_smmuv3_dev_read(t->s, off, len, &got) == IOM_OK ||
			   (!got && (off & (len - 1) || len == 8)));
		break;
	default:
		iom_smmuv3_dev_write(t->s, off, len, val);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st *t = fixture(size ? data[0] % 3 : 0);
	unsigned int n, i;
	uint64_t ev[4];
	size_t at = 1;

	iom_smmuv3_dev_reset(t->s);
	memset(t->ram, 0, 0x20000);
	for (n = 0; n < STEPS && at + 11 <= size; n++, at += 11)
		step(t, data + at);
	for (i = 0; i < 200; i++)
		iom_smmuv3_dev_run(t->s);
	check(t);
	/* A driver that begins at the beginning. */
	st_w(t, ST_CR0, 0);
	for (i = 0; i < 4; i++)
		iom_smmuv3_dev_run(t->s);
	ST_REQUIRE(!st_r(t, ST_CR0ACK));
	memset(t->ram, 0, 0x20000);
	st_w(t, ST_IRQ_CTRL, 0);
	st_w(t, ST_GERROR_IRQ_CFG0, 0);
	st_w(t, ST_EVENTQ_IRQ_CFG0, 0);
	st_w(t, ST_CR2, 0);
	st_w(t, ST_GERRORN, st_r(t, ST_GERROR));
	st_w(t, ST_CMDQ_PROD, 0);
	st_w(t, ST_CMDQ_CONS, 0);
	st_w(t, ST_EVENTQ_PROD, 0);
	st_w(t, ST_EVENTQ_CONS, 0);
	st_enable(t);
	ST_REQUIRE(st_refused(t, 0, ST_R, ST_BAD_STE, ev));
	return 0;
}
