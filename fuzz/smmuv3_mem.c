/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STEs, CDs and tables of the fuzzer's making, nested pointers and all. What
 * the SMMU answers with empty caches must be what the reference translator
 * says; with caches it must come back, and go where a walk may have gone.
 *
 * Input: byte 0 chooses the SMMU, then commands of a byte and its arguments;
 * see step(). Structures stand in an arena of ARENA bytes.
 */
#include <string.h>

#include "lib/smmu.h"
#include "lib/smmu_ref.h"

#define BASE	UINT64_C(0x80000000)
#define ARENA	0x20000u
#define STEPS	200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct in {
	const uint8_t *p;
	size_t left;
};

static uint64_t take(struct in *in, unsigned int n)
{
	uint64_t v = 0;

	for (; n && in->left; n--, in->left--)
		v = v << 8 | *in->p++;
	return v;
}

/* One SMMU of each kind, made once: what is left of one input is flushed before the next. */
#define NR_KINDS 4u

static struct st *smmu(unsigned int kind)
{
	static struct st t[NR_KINDS];
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	if (t[kind].s)
		return &t[kind];
	if (kind & 1)
		cfg.idr[0] |= 1u << 26;
	if (kind & 2) {
		cfg.idr[3] = 0;
		cfg.idr[5] = 4 | 3 << 4;	/* 44 bits, 4K and 16K */
		cfg.idr[0] &= ~(1u << 9 | 1u << 12 | 1u << 18 | 1u << 19);
		cfg.idr[1] &= ~(3u << 26);
	}
	st_open(&t[kind], &cfg, BASE);
	st_alloc(&t[kind], ARENA);
	return &t[kind];
}

static uint64_t arena(const struct st *t)
{
	return t->base + ARENA;
}

static void ask(struct st *t, struct in *in, bool fresh)
{
	uint32_t sid = (uint32_t)take(in, 1) & 3, access = (uint32_t)take(in, 1);
	uint64_t iova = take(in, 8), len = 1 + take(in, 1);
	struct st_out got, want, walk;

	access = (access & 15) | (access & 16 ? ST_SS(access >> 5) : 0);
	if (!(access & 3))
		access |= ST_R;
	if (access & ST_W)
		access &= ~IOM_SMMUV3_INST;
	got = st_xlate_sid(t, sid, iova, len, access);
	walk = st_walk(t, sid, iova, len, access);
	st_event_id(t);
	if (!fresh)
		return;
	want = ref_xlate(t, sid, iova, len, access);
	ST_REQUIRE(got.rc == want.rc && walk.rc == want.rc);
	ST_REQUIRE(!memcmp(got.ev, want.ev, sizeof(got.ev)));
	ST_REQUIRE(!memcmp(walk.ev, want.ev, sizeof(got.ev)));
	ST_REQUIRE(got.rc || got.res.raz_wi == want.res.raz_wi);
	if (got.rc || got.res.raz_wi)
		return;
	ST_REQUIRE(got.res.pa == want.res.pa && got.res.len == want.res.len);
	ST_REQUIRE(got.res.memattr == want.res.memattr && got.res.sh == want.res.sh);
	ST_REQUIRE(walk.res.pa == want.res.pa && walk.res.memattr == want.res.memattr);
}

/* Structures that a driver might have made; bits are turned afterwards. */
static void good_structures(struct st *t, struct in *in)
{
	static const uint8_t configs[4] = { 5, 6, 7, 4 };
	uint64_t a = arena(t), ste[8], cd[8];
	unsigned int n = (unsigned int)take(in, 1);
	struct st_tables s1 = { .stage = 1, .granule = 12, .bits = 48, .ps = 4,
				.root = a + 0x1000 };
	struct st_tables s2 = { .stage = 2, .granule = 12, .bits = 40, .start = 1, .ps = 4,
				.root = a + 0x4000 };

	st_ste_init(ste, configs[n & 3]);
	if (configs[n & 3] & 1)
		st_ste_s1(ste, a, n >> 2 & 3, n >> 4 & 1, n >> 6);
	if ((configs[n & 3] & 6) == 6)
		st_ste_s2(ste, &s2, 1);
	st_poke_n(t, t->strtab + 64 * (n >> 5 & 3), ste, 8);
	st_cd_init(cd, &s1, 1, n >> 7);
	st_poke_n(t, a, cd, 8);
}

static void step(struct st *t, struct in *in, bool *fresh)
{
	uint64_t at, v;

	switch (take(in, 1) % 8) {
	case 0:
		at = arena(t) + (take(in, 2) * 8) % ARENA;
		st_poke(t, at, take(in, 8));
		*fresh = false;
		break;
	case 1:			/* a descriptor that points into the arena */
		at = arena(t) + (take(in, 2) * 8) % ARENA;
		v = take(in, 2);
		st_poke(t, at, (arena(t) + (v & 31) * 0x1000) | (v >> 5 & 0x7ff) << 1 | 1);
		*fresh = false;
		break;
	case 2:			/* stage 2 maps 1 GiB of it, as it is */
		st_poke(t, arena(t) + 0x4000 + 8 * 2, BASE | ST_S2_RW | 1);
		*fresh = false;
		break;
	case 3:
		good_structures(t, in);
		*fresh = false;
		break;
	case 4:			/* one bit of an STE, or of the first CDs */
		v = take(in, 2);
		at = (v & 0x8000 ? t->strtab : arena(t)) + (v >> 6 & 31) * 8;
		st_poke(t, at, st_peek(t, at) ^ UINT64_C(1) << (v & 63));
		*fresh = false;
		break;
	case 5:
		st_flush(t);
		*fresh = true;
		break;
	default:
		ask(t, in, *fresh);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct in in = { data, size };
	struct st *t = smmu((unsigned int)take(&in, 1) % NR_KINDS);
	bool fresh = true;
	unsigned int i;

	memset(t->ram + ARENA, 0, ARENA);
	memset(t->ram, 0, 64 * 4);
	st_flush(t);
	for (i = 0; i < STEPS && in.left; i++)
		step(t, &in, &fresh);
	return 0;
}
