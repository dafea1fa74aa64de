/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which rule a stale entry breaks, by enumeration: every entry of a small
 * world, every sequence of up to two commands of it around the change. The
 * model is a table of what each command drops, one line a sentence of 4.3 and
 * 4.4; "wrong VMID" means that the command with the right VMID would drop it,
 * and so on for every thing that a command can have wrong (F2).
 */
#include <dev/smmuv3_strict_int.h>
#include <wire/smmuv3_text.h>
#include <wire/smmuv3_wire.h>

#include "lib/test.h"

#define MAX_CMDS	400

static struct iomi_smmuv3_caps caps;
static struct smmuv3_wire_cmd cmds[MAX_CMDS];
static unsigned int nr_cmds;

static void add(struct smmuv3_wire_cmd c)
{
	assert_true(nr_cmds < MAX_CMDS);
	cmds[nr_cmds++] = c;
}

static void make_cfgi(void)
{
	uint32_t sid, ssid;
	unsigned int leaf;

	nr_cmds = 0;
	for (sid = 8; sid < 10; sid++) {
		for (leaf = 0; leaf < 2; leaf++) {
			add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_CFGI_STE, .sid = sid,
						      .leaf = leaf });
			for (ssid = 0; ssid < 2; ssid++)
				add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_CFGI_CD,
					.sid = sid, .ssv = true, .ssid = ssid, .leaf = leaf });
		}
		add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_CFGI_CD_ALL, .sid = sid });
	}
	add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_CFGI_STE_RANGE, .sid = 8, .range = 0 });
	add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_CFGI_STE_RANGE, .sid = 10, .range = 0 });
	add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_CFGI_STE_RANGE, .range = 31 });
	add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_TLBI_NSNH_ALL });
	add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_SYNC });
}

static void make_tlbi(void)
{
	static const uint8_t ops[] = { SMMU_CMD_TLBI_NH_ALL, SMMU_CMD_TLBI_NH_ASID,
		SMMU_CMD_TLBI_NH_VA, SMMU_CMD_TLBI_NH_VAA, SMMU_CMD_TLBI_EL2_ALL,
		SMMU_CMD_TLBI_EL2_ASID, SMMU_CMD_TLBI_EL2_VA, SMMU_CMD_TLBI_EL2_VAA,
		SMMU_CMD_TLBI_S12_VMALL, SMMU_CMD_TLBI_S2_IPA, SMMU_CMD_TLBI_NSNH_ALL };
	unsigned int i, vmid, asid, va, leaf;

	nr_cmds = 0;
	for (i = 0; i < IOM_ARRAY_SIZE(ops); i++) {
		bool by_addr = iomi_smmuv3_wire_is_tlbi_addr(ops[i]);

		for (vmid = 1; vmid < 3; vmid++) {
			for (asid = 1; asid < 3; asid++) {
				for (va = 0; va < (by_addr ? 2u : 1u); va++) {
					for (leaf = 0; leaf < (by_addr ? 2u : 1u); leaf++)
						add((struct smmuv3_wire_cmd){ .opcode = ops[i],
							.vmid = (uint16_t)vmid,
							.asid = (uint16_t)asid,
							.addr = 0x5000 + 0x1000 * va,
							.leaf = leaf });
				}
			}
		}
	}
	/* ranges of one page and of two, with each level */
	for (i = 0; i < 4; i++) {
		for (va = 0; va < 2; va++)
			add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_TLBI_NH_VA, .vmid = 1,
				.asid = 1, .addr = 0x4000, .tg = 1, .ttl = (uint8_t)i,
				.num = (uint8_t)va, .leaf = true });
	}
	add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_TLBI_NH_VA, .vmid = 1, .asid = 1,
				      .addr = 0x4000, .tg = 2, .num = 3, .leaf = true });
	add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_CFGI_STE_RANGE, .range = 31 });
	add((struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_SYNC });
}

/* --- the model ------------------------------------------------------------- */

static bool model_cfgi(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	bool l1std = st->line->kind == IOM_SMMUV3_FETCH_L1STD;
	bool ste = st->line->kind == IOM_SMMUV3_FETCH_STE;
	bool l1cd = st->line->kind == IOM_SMMUV3_FETCH_L1CD;

	switch (c->opcode) {
	case SMMU_CMD_CFGI_STE:
		return c->sid == st->sid && !(l1std && c->leaf);
	case SMMU_CMD_CFGI_STE_RANGE:
		return c->range == 31 || (c->sid <= st->sid && st->sid <= c->sid + 1);
	case SMMU_CMD_CFGI_CD:
		return !l1std && !ste && c->sid == st->sid && c->ssid == st->ssid &&
		       !(l1cd && c->leaf);
	case SMMU_CMD_CFGI_CD_ALL:
		return !l1std && !ste && c->sid == st->sid;
	default:
		return false;
	}
}

static bool model_addr(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	uint64_t bytes = c->tg ? (c->num + UINT64_C(1)) << (c->scale + 10 + 2 * c->tg) : 1;
	uint64_t a, size = UINT64_C(1) << st->size_lg2;

	if (c->leaf && !st->leaf)
		return false;
	if (c->tg && c->tg != 1)
		return false;
	if (c->tg && c->ttl && st->leaf && c->ttl != st->line->level)
		return false;
	for (a = c->addr; a < c->addr + bytes; a += bytes > 4096 ? 4096 : bytes) {
		if (a >= st->ia && a < st->ia + size)
			return true;
	}
	return false;
}

static bool model_tlbi(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	bool el1 = !st->el2 && (!st->s2 || st->combined), s2 = !st->el2 && !el1;
	bool vmid = c->vmid == st->vmid, asid = c->asid == st->asid;

	switch (c->opcode) {
	case SMMU_CMD_TLBI_NSNH_ALL:
		return el1 || s2;
	case SMMU_CMD_TLBI_S12_VMALL:
		return (el1 || s2) && vmid;
	case SMMU_CMD_TLBI_S2_IPA:
		return s2 && vmid && model_addr(st, c);
	case SMMU_CMD_TLBI_NH_ALL:
		return el1 && vmid;
	case SMMU_CMD_TLBI_NH_ASID:
		return el1 && vmid && asid && !st->global;
	case SMMU_CMD_TLBI_NH_VA:
		return el1 && vmid && (asid || st->global) && model_addr(st, c);
	case SMMU_CMD_TLBI_NH_VAA:
		return el1 && vmid && model_addr(st, c);
	case SMMU_CMD_TLBI_EL2_ALL:
		return st->el2;
	case SMMU_CMD_TLBI_EL2_ASID:
		return st->el2 && asid && !st->global;
	case SMMU_CMD_TLBI_EL2_VA:
		return st->el2 && (asid || st->global) && model_addr(st, c);
	case SMMU_CMD_TLBI_EL2_VAA:
		return st->el2 && model_addr(st, c);
	default:
		return false;
	}
}

static bool drops(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	return st->tlb ? model_tlbi(st, c) : model_cfgi(st, c);
}

/* Would the command drop it if it had that one thing right? */
static bool repaired(const struct strict_stale *st, struct smmuv3_wire_cmd c, enum smmu_rule r)
{
	struct strict_stale s = *st;

	switch (r) {
	case SMMU_RULE_CFGI_SID:
		c.sid = st->sid;
		break;
	case SMMU_RULE_CFGI_SSID:
		c.ssid = st->ssid;
		break;
	case SMMU_RULE_CFGI_STE_LEAF:
	case SMMU_RULE_CFGI_CD_LEAF:
	case SMMU_RULE_TLBI_LEAF:
		c.leaf = false;
		break;
	case SMMU_RULE_TLBI_VMID:
		c.vmid = st->vmid;
		break;
	case SMMU_RULE_TLBI_ASID:
		c.asid = st->asid;
		break;
	case SMMU_RULE_TLBI_GLOBAL:
		s.global = false;
		break;
	case SMMU_RULE_TLBI_RANGE:
		c.addr = st->ia;
		break;
	case SMMU_RULE_TLBI_TTL:
		if (c.tg != 1)
			c.num = 3;
		c.ttl = 0;
		c.tg = c.tg ? 1 : 0;
		break;
	case SMMU_RULE_TLBI_COMBINED:
		return st->combined && c.opcode == SMMU_CMD_TLBI_S2_IPA && c.vmid == st->vmid;
	case SMMU_RULE_TLBI_STAGE:
		if (c.opcode == SMMU_CMD_TLBI_S2_IPA && st->combined)
			return false;
		/* the same command in the other regime */
		if (c.opcode == SMMU_CMD_TLBI_S2_IPA)
			return st->el2 || (!st->s2 && c.vmid == st->vmid);
		if (c.opcode >= SMMU_CMD_TLBI_EL2_ALL && c.opcode <= SMMU_CMD_TLBI_EL2_VAA)
			return !st->el2;
		if (c.opcode == SMMU_CMD_TLBI_NSNH_ALL || c.opcode == SMMU_CMD_TLBI_S12_VMALL)
			return st->el2;
		if (c.opcode >= SMMU_CMD_TLBI_NH_ALL && c.opcode <= SMMU_CMD_TLBI_NH_VAA)
			return (st->el2 || (st->s2 && !st->combined)) && c.vmid == st->vmid;
		return false;
	default:
		return false;
	}
	return drops(&s, &c);
}

/* --- every sequence -------------------------------------------------------- */

static unsigned long seen[SMMU_RULES_NR];

static bool is_near(enum smmu_rule r)
{
	return (r >= SMMU_RULE_CFGI_STE_LEAF && r <= SMMU_RULE_CFGI_SSID) ||
	       (r >= SMMU_RULE_TLBI_VMID && r <= SMMU_RULE_TLBI_COMBINED);
}

static void explain(const struct strict_stale *st, enum smmu_rule r,
		    const struct smmuv3_wire_cmd *a, const struct smmuv3_wire_cmd *b)
{
	const struct smmuv3_wire_cmd *c[2] = { a, b };
	struct iomi_smmuv3_text t;
	char text[100];
	uint64_t w[2];
	enum smmu_rule n;
	unsigned int i;

	print_error("kind %u s2 %u combined %u el2 %u global %u leaf %u: %s\n", st->line->kind,
		    st->s2, st->combined, st->el2, st->global, st->leaf,
		    iomi_smmuv3_strict_rules_name(r));
	for (i = 0; i < 2 && c[i]; i++) {
		iomi_smmuv3_wire_pack_cmd(c[i], w);
		iomi_smmuv3_text_init(&t, text, sizeof(text));
		iomi_smmuv3_text_cmd(&t, w);
		print_error("  %s:", text);
		for (n = 0; n < SMMU_RULES_NR; n++) {
			if (is_near(n) && repaired(st, *c[i], n))
				print_error(" %s", iomi_smmuv3_strict_rules_name(n));
		}
		print_error("\n");
	}
}

/* before: submitted before the change; a, b: behind it, NULL for none. */
static void one(struct strict_stale *st, struct strict_line *line,
		const struct smmuv3_wire_cmd *before, const struct smmuv3_wire_cmd *a,
		const struct smmuv3_wire_cmd *b)
{
	const struct smmuv3_wire_cmd *c[2] = { a, b };
	static struct strict_log log;
	bool covered = false, synced = false, near = false;
	char missing[120];
	enum smmu_rule r, n;
	uint64_t w[2];
	unsigned int i;

	log.nr = 0;
	if (before) {
		iomi_smmuv3_wire_pack_cmd(before, w);
		strict_log_add(&log, w);
	}
	line->changed = 1;
	line->mark = log.nr;
	for (i = 0; i < 2 && c[i]; i++) {
		iomi_smmuv3_wire_pack_cmd(c[i], w);
		strict_log_add(&log, w);
		synced = synced || (covered && c[i]->opcode == SMMU_CMD_SYNC);
		covered = covered || drops(st, c[i]);
		for (n = 0; n < SMMU_RULES_NR; n++)
			near = near || (is_near(n) && repaired(st, *c[i], n));
	}
	st->log = &log;
	st->caps = &caps;
	r = iomi_smmuv3_strict_diag(st, missing, sizeof(missing));
	assert_true(r < SMMU_RULES_NR);
	seen[r]++;
	assert_true(missing[0] && strlen(missing) + 1 < sizeof(missing));

	if (covered) {
		assert_int_equal(r, st->tlb ? SMMU_RULE_TLBI_SYNC : SMMU_RULE_CFGI_SYNC);
		assert_true(!strncmp(missing, synced ? "to wait" : "CMD_SYNC", 7));
		return;
	}
	if (is_near(r)) {
		assert_true((a && repaired(st, *a, r)) || (b && repaired(st, *b, r)));
		return;
	}
	/* S2_IPA by the wrong stage and the right VMID is one thing; the rest must agree */
	if (near)
		explain(st, r, a, b);
	assert_false(near);
	if (before && drops(st, before))
		assert_int_equal(r, st->tlb ? SMMU_RULE_TLBI_ORDER : SMMU_RULE_CFGI_ORDER);
	else
		assert_int_equal(r, line->kind <= IOM_SMMUV3_FETCH_CD ?
				 SMMU_RULE_STALE_L1STD + line->kind :
				 SMMU_RULE_STALE_S1 + line->kind - IOM_SMMUV3_FETCH_S1);
}

static void all(struct strict_stale *st, struct strict_line *line)
{
	unsigned int i, j;

	one(st, line, NULL, NULL, NULL);
	for (i = 0; i < nr_cmds; i++) {
		one(st, line, &cmds[i], NULL, NULL);
		for (j = 0; j < nr_cmds; j++) {
			one(st, line, &cmds[i], &cmds[j], NULL);
			one(st, line, NULL, &cmds[i], &cmds[j]);
		}
	}
}

static void configuration(void **state)
{
	unsigned int kind;

	(void)state;
	make_cfgi();
	for (kind = IOM_SMMUV3_FETCH_L1STD; kind <= IOM_SMMUV3_FETCH_CD; kind++) {
		struct strict_line line = { .kind = (uint8_t)kind, .n = 8 };
		struct strict_stale st = { .how = STRICT_USED, .line = &line, .sid = 8, .ssv = true,
					   .ssid = 1 };

		all(&st, &line);
	}
	assert_true(seen[SMMU_RULE_CFGI_SID] && seen[SMMU_RULE_CFGI_SSID]);
	assert_true(seen[SMMU_RULE_CFGI_STE_LEAF] && seen[SMMU_RULE_CFGI_CD_LEAF]);
	assert_true(seen[SMMU_RULE_CFGI_ORDER] && seen[SMMU_RULE_STALE_STE]);
}

static void translations(void **state)
{
	unsigned int i;

	(void)state;
	make_tlbi();
	for (i = 0; i < 32; i++) {
		bool s2 = i & 4 && !(i & 8), combined = i & 4 && i & 16, el2 = i & 8;
		struct strict_line line = { .kind = i & 4 && !(i & 8) ? IOM_SMMUV3_FETCH_S2 :
							IOM_SMMUV3_FETCH_S1, .level = 3, .n = 1 };
		struct strict_stale st = { .how = STRICT_USED, .line = &line, .tlb = true,
			.vmid = 1, .asid = 1, .s2 = s2 && !combined, .combined = combined && !el2,
			.el2 = el2, .global = i & 1, .leaf = !(i & 2), .ia = 0x5000,
			.size_lg2 = 12, .tg_lg2 = 12 };

		if (el2 && i & 16)
			continue;
		if (st.combined)
			st.s2 = true;
		caps.e2h = true;
		all(&st, &line);
	}
	for (i = SMMU_RULE_TLBI_VMID; i <= SMMU_RULE_TLBI_SYNC; i++) {
		if (!seen[i])
			print_error("never: %s\n", iomi_smmuv3_strict_rules_name(i));
		assert_true(seen[i]);
	}
}

static enum smmu_rule ask(struct strict_stale *st, unsigned int n, const uint64_t w[][2],
			  char missing[120])
{
	struct strict_log log = { 0 };
	unsigned int i;

	for (i = 0; i < n; i++)
		strict_log_add(&log, w[i]);
	st->log = &log;
	st->caps = &caps;
	return iomi_smmuv3_strict_diag(st, missing, 120);
}

/* What is left: memory let go, descriptors without a break, tables that were changed. */
static void others(void **state)
{
	static const uint64_t cfgi[2] = { SMMU_CMD_CFGI_CD | UINT64_C(8) << 32, 1 };
	static const uint64_t tlbi[2] = { SMMU_CMD_TLBI_NH_ASID | UINT64_C(1) << 48 };
	static const uint64_t sync[2] = { SMMU_CMD_SYNC };
	const uint64_t wrong[][2] = { { tlbi[0], 0 }, { cfgi[0], 1 }, { sync[0], 0 } };
	const uint64_t right[][2] = { { cfgi[0], 1 }, { tlbi[0], 0 }, { sync[0], 0 } };
	struct strict_line line = { .kind = IOM_SMMUV3_FETCH_CD, .n = 8, .changed = 1 };
	struct strict_stale st = { .how = STRICT_USED, .line = &line, .sid = 8, .tlb = true,
				   .asid = 1, .leaf = true, .ia = 0x5000, .size_lg2 = 12 };
	char m[120];

	(void)state;
	assert_int_equal(ask(&st, 3, wrong, m), SMMU_RULE_TLBI_BEFORE_CFGI);
	assert_int_equal(ask(&st, 3, right, m), SMMU_RULE_TLBI_SYNC);
	assert_int_equal(ask(&st, 1, right, m), SMMU_RULE_STALE_REGIME);
	st.tlb = false;
	st.how = STRICT_RELEASED;
	assert_int_equal(ask(&st, 0, right, m), SMMU_RULE_RELEASED_CONFIG);
	assert_int_equal(ask(&st, 1, right, m), SMMU_RULE_CFGI_SYNC);
	st.how = STRICT_ENABLED;
	assert_int_equal(ask(&st, 0, right, m), SMMU_RULE_ENABLE_STALE);
	line = (struct strict_line){ .kind = IOM_SMMUV3_FETCH_S1, .level = 3, .n = 1,
				     .w = { 0x40000703 } };
	st.tlb = true;
	st.how = STRICT_RELEASED;
	assert_int_equal(ask(&st, 3, right, m), SMMU_RULE_RELEASED_PAGE);
	assert_non_null(strstr(m, "to make it invalid"));
	st.leaf = false;
	assert_int_equal(ask(&st, 0, right, m), SMMU_RULE_RELEASED_TABLE);
	st.how = STRICT_BBM;
	st.now[0] = 0x40001703;
	assert_int_equal(ask(&st, 0, right, m), SMMU_RULE_BBM);
	st.now[0] = 0x40000701;
	assert_int_equal(ask(&st, 0, right, m), SMMU_RULE_BBM_SIZE);
}

/* The log is a ring: what fell out of it is not looked at. */
static void long_log(void **state)
{
	struct strict_line line = { .kind = IOM_SMMUV3_FETCH_STE, .n = 8, .changed = 1, .mark = 5 };
	struct strict_stale st = { .how = STRICT_USED, .line = &line, .sid = 8, .caps = &caps };
	static struct strict_log log;
	uint64_t w[2] = { SMMU_CMD_CFGI_STE | UINT64_C(8) << 32, 1 };
	char m[120];
	unsigned int i;

	(void)state;
	for (i = 0; i < 6; i++)
		strict_log_add(&log, w);
	w[0] = SMMU_CMD_SYNC;
	w[1] = 0;
	st.log = &log;
	for (i = 0; i < STRICT_LOG - 1; i++)
		strict_log_add(&log, w);
	assert_int_equal(strict_log_first(&log), 6);
	assert_int_equal(iomi_smmuv3_strict_diag(&st, m, sizeof(m)), SMMU_RULE_CFGI_SYNC);
	strict_log_add(&log, w);
	assert_int_equal(iomi_smmuv3_strict_diag(&st, m, sizeof(m)), SMMU_RULE_STALE_STE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration),
		cmocka_unit_test(translations),
		cmocka_unit_test(others),
		cmocka_unit_test(long_log),
	};

	caps = (struct iomi_smmuv3_caps){ .s1p = true, .s2p = true, .aarch64 = true, .hyp = true,
		.asid16 = true, .vmid16 = true, .ril = true, .gran4k = true, .oas_bits = 48,
		.ias_bits = 48 };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
