/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows that name SMMUv3's fields, against a second transcription: absolute
 * bit numbers, as the document's figures have them, typed by hand. Every bit
 * that is named there is in a row, and no other.
 */
#include <iom/spec/smmuv3.h>
#include <wire/smmuv3_fields.h>
#include <wire/smmuv3_wire.h>

#include "lib/test.h"

struct bits {
	const char *name;
	unsigned int hi, lo;
};

static const struct bits ste[] = {
	{ "V", 0, 0 }, { "Config", 3, 1 }, { "S1Fmt", 5, 4 }, { "S1ContextPtr", 55, 6 },
	{ "S1CDMax", 63, 59 }, { "S1DSS", 65, 64 }, { "S1CIR", 67, 66 }, { "S1COR", 69, 68 },
	{ "S1CSH", 71, 70 }, { "S2HWU59", 72, 72 }, { "S2HWU60", 73, 73 }, { "S2HWU61", 74, 74 },
	{ "S2HWU62", 75, 75 }, { "DRE", 76, 76 }, { "CONT", 80, 77 }, { "DCP", 81, 81 },
	{ "PPAR", 82, 82 }, { "MEV", 83, 83 }, { "SW", 87, 84 }, { "S1PIE", 88, 88 },
	{ "S2FWB", 89, 89 }, { "S1MPAM", 90, 90 }, { "S1STALLD", 91, 91 }, { "EATS", 93, 92 },
	{ "STRW", 95, 94 }, { "MemAttr", 99, 96 }, { "MTCFG", 100, 100 }, { "ALLOCCFG", 104, 101 },
	{ "SHCFG", 109, 108 }, { "NSCFG", 111, 110 }, { "PRIVCFG", 113, 112 },
	{ "INSTCFG", 115, 114 }, { "S2VMID", 143, 128 }, { "S2T0SZ", 165, 160 },
	{ "S2SL0", 167, 166 }, { "S2IR0", 169, 168 }, { "S2OR0", 171, 170 }, { "S2SH0", 173, 172 },
	{ "S2TG", 175, 174 }, { "S2PS", 178, 176 }, { "S2AA64", 179, 179 }, { "S2ENDI", 180, 180 },
	{ "S2AFFD", 181, 181 }, { "S2PTW", 182, 182 }, { "S2HD", 183, 183 }, { "S2HA", 184, 184 },
	{ "S2S", 185, 185 }, { "S2R", 186, 186 }, { "S2HAFT", 187, 187 }, { "S2PIE", 188, 188 },
	{ "S2POE", 189, 189 }, { "DPT_VMATCH", 191, 190 }, { "S2NSW", 192, 192 },
	{ "S2NSA", 193, 193 }, { "S2SL0[2]", 194, 194 }, { "S2DS", 195, 195 },
	{ "S2TTB", 243, 196 }, { "S2SKL", 254, 253 }, { "PARTID", 287, 272 }, { "PMG", 327, 320 },
	{ "VMSPtr", 375, 332 }, { "S2POI", 511, 448 },
};

static const struct bits cd[] = {
	{ "T0SZ", 5, 0 }, { "TG0", 7, 6 }, { "IR0", 9, 8 }, { "OR0", 11, 10 }, { "SH0", 13, 12 },
	{ "EPD0", 14, 14 }, { "ENDI", 15, 15 }, { "T1SZ", 21, 16 }, { "TG1", 23, 22 },
	{ "IR1", 25, 24 }, { "OR1", 27, 26 }, { "SH1", 29, 28 }, { "EPD1", 30, 30 },
	{ "V", 31, 31 },
	{ "IPS", 34, 32 }, { "AFFD", 35, 35 }, { "WXN", 36, 36 }, { "UWXN", 37, 37 },
	{ "TBI0", 38, 38 }, { "TBI1", 39, 39 }, { "PAN", 40, 40 }, { "AA64", 41, 41 },
	{ "HD", 42, 42 }, { "HA", 43, 43 }, { "S", 44, 44 }, { "R", 45, 45 }, { "A", 46, 46 },
	{ "ASET", 47, 47 }, { "ASID", 63, 48 }, { "NSCFG0", 64, 64 }, { "HAD0", 65, 65 },
	{ "E0PD0", 66, 66 }, { "HAFT", 67, 67 }, { "TTB0", 115, 68 }, { "PnCH", 122, 122 },
	{ "EPAN", 123, 123 }, { "NSCFG1", 128, 128 }, { "HAD1", 129, 129 }, { "E0PD1", 130, 130 },
	{ "AIE", 131, 131 }, { "TTB1", 179, 132 }, { "DS", 186, 186 }, { "PIE", 187, 187 },
	{ "MAIR", 255, 192 }, { "AMAIR", 319, 256 }, { "PARTID", 367, 352 }, { "PMG", 375, 368 },
	{ "PIIU", 431, 384 }, { "PIIP", 495, 448 },
};

static const struct bits l1std[] = { { "Span", 4, 0 }, { "L2Ptr", 55, 6 } };
static const struct bits l1cd[] = { { "V", 0, 0 }, { "L2Ptr", 55, 12 } };
static const struct bits pri[] = {
	{ "StreamID", 31, 0 }, { "SubstreamID", 51, 32 }, { "Priv", 58, 58 }, { "Exec", 59, 59 },
	{ "R", 60, 60 }, { "W", 61, 61 }, { "Last", 62, 62 }, { "SSV", 63, 63 },
	{ "PRGIndex", 72, 64 }, { "Addr", 127, 76 },
};

static const struct bits tlbi_nh_va[] = {
	{ "Opcode", 7, 0 }, { "SSec", 10, 10 }, { "NUM", 16, 12 }, { "SCALE", 25, 20 },
	{ "VMID", 47, 32 }, { "ASID", 63, 48 }, { "Leaf", 64, 64 }, { "TTL", 73, 72 },
	{ "TG", 75, 74 }, { "Address", 127, 76 },
};
static const struct bits tlbi_s2_ipa[] = {
	{ "Opcode", 7, 0 }, { "SSec", 10, 10 }, { "NUM", 16, 12 }, { "SCALE", 25, 20 },
	{ "VMID", 47, 32 }, { "Leaf", 64, 64 }, { "TTL", 73, 72 }, { "TG", 75, 74 },
	{ "Address", 119, 76 },
};
static const struct bits cfgi_ste[] = {
	{ "Opcode", 7, 0 }, { "SSec", 10, 10 }, { "StreamID", 63, 32 }, { "Leaf", 64, 64 },
};
static const struct bits cfgi_ste_range[] = {
	{ "Opcode", 7, 0 }, { "SSec", 10, 10 }, { "StreamID", 63, 32 }, { "Range", 68, 64 },
};
static const struct bits cfgi_cd[] = {
	{ "Opcode", 7, 0 }, { "SSec", 10, 10 }, { "SSV", 11, 11 }, { "SubstreamID", 31, 12 },
	{ "StreamID", 63, 32 }, { "Leaf", 64, 64 },
};
static const struct bits atc_inv[] = {
	{ "Opcode", 7, 0 }, { "Global", 9, 9 }, { "SSec", 10, 10 }, { "SSV", 11, 11 },
	{ "SubstreamID", 31, 12 }, { "StreamID", 63, 32 }, { "Size", 69, 64 },
	{ "Address", 127, 76 },
};
static const struct bits pri_resp[] = {
	{ "Opcode", 7, 0 }, { "SSec", 10, 10 }, { "SSV", 11, 11 }, { "SubstreamID", 31, 12 },
	{ "StreamID", 63, 32 }, { "PRGIndex", 72, 64 }, { "Resp", 77, 76 },
};
static const struct bits resume[] = {
	{ "Opcode", 7, 0 }, { "SSec", 10, 10 }, { "Ac", 12, 12 }, { "Ab", 13, 13 },
	{ "StreamID", 63, 32 }, { "STAG", 79, 64 },
};
static const struct bits sync_cmd[] = {
	{ "Opcode", 7, 0 }, { "SSec", 10, 10 }, { "CS", 13, 12 }, { "MSH", 23, 22 },
	{ "MSIAttr", 27, 24 }, { "MSIData", 63, 32 }, { "MSIAddress", 119, 66 },
};

static const struct bits permission[] = {
	{ "EventID", 7, 0 }, { "SSV", 11, 11 }, { "SubstreamID", 31, 12 }, { "StreamID", 63, 32 },
	{ "STAG", 79, 64 }, { "Stall", 95, 95 }, { "PnU", 97, 97 }, { "InD", 98, 98 },
	{ "RnW", 99, 99 }, { "NSIPA", 100, 100 }, { "S2", 103, 103 }, { "CLASS", 105, 104 },
	{ "TTRnW", 108, 108 }, { "InputAddr", 191, 128 }, { "IPA", 243, 204 },
};
static const struct bits cd_fetch[] = {
	{ "EventID", 7, 0 }, { "SSV", 11, 11 }, { "SubstreamID", 31, 12 }, { "StreamID", 63, 32 },
	{ "Reason", 79, 64 }, { "GPCF", 80, 80 }, { "FetchAddr", 243, 195 },
};

static const struct bits ats_treq[] = {
	{ "EventID", 7, 0 }, { "SSV", 11, 11 }, { "SubstreamID", 31, 12 }, { "StreamID", 63, 32 },
	{ "Span", 67, 64 }, { "Priv", 92, 92 }, { "X", 93, 93 }, { "W", 94, 94 }, { "R", 95, 95 },
	{ "InputAddr", 191, 140 },
};
static const struct bits stream_disabled[] = { { "EventID", 7, 0 }, { "StreamID", 63, 32 } };
static const struct bits transl_forbidden[] = {
	{ "EventID", 7, 0 }, { "StreamID", 63, 32 }, { "RnW", 99, 99 }, { "InputAddr", 191, 128 },
};
static const struct bits bad_substreamid[] = {
	{ "EventID", 7, 0 }, { "SubstreamID", 31, 12 }, { "StreamID", 63, 32 },
};
static const struct bits tlb_conflict[] = {
	{ "EventID", 7, 0 }, { "SSV", 11, 11 }, { "SubstreamID", 31, 12 }, { "StreamID", 63, 32 },
	{ "Reason", 95, 64 }, { "PnU", 97, 97 }, { "InD", 98, 98 }, { "RnW", 99, 99 },
	{ "NSIPA", 100, 100 }, { "S2", 103, 103 }, { "InputAddr", 191, 128 }, { "IPA", 243, 204 },
};
static const struct bits cfg_conflict[] = {
	{ "EventID", 7, 0 }, { "SSV", 11, 11 }, { "SubstreamID", 31, 12 }, { "StreamID", 63, 32 },
	{ "Reason", 95, 64 },
};
static const struct bits page_request[] = {
	{ "EventID", 7, 0 }, { "SSV", 11, 11 }, { "SubstreamID", 31, 12 }, { "StreamID", 63, 32 },
	{ "uX", 97, 97 }, { "uW", 98, 98 }, { "uR", 99, 99 }, { "pX", 101, 101 },
	{ "pW", 102, 102 }, { "pR", 103, 103 }, { "Span", 115, 108 }, { "InputAddr", 191, 140 },
};

static void same(const struct iomi_smmuv3_layout *l, const struct bits *b, size_t n)
{
	unsigned int i;
	size_t k;

	assert_int_equal(l->n_fields, n);
	for (i = 0; i < l->n_fields; i++) {
		const struct iomi_smmuv3_field *f = &l->fields[i];

		for (k = 0; k < n; k++) {
			if (!strcmp(b[k].name, f->name))
				break;
		}
		if (k == n)
			fail_msg("%s: no field %s", l->name, f->name);
		if (f->word != b[k].lo / 64 || f->mask != IOM_BITS64(b[k].hi % 64, b[k].lo % 64))
			fail_msg("%s: %s stands elsewhere", l->name, f->name);
	}
}

#define SAME(l, b) same((l), (b), IOM_ARRAY_SIZE(b))

static void structures_stand_where_the_figures_say(void **state)
{
	(void)state;
	SAME(&iomi_smmuv3_fields_ste, ste);
	SAME(&iomi_smmuv3_fields_cd, cd);
	SAME(&iomi_smmuv3_fields_l1std, l1std);
	SAME(&iomi_smmuv3_fields_l1cd, l1cd);
	SAME(&iomi_smmuv3_fields_pri, pri);
}

static void queue_entries_stand_where_the_figures_say(void **state)
{
	(void)state;
	SAME(iomi_smmuv3_fields_cmd(0x12), tlbi_nh_va);
	SAME(iomi_smmuv3_fields_cmd(0x2a), tlbi_s2_ipa);
	SAME(iomi_smmuv3_fields_cmd(0x03), cfgi_ste);
	SAME(iomi_smmuv3_fields_cmd(0x04), cfgi_ste_range);
	SAME(iomi_smmuv3_fields_cmd(0x05), cfgi_cd);
	SAME(iomi_smmuv3_fields_cmd(0x40), atc_inv);
	SAME(iomi_smmuv3_fields_cmd(0x41), pri_resp);
	SAME(iomi_smmuv3_fields_cmd(0x44), resume);
	SAME(iomi_smmuv3_fields_cmd(0x46), sync_cmd);
	SAME(iomi_smmuv3_fields_event(0x13), permission);
	SAME(iomi_smmuv3_fields_event(0x09), cd_fetch);
	SAME(iomi_smmuv3_fields_event(0x05), ats_treq);
	SAME(iomi_smmuv3_fields_event(0x06), stream_disabled);
	SAME(iomi_smmuv3_fields_event(0x07), transl_forbidden);
	SAME(iomi_smmuv3_fields_event(0x08), bad_substreamid);
	SAME(iomi_smmuv3_fields_event(0x20), tlb_conflict);
	SAME(iomi_smmuv3_fields_event(0x21), cfg_conflict);
	SAME(iomi_smmuv3_fields_event(0x24), page_request);
}

static void rows_are_sound(const struct iomi_smmuv3_layout *l)
{
	uint64_t seen[8] = { 0 };
	unsigned int i, k;

	for (i = 0; i < l->n_fields; i++) {
		const struct iomi_smmuv3_field *f = &l->fields[i];
		uint64_t runs = f->mask + IOM_FIELD_LSB(f->mask);

		assert_true(f->word < l->words);
		assert_true(f->mask != 0 && (l->bits == 64 || f->mask <= UINT32_MAX));
		assert_int_equal(runs & f->mask, 0);		/* one run of bits */
		assert_int_equal(seen[f->word] & f->mask, 0);	/* no overlap */
		seen[f->word] |= f->mask;
		assert_true(!f->values || f->n_values <= f->mask / IOM_FIELD_LSB(f->mask) + 1);
		for (k = 0; k < i; k++)
			assert_string_not_equal(f->name, l->fields[k].name);
	}
	for (i = 0; i < l->words; i++)
		assert_true(seen[i] == iomi_smmuv3_fields_mask(l, i));
}

static void no_two_fields_share_a_bit(void **state)
{
	const struct iomi_smmuv3_layout *regs;
	size_t n, i;

	(void)state;
	rows_are_sound(&iomi_smmuv3_fields_ste);
	rows_are_sound(&iomi_smmuv3_fields_cd);
	rows_are_sound(&iomi_smmuv3_fields_l1std);
	rows_are_sound(&iomi_smmuv3_fields_l1cd);
	rows_are_sound(&iomi_smmuv3_fields_pri);
	for (i = 0; i < 256; i++) {
		rows_are_sound(iomi_smmuv3_fields_cmd((uint8_t)i));
		rows_are_sound(iomi_smmuv3_fields_event((uint8_t)i));
	}
	regs = iomi_smmuv3_fields_regs(&n);
	for (i = 0; i < n; i++) {
		rows_are_sound(&regs[i]);
		if (i)
			assert_true(regs[i - 1].offset + regs[i - 1].bits / 8 <= regs[i].offset);
	}
}

/* The rows of an opcode or event are the bits that its packing can make. */
static void rows_agree_with_packing(void **state)
{
	unsigned int op;

	(void)state;
	for (op = 0; op < 256; op++) {
		const struct iomi_smmuv3_layout *l = iomi_smmuv3_fields_cmd((uint8_t)op);
		uint64_t ones[2] = { (UINT64_MAX << 8) | op, UINT64_MAX }, w[2];
		struct smmuv3_wire_cmd c;

		assert_true(iomi_smmuv3_wire_unpack_cmd(ones, &c) == !!l->name);
		iomi_smmuv3_wire_pack_cmd(&c, w);
		assert_true(w[0] == (ones[0] & iomi_smmuv3_fields_mask(l, 0)));
		assert_true(w[1] == (ones[1] & iomi_smmuv3_fields_mask(l, 1)));
	}
	for (op = 0; op < 256; op++) {
		const struct iomi_smmuv3_layout *l = iomi_smmuv3_fields_event((uint8_t)op);
		uint64_t ones[4] = { (UINT64_MAX << 8) | op, UINT64_MAX, UINT64_MAX, UINT64_MAX };
		uint64_t w[4];
		struct smmuv3_wire_event e;
		unsigned int i;

		iomi_smmuv3_wire_unpack_event(ones, &e);
		iomi_smmuv3_wire_pack_event(&e, w);
		for (i = 0; i < 4; i++)
			assert_true(w[i] == (ones[i] & iomi_smmuv3_fields_mask(l, i)));
		assert_true(!l->name == !iomi_smmuv3_wire_event_name((uint8_t)op));
		if (l->name)
			assert_string_equal(l->name, iomi_smmuv3_wire_event_name((uint8_t)op));
	}
}

/* Offsets and fields of some registers, from the register map. */
static void registers(void **state)
{
	static const struct {
		const char *reg;
		uint32_t offset;
		unsigned int width;
		struct bits field;
	} v[] = {
		{ "IDR0", 0x0, 32, { "STALL_MODEL", 25, 24 } },
		{ "IDR1", 0x4, 32, { "CMDQS", 25, 21 } },
		{ "IDR3", 0xc, 32, { "FWB", 8, 8 } },
		{ "IDR5", 0x14, 32, { "VAX", 11, 10 } },
		{ "IIDR", 0x18, 32, { "ProductID", 31, 20 } },
		{ "CR0", 0x20, 32, { "CMDQEN", 3, 3 } },
		{ "CR0ACK", 0x24, 32, { "SMMUEN", 0, 0 } },
		{ "CR1", 0x28, 32, { "TABLE_SH", 11, 10 } },
		{ "CR2", 0x2c, 32, { "RECINVSID", 1, 1 } },
		{ "GBPA", 0x44, 32, { "ABORT", 20, 20 } },
		{ "IRQ_CTRL", 0x50, 32, { "EVENTQ_IRQEN", 2, 2 } },
		{ "GERROR", 0x60, 32, { "SFM_ERR", 8, 8 } },
		{ "GERROR_IRQ_CFG0", 0x68, 64, { "ADDR", 51, 2 } },
		{ "STRTAB_BASE", 0x80, 64, { "ADDR", 51, 6 } },
		{ "STRTAB_BASE_CFG", 0x88, 32, { "SPLIT", 10, 6 } },
		{ "CMDQ_BASE", 0x90, 64, { "LOG2SIZE", 4, 0 } },
		{ "CMDQ_CONS", 0x9c, 32, { "ERR", 30, 24 } },
		{ "EVENTQ_PROD", 0x100a8, 32, { "OVFLG", 31, 31 } },
		{ "EVENTQ_CONS", 0x100ac, 32, { "OVACKFLG", 31, 31 } },
		{ "PRIQ_PROD", 0x100c8, 32, { "OVFLG", 31, 31 } },
		{ "PRIQ_IRQ_CFG2", 0xdc, 32, { "LO", 31, 31 } },
	};
	const struct iomi_smmuv3_layout *regs, *r;
	unsigned int i, k;
	size_t n;

	(void)state;
	regs = iomi_smmuv3_fields_regs(&n);
	for (i = 0; i < IOM_ARRAY_SIZE(v); i++) {
		for (r = regs; r < regs + n && strcmp(r->name, v[i].reg); r++)
			;
		assert_true(r < regs + n);
		assert_int_equal(r->offset, v[i].offset);
		assert_int_equal(r->bits, v[i].width);
		for (k = 0; k < r->n_fields && strcmp(r->fields[k].name, v[i].field.name); k++)
			;
		assert_true(k < r->n_fields);
		assert_true(r->fields[k].mask == IOM_BITS64(v[i].field.hi, v[i].field.lo));
	}
}

static void values_have_names(void **state)
{
	const struct iomi_smmuv3_field *config = &iomi_smmuv3_fields_ste.fields[1];
	const struct iomi_smmuv3_field *ptr = &iomi_smmuv3_fields_ste.fields[3];
	uint64_t w[8] = { 0xfedcba9876543210, 0 };

	(void)state;
	w[0] |= 0xa;
	assert_int_equal(iomi_smmuv3_fields_get(config, w), 5);
	assert_string_equal(iomi_smmuv3_fields_value(config, 5), "stage 1");
	assert_true(iomi_smmuv3_fields_get(ptr, w) == (w[0] & 0x00ffffffffffffc0));
	assert_null(iomi_smmuv3_fields_value(ptr, 5));
	assert_string_equal(iomi_smmuv3_fields_value(&iomi_smmuv3_fields_l1std.fields[0], 12),
			    "reserved");
	assert_string_equal(iomi_smmuv3_fields_cmd(0x12)->name, "CMD_TLBI_NH_VA");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(structures_stand_where_the_figures_say),
		cmocka_unit_test(queue_entries_stand_where_the_figures_say),
		cmocka_unit_test(no_two_fields_share_a_bit),
		cmocka_unit_test(rows_agree_with_packing),
		cmocka_unit_test(registers),
		cmocka_unit_test(values_have_names),
	};

	return cmocka_run_group_tests_name("smmuv3_fields", tests, NULL, NULL);
}
