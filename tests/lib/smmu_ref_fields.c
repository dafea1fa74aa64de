/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of STEs and CDs for the reference translator: meaning and legality. */
#include "lib/smmu_ref_int.h"

unsigned int ref_idr(const struct ref *r, unsigned int n, unsigned int hi, unsigned int lo)
{
	return (unsigned int)((uint64_t)r->idr[n] >> lo & ((UINT64_C(1) << (hi - lo + 1)) - 1));
}

unsigned int ref_oas(const struct ref *r)
{
	static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 52 };

	return bits[ref_idr(r, 5, 2, 0)];
}

/* Effective output size: at most OAS, and at most 48 where descriptors have no more. */
static unsigned int ref_effective(const struct ref *r, uint64_t ps, bool wide)
{
	static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	unsigned int n = bits[ps] < ref_oas(r) ? bits[ps] : ref_oas(r);

	return n > 48 && !wide ? 48 : n;
}

struct stage ref_stage2(const struct ref *r)
{
	static const uint8_t granule[4] = { 12, 16, 14, 0 };
	unsigned int sl0 = (unsigned int)st_get(r->ste, 167, 166);
	struct stage s = { .n = 2 };

	s.granule = granule[st_get(r->ste, 175, 174)];
	s.ds = ref_idr(r, 5, 7, 7) && BIT(r->ste, 195) && s.granule != 16;
	s.wide = s.granule == 16 && ref_oas(r) == 52;
	s.bits = 64 - (unsigned int)st_get(r->ste, 165, 160);
	s.start = s.granule == 12 ? (sl0 == 3 ? 3 : 2 - (int)sl0) : 3 - (int)sl0;
	if (s.granule == 12 && s.ds && BIT(r->ste, 194))
		s.start = -1;
	s.oa_bits = ref_effective(r, st_get(r->ste, 178, 176), s.granule == 16 || s.ds);
	s.affd = BIT(r->ste, 181);
	s.root = r->ste[3] & UINT64_C(0x000ffffffffffff0);
	return s;
}

bool ref_el2_only(const struct ref *r)
{
	return st_get(r->ste, 95, 94) == 2 && !r->e2h;
}

bool ref_half_off(const struct ref *r, unsigned int half)
{
	return ref_el2_only(r) ? half : BIT(r->cd, half ? 30 : 14);
}

unsigned int ref_cd_max(const struct ref *r)
{
	return ref_idr(r, 1, 10, 6) ? (unsigned int)st_get(r->ste, 63, 59) : 0;
}

struct stage ref_stage1(const struct ref *r, unsigned int half)
{
	static const uint8_t tg0[4] = { 12, 16, 14, 0 }, tg1[4] = { 0, 14, 12, 16 };
	unsigned int lg2, at = half ? 16 : 0, levels;
	struct stage s = { .n = 1 };

	s.granule = (half ? tg1 : tg0)[st_get(r->cd, at + 7, at + 6)];
	s.ds = ref_idr(r, 5, 7, 7) && BIT(r->cd, 186) && s.granule != 16;
	s.wide = s.granule == 16 && ref_oas(r) == 52;
	s.bits = 64 - (unsigned int)st_get(r->cd, at + 5, at);
	levels = s.granule ? (s.bits - s.granule + s.granule - 4) / (s.granule - 3) : 1;
	s.start = 4 - (int)levels;
	s.oa_bits = ref_effective(r, st_get(r->cd, 34, 32), s.granule == 16 || s.ds);
	s.affd = BIT(r->cd, 35);
	s.root = r->cd[half ? 2 : 1] & UINT64_C(0x000ffffffffffff0);
	lg2 = s.granule ? s.bits - (s.granule + (levels - 1) * (s.granule - 3)) + 3 : 6;
	lg2 = lg2 < 6 ? 6 : lg2;
	s.root = s.root >> lg2 << lg2;
	return s;
}

/* --- legality: 5.2, 5.4 --- */

static bool granule_ok(const struct ref *r, unsigned int g)
{
	return (g == 12 && ref_idr(r, 5, 4, 4)) || (g == 14 && ref_idr(r, 5, 5, 5)) ||
	       (g == 16 && ref_idr(r, 5, 6, 6));
}

static bool bad_s2(const struct ref *r)
{
	struct stage s = ref_stage2(r);
	unsigned int sl0 = (unsigned int)st_get(r->ste, 167, 166), shift, ia;
	bool stt = ref_idr(r, 3, 9, 9), wide = s.granule == 16 || s.ds;
	unsigned int t0sz = 64 - s.bits;

	if (BIT(r->ste, 185) || BIT(r->ste, 180) || !BIT(r->ste, 179) || BIT(r->ste, 184) ||
	    BIT(r->ste, 183) || !granule_ok(r, s.granule))
		return true;
	if (t0sz > (stt ? (s.granule == 16 ? 47u : 48u) : 39u) || t0sz < (wide ? 12u : 16u) ||
	    s.bits > ref_oas(r))
		return true;
	if (s.granule == 12 && s.ds && BIT(r->ste, 194) && sl0)
		return true;
	if (s.start != -1 && sl0 == 3 &&
	    (s.granule == 16 || (s.granule == 14 && !s.ds) || (s.granule == 12 && !stt)))
		return true;
	if ((s.granule == 12 && s.start == 0 && ref_oas(r) < 44) ||
	    (s.granule == 12 && s.start == -1 && ref_oas(r) < 52) ||
	    (s.granule == 14 && s.start == 1 && ref_oas(r) < 42) ||
	    (s.granule == 16 && s.start == 1 && ref_oas(r) < 44))
		return true;
	shift = s.granule + (unsigned int)(3 - s.start) * (s.granule - 3);
	ia = s.bits;
	if (ia <= shift || ia > shift + s.granule - 3 + 4)
		return true;
	return s.root >> s.oa_bits;
}

bool ref_bad_ste(const struct ref *r)
{
	unsigned int config = (unsigned int)st_get(r->ste, 3, 1);
	unsigned int strw = (unsigned int)st_get(r->ste, 95, 94);
	uint64_t ptr = r->ste[0] & UINT64_C(0x00ffffffffffffc0);

	if (!BIT(r->ste, 0))
		return true;
	if (config <= 4)
		return false;
	if (((config & 1) && !ref_idr(r, 0, 1, 1)) || ((config & 2) && !ref_idr(r, 0, 0, 0)))
		return true;
	if (ref_idr(r, 0, 0, 0) && !ref_idr(r, 0, 18, 18) && st_get(r->ste, 143, 136) &&
	    (config != 5 || !strw))
		return true;
	if ((config & 2) && bad_s2(r))
		return true;
	if (!(config & 1))
		return false;
	if ((strw & 1) || (strw == 2 && (!ref_idr(r, 0, 9, 9) || config == 7)) || BIT(r->ste, 91))
		return true;
	if (ref_cd_max(r) > ref_idr(r, 1, 10, 6))
		return true;
	if (ref_cd_max(r) && !ref_idr(r, 0, 19, 19) &&
	    (st_get(r->ste, 5, 4) == 1 || st_get(r->ste, 5, 4) == 2))
		return true;
	return ptr >> ref_oas(r);
}

static bool bad_half(const struct ref *r, unsigned int half)
{
	struct stage s = ref_stage1(r, half);
	bool wide = s.granule == 16 || s.ds, stt = ref_idr(r, 3, 9, 9);
	unsigned int txsz = 64 - s.bits;
	uint64_t ttb = r->cd[half ? 2 : 1] & UINT64_C(0x000ffffffffffff0);

	if (ref_half_off(r, half))
		return false;
	if (!granule_ok(r, s.granule))
		return true;
	if (txsz > (stt ? (s.granule == 16 ? 47u : 48u) : 39u) ||
	    txsz < (ref_idr(r, 5, 11, 10) && wide ? 12u : 16u))
		return true;
	return ttb >> s.oa_bits;
}

bool ref_bad_cd(const struct ref *r)
{
	if (!BIT(r->cd, 31) || BIT(r->cd, 44) || !BIT(r->cd, 41) || BIT(r->cd, 42) ||
	    BIT(r->cd, 43))
		return true;
	if (BIT(r->cd, 15) && !(ref_half_off(r, 0) && ref_half_off(r, 1)))
		return true;
	if (ref_idr(r, 0, 26, 26) && !BIT(r->cd, 46))
		return true;
	if (!ref_idr(r, 0, 12, 12) && st_get(r->cd, 63, 56) && !ref_el2_only(r))
		return true;
	return bad_half(r, 0) || bad_half(r, 1);
}
