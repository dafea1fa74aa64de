/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One structure or register of an SMMUv3 for people and for programs: every
 * field named, values spelled out, and what is wrong with it.
 */
#ifndef TOOLS_SMMU_TEXT_H
#define TOOLS_SMMU_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <pt/lpae.h>
#include <wire/smmuv3_fields.h>
#include <wire/smmuv3_rules.h>

struct iom_tool_regs;
struct json_object;

/* Why something is wrong or odd. */
struct iom_tool_note {
	const char *kind;	/* "illegal", "reserved", "res0", "note" */
	const char *rule;	/* short name; the field's for "reserved" */
	const char *section;	/* of the specification; may be empty */
	char text[120];
};

#define IOM_TOOL_NOTES	64

struct iom_tool_decoded {
	const char *kind;	/* "STE", "CMD_SYNC", "stage-1 page" */
	const struct iomi_smmuv3_layout *layout;
	uint64_t w[8];
	/* a descriptor's output address; has_oa says whether there is one */
	bool has_oa;
	uint64_t oa;
	unsigned int n_notes;
	struct iom_tool_note notes[IOM_TOOL_NOTES];
};

/* Printf-like; notes beyond IOM_TOOL_NOTES are dropped. */
void iom_tool_smmu_note(struct iom_tool_decoded *d, const char *kind, const char *rule,
			const char *section, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* --- from words (smmu_judge.c) --------------------------------------------- */

void iom_tool_smmu_ste(const uint64_t w[8], const struct iomi_smmuv3_caps *caps,
		       struct iom_tool_decoded *d);
void iom_tool_smmu_cd(const uint64_t w[8], const uint64_t ste[8],
		      const struct iomi_smmuv3_caps *caps, struct iom_tool_decoded *d);
/* split: of STRTAB_BASE_CFG, or 0 if unknown */
void iom_tool_smmu_l1std(const uint64_t w[1], unsigned int split, struct iom_tool_decoded *d);
void iom_tool_smmu_l1cd(const uint64_t w[1], struct iom_tool_decoded *d);
void iom_tool_smmu_cmd(const uint64_t w[2], const struct iomi_smmuv3_caps *caps,
		       struct iom_tool_decoded *d);
void iom_tool_smmu_event(const uint64_t w[4], struct iom_tool_decoded *d);
void iom_tool_smmu_pri(const uint64_t w[2], struct iom_tool_decoded *d);
void iom_tool_smmu_pte(const struct iomi_lpae_fmt *fmt, int level, uint64_t desc,
		       struct iom_tool_decoded *d);
void iom_tool_smmu_reg(const struct iomi_smmuv3_layout *reg, uint64_t value,
		       struct iom_tool_decoded *d);
/* Add what the register at offset, already in d, says together with the others. */
void iom_tool_smmu_reg_notes(const struct iom_tool_regs *r, uint32_t offset,
			     struct iom_tool_decoded *d);

/* The richest SMMU that there is: nothing is illegal for lack of a feature. */
void iom_tool_smmu_all_caps(struct iomi_smmuv3_caps *caps);

/* --- to text and JSON ------------------------------------------------------- */

/*
 * What a value means beyond the name of the value, into buf; empty if there is
 * nothing to say.
 */
#define IOM_TOOL_MEANING	96
const char *iom_tool_smmu_meaning(const struct iom_tool_decoded *d,
				  const struct iomi_smmuv3_field *f, char buf[IOM_TOOL_MEANING]);

void iom_tool_smmu_print(FILE *out, const struct iom_tool_decoded *d);
/* Fields that are not 0, on one line without end. */
void iom_tool_smmu_print_line(FILE *out, const struct iom_tool_decoded *d);
struct json_object *iom_tool_smmu_json(const struct iom_tool_decoded *d);

/* "4K", "2M"; "1536K" if it must be. */
#define IOM_TOOL_SIZE	24
const char *iom_tool_size(uint64_t bytes_m1, char buf[IOM_TOOL_SIZE]);

/* "0x..." with all digits of a 64-bit number, as a JSON string. */
struct json_object *iom_tool_json_hex(uint64_t v);

#endif
