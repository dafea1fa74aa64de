/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queue entries: unpacking undoes packing for anything that fits, a foreign
 * driver's commands and vectors written by hand mean what they should, ranges
 * equal a sum done slowly.
 */
#include <wire/smmuv3_wire.h>

#include "lib/test.h"

static void commands_survive_a_round_trip(void **state)
{
	struct smmuv3_wire_cmd c, d;
	struct test_rng rng;
	uint64_t w[2], v[2];
	unsigned int n;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 100000; n++) {
		w[0] = test_rng_edgy(&rng);
		w[1] = test_rng_edgy(&rng);
		if (n & 1)
			w[0] = (w[0] & ~SMMU_CMD0_OPCODE) | test_rng_below(&rng, 0x48);
		iomi_smmuv3_wire_unpack_cmd(w, &c);
		iomi_smmuv3_wire_pack_cmd(&c, v);
		assert_true((v[0] & ~w[0]) == 0 && (v[1] & ~w[1]) == 0);
		iomi_smmuv3_wire_unpack_cmd(v, &d);
		assert_memory_equal(&c, &d, sizeof(c));
	}
}

static void events_survive_a_round_trip(void **state)
{
	struct smmuv3_wire_event e, f;
	struct test_rng rng;
	uint64_t w[4], v[4];
	unsigned int n, i;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 100000; n++) {
		for (i = 0; i < 4; i++)
			w[i] = test_rng_edgy(&rng);
		if (n & 1)
			w[0] = (w[0] & ~SMMU_EVT0_ID) | test_rng_below(&rng, 0x28);
		iomi_smmuv3_wire_unpack_event(w, &e);
		iomi_smmuv3_wire_pack_event(&e, v);
		for (i = 0; i < 4; i++)
			assert_true((v[i] & ~w[i]) == 0);
		iomi_smmuv3_wire_unpack_event(v, &f);
		assert_memory_equal(&e, &f, sizeof(e));
	}
}

static void page_requests_survive_a_round_trip(void **state)
{
	struct smmuv3_wire_pri p = { 0 }, q = { 0 };
	struct test_rng rng;
	uint64_t w[2], v[2];
	unsigned int n;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 10000; n++) {
		w[0] = test_rng_edgy(&rng);
		w[1] = test_rng_edgy(&rng);
		iomi_smmuv3_wire_unpack_pri(w, &p);
		iomi_smmuv3_wire_pack_pri(&p, v);
		assert_true(v[0] == (w[0] & 0xfc0fffffffffffff));
		assert_true(v[1] == (w[1] & 0xfffffffffffff1ff));
		iomi_smmuv3_wire_unpack_pri(v, &q);
		assert_memory_equal(&p, &q, sizeof(p));
	}
}

/* As Linux's driver puts them in the queue. */
static void commands_by_hand(void **state)
{
	struct smmuv3_wire_cmd c;
	uint64_t w[2];

	(void)state;
	memset(&c, 0, sizeof(c));
	c.opcode = SMMU_CMD_TLBI_NH_VA;
	c.vmid = 3;
	c.asid = 0x1234;
	c.addr = 0xfffff000;
	c.leaf = true;
	c.tg = SMMU_TLBI_TG_4K;
	c.ttl = 3;
	c.num = 1;
	c.scale = 2;
	iomi_smmuv3_wire_pack_cmd(&c, w);
	assert_true(w[0] == 0x1234000300201012 && w[1] == 0xfffff701);

	w[0] = 0x46 | 2 << 12 | 3 << 22 | UINT64_C(0xf) << 24;
	w[1] = 0;
	assert_true(iomi_smmuv3_wire_unpack_cmd(w, &c));
	assert_int_equal(c.cs, SMMU_SYNC_CS_SEV);
	assert_int_equal(c.msh, 3);
	assert_int_equal(c.msiattr, 0xf);

	w[0] = 0x04;
	w[1] = 31;
	assert_true(iomi_smmuv3_wire_unpack_cmd(w, &c));
	assert_int_equal(c.range, SMMU_CFGI_RANGE_ALL);

	w[0] = 0x41 | 1 << 11 | 0x55 << 12 | UINT64_C(0x100) << 32;
	w[1] = 0x1ab | 2 << 12;
	assert_true(iomi_smmuv3_wire_unpack_cmd(w, &c));
	assert_true(c.ssv && c.ssid == 0x55 && c.sid == 0x100 && c.prgindex == 0x1ab);
	assert_int_equal(c.resp, SMMU_PRI_RESP_SUCCESS);

	w[0] = 0x44 | 1 << 12 | UINT64_C(7) << 32;
	w[1] = 0xbeef;
	assert_true(iomi_smmuv3_wire_unpack_cmd(w, &c));
	assert_true(c.ac && !c.ab && c.stag == 0xbeef && c.sid == 7);

	w[0] = 0x99;
	assert_false(iomi_smmuv3_wire_unpack_cmd(w, &c));
	assert_int_equal(c.opcode, 0x99);
	w[0] = 0x50;		/* Secure: not of this queue */
	assert_false(iomi_smmuv3_wire_unpack_cmd(w, &c));
}

/* Two records that Linux printed, the one of stage 1, the other of stage 2. */
static void events_by_hand(void **state)
{
	static const uint64_t s1[4] = { 0x0000000800000010, 0x0000020800000000, 0x9000000, 0 };
	struct smmuv3_wire_event e = { 0 };
	uint64_t w[4];

	(void)state;
	iomi_smmuv3_wire_unpack_event(s1, &e);
	assert_int_equal(e.id, SMMU_EVT_F_TRANSLATION);
	assert_int_equal(e.sid, 8);
	assert_true(e.rnw && !e.s2 && !e.stall);
	assert_int_equal(e.class, SMMU_CLASS_IN);
	assert_int_equal(e.input_addr, 0x9000000);

	/* 7.3.9: no SSV, and the SubstreamID counts; 7.3.7: neither. */
	w[0] = 5 << 12 | SMMU_EVT_C_BAD_SUBSTREAMID;
	w[1] = w[2] = w[3] = 0;
	iomi_smmuv3_wire_unpack_event(w, &e);
	assert_true(e.ssv && e.ssid == 5);
	w[0] = SMMU_EVT_F_STREAM_DISABLED;
	iomi_smmuv3_wire_unpack_event(w, &e);
	assert_false(e.ssv);

	memset(&e, 0, sizeof(e));
	e.id = SMMU_EVT_F_PERMISSION;
	e.sid = 0x100;
	e.ssv = true;
	e.ssid = 5;
	e.stag = 0x77;
	e.stall = true;
	e.s2 = true;
	e.class = SMMU_CLASS_TT;
	e.ttrnw = true;
	e.input_addr = 0x123456789;
	e.ipa = 0xabcdef123;	/* the low bits have no place */
	e.fetch_addr = 0x1000;	/* not in this event */
	iomi_smmuv3_wire_pack_event(&e, w);
	assert_true(w[0] == 0x0000010000005813);
	assert_true(w[1] == 0x0000118080000077);
	assert_true(w[2] == 0x123456789);
	assert_true(w[3] == 0xabcdef000);
}

/* The range is units added one by one, and stops at the top. */
static void tlbi_ranges(void **state)
{
	struct test_rng rng;
	unsigned int n;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 100000; n++) {
		struct smmuv3_wire_cmd c = { .opcode = SMMU_CMD_TLBI_NH_VA };
		bool ril = test_rng_below(&rng, 8), ds = test_rng_below(&rng, 2);
		unsigned int g, want, i, k;
		struct iom_range r;
		uint64_t last;

		c.addr = test_rng_edgy(&rng) & SMMU_CMD_TLBI1_VA_ADDR;
		c.tg = (uint8_t)test_rng_below(&rng, 4);
		c.num = (uint8_t)test_rng_below(&rng, 32);
		c.scale = (uint8_t)test_rng_below(&rng, 64);
		iomi_smmuv3_wire_tlbi_range(&c, ril, ds, &r, &g);
		want = ril && c.tg ? 10u + 2u * c.tg : 0;
		assert_int_equal(g, want);
		if (!want) {
			assert_true(r.start == c.addr && r.last == c.addr);
			continue;
		}
		assert_true(r.start == c.addr >> g << g);
		last = r.start - 1;
		for (i = 0; i <= c.num; i++) {
			uint64_t unit = UINT64_C(1) << g;

			for (k = 0; k < (ds ? c.scale : c.scale & 31); k++)
				unit = unit > UINT64_MAX / 2 ? UINT64_MAX : unit * 2;
			if (unit == UINT64_MAX || unit - 1 > UINT64_MAX - (last + 1)) {
				last = UINT64_MAX;
				break;
			}
			last += unit;
			if (last == UINT64_MAX)
				break;
		}
		if (r.last != last)
			fail_msg("addr %llx num %u scale %u g %u: %llx, not %llx",
				 (unsigned long long)c.addr, c.num, c.scale, g,
				 (unsigned long long)r.last, (unsigned long long)last);
	}
}

static void atc_ranges(void **state)
{
	struct smmuv3_wire_cmd c = { .opcode = SMMU_CMD_ATC_INV, .addr = 0x12345000 };
	struct iom_range r = iomi_smmuv3_wire_atc_range(&c);

	(void)state;
	assert_true(r.start == 0x12345000 && r.last == 0x12345fff);
	c.size = 4;
	r = iomi_smmuv3_wire_atc_range(&c);
	assert_true(r.start == 0x12340000 && r.last == 0x1234ffff);
	c.size = 51;
	r = iomi_smmuv3_wire_atc_range(&c);
	assert_true(r.start == 0 && r.last == INT64_MAX);
	for (c.size = 52; c.size < 64; c.size++) {
		r = iomi_smmuv3_wire_atc_range(&c);
		assert_true(r.start == 0 && r.last == UINT64_MAX);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_survive_a_round_trip),
		cmocka_unit_test(events_survive_a_round_trip),
		cmocka_unit_test(page_requests_survive_a_round_trip),
		cmocka_unit_test(commands_by_hand),
		cmocka_unit_test(events_by_hand),
		cmocka_unit_test(tlbi_ranges),
		cmocka_unit_test(atc_ranges),
	};

	return cmocka_run_group_tests_name("smmuv3_wire", tests, NULL, NULL);
}
