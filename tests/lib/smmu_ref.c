/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lib/smmu_ref_int.h"

/* What one stage says about one address. */
struct found {
	uint64_t pa;
	unsigned int lg2;
	uint64_t desc;
	bool no_el0, no_write, no_ux, no_px;	/* by table descriptors */
};

#define S2_CD	(UINT64_C(1) << 39)
#define S2_TT	(UINT64_C(1) << 39 | UINT64_C(1) << 40)
#define S2_IN	(UINT64_C(1) << 39 | UINT64_C(2) << 40)
#define S1_TT	(UINT64_C(1) << 40)
#define S1_IN	(UINT64_C(2) << 40)

static bool peek(const struct ref *r, uint64_t pa, uint64_t *val)
{
	return !(pa >> ref_oas(r)) && !iom_gmem_load(&r->t->dma.g, pa, 8, val);
}

/* --- outcomes --- */

static bool stop(struct ref *r, unsigned int id, uint64_t w1, uint64_t w2, uint64_t w3)
{
	r->out->rc = id == ST_PERMISSION ? IOM_EACCES : IOM_EFAULT;
	if (!id)
		return false;
	r->out->ev[0] = id | (uint64_t)r->sid << 32;
	/* 7.3.7 has no SubstreamID, 7.3.9 no SSV */
	if (r->ssv && id != ST_STREAM_DISABLED)
		r->out->ev[0] |= (uint64_t)r->ssid << 12;
	if (r->ssv && id != ST_STREAM_DISABLED && id != ST_BAD_SUBSTREAMID)
		r->out->ev[0] |= 1u << 11;
	r->out->ev[1] = w1;
	r->out->ev[2] = w2;
	r->out->ev[3] = w3;
	return false;
}

static bool stop_tt(struct ref *r, unsigned int id, uint64_t w1, uint64_t w3)
{
	w1 |= (uint64_t)r->priv << 33;
	if (!r->write)
		w1 |= (uint64_t)r->inst << 34 | UINT64_C(1) << 35;
	return stop(r, id, w1, r->iova, w3);
}

static bool fault_s1(struct ref *r, unsigned int id)
{
	stop_tt(r, id, S1_IN, 0);
	if (!BIT(r->cd, 45))
		memset(r->out->ev, 0, sizeof(r->out->ev));
	if (!BIT(r->cd, 46)) {
		r->out->rc = IOM_OK;
		r->out->res.raz_wi = true;
	}
	return false;
}

static bool fault_s2(struct ref *r, unsigned int id, uint64_t cls, uint64_t ipa)
{
	if (id == ST_PERMISSION && cls == S2_TT)
		cls |= UINT64_C(1) << 44;
	stop_tt(r, id, cls, ipa & UINT64_C(0x000ffffffffff000));
	if (!BIT(r->ste, 186))
		memset(r->out->ev, 0, sizeof(r->out->ev));
	return false;
}

static bool fault(struct ref *r, unsigned int stage, unsigned int id, uint64_t cls, uint64_t ipa)
{
	return stage == 1 ? fault_s1(r, id) : fault_s2(r, id, cls, ipa);
}

/* --- tables --- */

static bool block_ok(const struct stage *s, int level)
{
	switch (s->granule) {
	case 12:
		return level == 2 || level == 1 || (level == 0 && s->ds);
	case 14:
		return level == 2 || (level == 1 && s->ds);
	default:
		return level == 2 || (level == 1 && s->wide);
	}
}

static uint64_t desc_oa(const struct stage *s, uint64_t d)
{
	uint64_t oa = d & UINT64_C(0x0003ffffffffffff);

	oa = oa >> s->granule << s->granule;
	if (s->ds)
		return oa | (d >> 8 & 3) << 50;
	oa &= UINT64_C(0x0000ffffffffffff);
	if (s->granule == 16 && s->wide)
		oa |= (d >> 12 & 0xf) << 48;
	return oa;
}

static bool s2_fetch(struct ref *r, uint64_t ipa, uint64_t cls, uint64_t *pa);

static bool walk(struct ref *r, const struct stage *s, uint64_t ia, uint64_t cls,
		 struct found *f)
{
	bool nested = s->n == 1 && (BIT(r->ste, 2));
	uint64_t table = s->root, at, d;
	unsigned int shift;
	int level;

	memset(f, 0, sizeof(*f));
	for (level = s->start; ; level++) {
		shift = s->granule + (unsigned int)(3 - level) * (s->granule - 3);
		at = ia >> shift;
		if (level != s->start)
			at &= (UINT64_C(1) << (s->granule - 3)) - 1;
		at = table + at * 8;
		if (nested && !s2_fetch(r, at, S2_TT, &at))
			return false;
		if (!peek(r, at, &d))
			return stop_tt(r, ST_WALK_EABT, s->n == 1 ? S1_TT : cls,
				       at & UINT64_C(0x000ffffffffffff8));
		if (!(d & 1) || (!(d & 2) && (level == 3 || !block_ok(s, level))))
			return fault(r, s->n, ST_TRANSLATION, cls, ia);
		table = desc_oa(s, d);
		if (level == 3 || !(d & 2))
			break;
		if (table >> s->oa_bits)
			return fault(r, s->n, ST_ADDR_SIZE, cls, ia);
		f->no_px |= d >> 59 & 1;
		f->no_ux |= d >> 60 & 1;
		f->no_el0 |= d >> 61 & 1;
		f->no_write |= d >> 62 & 1;
	}
	f->desc = d;
	f->lg2 = shift;
	f->pa = table >> shift << shift;
	if (f->pa >> s->oa_bits)
		return fault(r, s->n, ST_ADDR_SIZE, cls, ia);
	f->pa += ia & ((UINT64_C(1) << shift) - 1);
	if (!(d >> 10 & 1) && !s->affd)
		return fault(r, s->n, ST_ACCESS, cls, ia);
	return true;
}

/* --- attributes --- */

static unsigned int rank(unsigned int nibble)	/* 0 NC, 1 WT, 2 WB */
{
	return nibble == 4 || nibble == 0 ? 0 : nibble & 4 ? 2 : 1;
}

static void settle(uint8_t *mem, uint8_t *sh)
{
	if (!(*mem >> 4) || *mem == 0x44)
		*sh = 2;
}

static unsigned int weaker(unsigned int s1, unsigned int s2)
{
	unsigned int b = s2 == 2 ? 1 : s2 == 3 ? 2 : 0;

	if (!rank(s1) || !b)
		return 4;
	if (b < rank(s1))
		return 8 | (s1 & 3);
	return s1;
}

/* Stage 2 over what is in *mem, *sh. */
static void combine(const struct ref *r, uint64_t d, bool ds, uint8_t *mem, uint8_t *sh)
{
	unsigned int attr = d >> 2 & 0xf;
	uint64_t s2sh = ds ? st_get(r->ste, 173, 172) : d >> 8 & 3;
	bool s1_dev = !(*mem >> 4);

	if (*sh == 2 || s2sh == 2)
		*sh = 2;
	else
		*sh = *sh == 3 || s2sh == 3 ? 3 : 0;
	if (ref_idr(r, 3, 8, 8) && BIT(r->ste, 89)) {
		attr &= 7;
		if (attr < 4)
			*mem = (uint8_t)((attr & 3) << 2);
		else if (attr == 6 && (s1_dev || rank(*mem >> 4) != 2 || rank(*mem & 15) != 2))
			*mem = 0xff;
		else if (attr < 6 && !s1_dev)
			*mem = 0x44;
	} else if (attr < 4) {
		if (!s1_dev || *mem > attr << 2)
			*mem = (uint8_t)(attr << 2);
	} else if (!s1_dev) {
		*mem = (uint8_t)(weaker(*mem >> 4, attr >> 2) << 4 | weaker(*mem & 15, attr & 3));
	}
	settle(mem, sh);
}

/* --- stage 2 --- */

static unsigned int s2_root_lg2(const struct stage *s)
{
	unsigned int shift = s->granule + (unsigned int)(3 - s->start) * (s->granule - 3);
	unsigned int lg2 = s->bits - shift + 3;

	return lg2 < 6 ? 6 : lg2;
}

/* rwx of an access under the privilege of the transaction; for a fetch: a read. */
static bool s2_perm(const struct ref *r, uint64_t d, bool read, bool write, bool exec)
{
	unsigned int xn = d >> 53 & 3;
	bool x;

	if (!ref_idr(r, 3, 4, 4))
		xn &= 2;
	x = xn == 0 || (xn == 1 && !r->priv) || (xn == 3 && r->priv);
	return (!read || (d >> 6 & 1)) && (!write || (d >> 7 & 1)) &&
	       (!exec || (x && (d >> 6 & 1)));
}

static bool s2_xlate(struct ref *r, uint64_t ipa, uint64_t cls, bool read, bool write, bool exec,
		     struct found *f)
{
	struct stage s = ref_stage2(r);

	s.root = s.root >> s2_root_lg2(&s) << s2_root_lg2(&s);
	if (ipa >> s.bits)
		return fault_s2(r, ST_TRANSLATION, cls, ipa);
	if (!walk(r, &s, ipa, cls, f))
		return false;
	return s2_perm(r, f->desc, read, write, exec) || fault_s2(r, ST_PERMISSION, cls, ipa);
}

static bool s2_fetch(struct ref *r, uint64_t ipa, uint64_t cls, uint64_t *pa)
{
	bool fwb = ref_idr(r, 3, 8, 8) && BIT(r->ste, 89);
	struct found f;

	if (!s2_xlate(r, ipa, cls, true, false, false, &f))
		return false;
	if (BIT(r->ste, 182) && (fwb ? !(f.desc >> 4 & 1) : !(f.desc >> 4 & 3)))
		return fault_s2(r, ST_PERMISSION, cls, ipa);
	*pa = f.pa;
	return true;
}

/* --- stage 1 --- */

static bool s1_perm(const struct ref *r, const struct found *f, unsigned int half)
{
	bool had = ref_idr(r, 3, 2, 2) && BIT(r->cd, half ? 129 : 65), one = ref_el2_only(r);
	bool ro = f->desc >> 7 & 1, el0 = f->desc >> 6 & 1, ux, px, pr = true, pw, ur, uw, x;

	if (!had && f->no_write)
		ro = true;
	if (!had && f->no_el0)
		el0 = false;
	if (one)
		el0 = true;
	pw = !ro;
	ur = el0;
	uw = el0 && !ro;
	ux = !(f->desc >> 54 & 1) && (had || !f->no_ux);
	px = one ? ux : !(f->desc >> 53 & 1) && (had || !f->no_px) && !uw;
	if (BIT(r->cd, 36)) {
		ux = ux && !uw;
		px = px && !pw;
	}
	if (BIT(r->cd, 40) && !one &&
	    (ur || (ref_idr(r, 3, 17, 17) && BIT(r->cd, 123) && ux)))
		pr = pw = false;
	x = r->priv ? px : ux;
	return (!r->write || (r->priv ? pw : uw)) &&
	       (!r->read || (r->inst ? x : r->priv ? pr : ur));
}

/* The leaf of stage 1, checked. */
static bool s1_xlate(struct ref *r, struct found *f, unsigned int *half_out)
{
	unsigned int half = r->iova >> 55 & 1;
	struct stage s = ref_stage1(r, half);
	uint64_t top = s.bits < 64 ? UINT64_MAX << s.bits : 0, want = half ? UINT64_MAX : 0;

	*half_out = half;
	if (ref_half_off(r, half))
		return fault_s1(r, ST_TRANSLATION);
	if (BIT(r->cd, half ? 39 : 38))
		top &= UINT64_MAX >> 8;
	if ((r->iova ^ want) & top)
		return fault_s1(r, ST_TRANSLATION);
	if (ref_idr(r, 3, 13, 13) && BIT(r->cd, half ? 130 : 66) && !r->priv && !ref_el2_only(r))
		return fault_s1(r, ST_TRANSLATION);
	if (!walk(r, &s, r->iova & ~(UINT64_MAX << s.bits), 0, f))
		return false;
	return s1_perm(r, f, half) || fault_s1(r, ST_PERMISSION);
}

/* --- structures --- */

static bool bad_sid(struct ref *r)
{
	return stop(r, st_r(r->t, ST_CR2) & 2 ? ST_BAD_STREAMID : 0, 0, 0, 0);
}

static bool fetch8(struct ref *r, uint64_t pa, uint64_t *w, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (!peek(r, pa + 8 * i, &w[i]))
			return stop(r, id, 0, 0, pa & UINT64_C(0x000ffffffffffff8));
	}
	return true;
}

static bool find_ste(struct ref *r)
{
	uint64_t base = st_r(r->t, ST_STRTAB_BASE) & UINT64_C(0x000fffffffffffc0), d, span, low;
	uint32_t cfg = (uint32_t)st_r(r->t, ST_STRTAB_BASE_CFG);
	unsigned int log2size = cfg & 0x3f, split = cfg >> 6 & 0x1f, l1;

	if (log2size > ref_idr(r, 1, 5, 0))
		log2size = ref_idr(r, 1, 5, 0);
	if ((uint64_t)r->sid >> log2size)
		return bad_sid(r);
	if ((cfg >> 16 & 3) != 1 || !ref_idr(r, 0, 28, 27)) {
		base = base >> (log2size + 6) << (log2size + 6);
		return fetch8(r, base + 64 * (uint64_t)r->sid, r->ste, ST_STE_FETCH);
	}
	split = split == 8 || split == 10 ? split : 6;
	l1 = log2size > split + 3 ? log2size - split + 3 : 6;
	base = (base >> l1 << l1) + 8 * (uint64_t)(r->sid >> split);
	if (!peek(r, base, &d))
		return stop(r, ST_STE_FETCH, 0, 0, base & UINT64_C(0x000ffffffffffff8));
	span = d & 0x1f;
	low = r->sid & ((1u << split) - 1);
	if (!span || span > split + 1 || low >= UINT64_C(1) << (span - 1))
		return bad_sid(r);
	base = (d & UINT64_C(0x00ffffffffffffc0)) >> (span + 5) << (span + 5);
	return fetch8(r, base + 64 * low, r->ste, ST_STE_FETCH);
}

static bool find_cd(struct ref *r, uint32_t ssid)
{
	unsigned int max = ref_cd_max(r);
	unsigned int fmt = max ? (unsigned int)st_get(r->ste, 5, 4) : 0, split, l1;
	uint64_t at = r->ste[0] & UINT64_C(0x00ffffffffffffc0), d;

	if (fmt == 1 || fmt == 2) {
		split = fmt == 1 ? 6 : 10;
		l1 = max > split + 3 ? max - split + 3 : 6;
		at = (at >> l1 << l1) + 8 * (uint64_t)(ssid >> split);
		if (BIT(r->ste, 2) && !s2_fetch(r, at, S2_CD, &at))
			return false;
		if (!peek(r, at, &d))
			return stop(r, ST_CD_FETCH, 0, 0, at & UINT64_C(0x000ffffffffffff8));
		if (!(d & 1))
			return stop(r, ST_BAD_SUBSTREAMID, 0, 0, 0);
		at = (d & UINT64_C(0x00fffffffffff000)) >> (split + 6) << (split + 6);
		if (!BIT(r->ste, 2) && at >> ref_oas(r))
			return stop(r, ST_BAD_SUBSTREAMID, 0, 0, 0);
		at += 64 * (uint64_t)(ssid & ((1u << split) - 1));
	} else {
		at = (at >> (max + 6) << (max + 6)) + 64 * (uint64_t)ssid;
	}
	if (BIT(r->ste, 2) && !s2_fetch(r, at, S2_CD, &at))
		return false;
	if (!fetch8(r, at, r->cd, ST_CD_FETCH))
		return false;
	return !ref_bad_cd(r) || stop(r, ST_BAD_CD, 0, 0, 0);
}

/* 3.9: *ssid, or *off if stage 1 is passed by. */
static bool choose(struct ref *r, uint32_t *ssid, bool *off)
{
	bool s1 = BIT(r->ste, 1);
	unsigned int max = ref_cd_max(r);
	unsigned int dss = (unsigned int)st_get(r->ste, 65, 64);

	*off = !s1;
	*ssid = r->ssid;
	if (r->ssv) {
		if (!s1 || !max || r->ssid >> max)
			return stop(r, ST_BAD_SUBSTREAMID, 0, 0, 0);
		return dss != 2 || r->ssid || stop(r, ST_STREAM_DISABLED, 0, 0, 0);
	}
	if (s1 && max && dss == 1)
		*off = true;
	else if (s1 && max && dss != 2)
		return stop(r, ST_STREAM_DISABLED, 0, 0, 0);
	return true;
}

/* --- the whole --- */

static uint8_t type_of(uint64_t attr)
{
	static const uint8_t nibble[4] = { 4, 4, 0xb, 0xf };

	if (attr < 4)
		return (uint8_t)(attr << 2);
	return (uint8_t)(nibble[attr >> 2] << 4 | nibble[attr & 3]);
}

static void override(struct ref *r, uint64_t priv, uint64_t inst, bool mtcfg, uint64_t attr,
		     uint64_t shcfg, uint8_t *mem, uint8_t *sh)
{
	*mem = 0xff;
	*sh = 3;
	if (ref_idr(r, 1, 26, 26)) {
		r->priv = priv == 2 ? false : priv == 3 ? true : r->priv;
		r->inst = inst == 2 ? false : inst == 3 ? true : r->inst;
	}
	if (ref_idr(r, 1, 27, 27)) {
		*mem = mtcfg ? type_of(attr) : 0xff;
		*sh = shcfg == 1 ? 3 : (uint8_t)shcfg;
		settle(mem, sh);
	}
}

static void bypass(struct ref *r, bool record, uint8_t mem, uint8_t sh)
{
	struct iom_smmuv3_result *res = &r->out->res;

	if (r->iova >> ref_oas(r)) {
		stop_tt(r, record ? ST_ADDR_SIZE : 0, S1_IN, 0);
		if (!record)
			memset(r->out->ev, 0, sizeof(r->out->ev));
		return;
	}
	res->pa = r->iova;
	res->len = (UINT64_C(1) << ref_oas(r)) - r->iova;
	res->memattr = mem;
	res->sh = sh;
	res->bypass = true;
}

static void translate(struct ref *r, bool s1, bool s2, uint8_t mem, uint8_t sh)
{
	struct iom_smmuv3_result *res = &r->out->res;
	struct found f = { .pa = r->iova, .lg2 = 64 }, g;
	unsigned int half, lg2;

	if (s1) {
		if (!s1_xlate(r, &f, &half))
			return;
		mem = (uint8_t)(r->cd[3] >> (f.desc >> 2 & 7) * 8);
		sh = f.desc >> 8 & 3;
		if (ref_stage1(r, half).ds)
			sh = (uint8_t)(r->cd[0] >> (half ? 28 : 12) & 3);
		settle(&mem, &sh);
	} else if (r->iova >> ref_oas(r)) {
		stop_tt(r, ST_ADDR_SIZE, S1_IN, 0);
		return;
	}
	lg2 = f.lg2;
	if (s2) {
		if (!s2_xlate(r, f.pa, S2_IN, r->read && !r->inst, r->write,
			      r->read && r->inst, &g))
			return;
		combine(r, g.desc, ref_stage2(r).ds, &mem, &sh);
		f.pa = g.pa;
		lg2 = g.lg2 < lg2 ? g.lg2 : lg2;
	}
	res->pa = f.pa;
	res->len = (UINT64_C(1) << lg2) - (r->iova & ((UINT64_C(1) << lg2) - 1));
	res->memattr = mem;
	res->sh = sh;
}

static void run(struct ref *r)
{
	uint32_t gbpa = (uint32_t)st_r(r->t, ST_GBPA), ssid;
	uint8_t mem, sh;
	bool off;

	if (!(st_r(r->t, ST_CR0) & 1)) {
		override(r, gbpa >> 16 & 3, gbpa >> 18 & 3, gbpa >> 4 & 1, gbpa & 15,
			 gbpa >> 12 & 3, &mem, &sh);
		if (gbpa >> 20 & 1)
			stop(r, 0, 0, 0, 0);
		else
			bypass(r, false, mem, sh);
		return;
	}
	r->e2h = st_r(r->t, ST_CR2) & 1;
	if (!find_ste(r))
		return;
	if (ref_bad_ste(r)) {
		stop(r, ST_BAD_STE, 0, 0, 0);
		return;
	}
	override(r, st_get(r->ste, 113, 112), st_get(r->ste, 115, 114), BIT(r->ste, 100),
		 st_get(r->ste, 99, 96), st_get(r->ste, 109, 108), &mem, &sh);
	if (!BIT(r->ste, 3)) {
		stop(r, 0, 0, 0, 0);
		return;
	}
	if (!choose(r, &ssid, &off) || (!off && !find_cd(r, ssid)))
		return;
	if (off && !BIT(r->ste, 2))
		bypass(r, true, mem, sh);
	else
		translate(r, !off, BIT(r->ste, 2), mem, sh);
}

struct st_out ref_xlate(struct st *t, uint32_t sid, uint64_t iova, uint64_t len,
			unsigned int access)
{
	struct st_out out;
	struct ref r = {
		.t = t, .sid = sid, .iova = iova, .out = &out,
		.ssv = access & IOM_SMMUV3_SSV, .priv = access & IOM_SMMUV3_PRIV,
		.inst = access & IOM_SMMUV3_INST,
		.read = access & IOM_ACCESS_READ, .write = access & IOM_ACCESS_WRITE,
	};
	unsigned int i;

	memset(&out, 0, sizeof(out));
	if (r.ssv)
		r.ssid = access >> 8 & 0xfffff;
	for (i = 0; i < 6; i++)
		r.idr[i] = (uint32_t)st_r(t, ST_IDR0 + 4 * i);
	run(&r);
	if (out.rc || out.res.raz_wi)
		return out;
	if (out.res.len > len)
		out.res.len = len;
	return out;
}
