/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of SMMUv3's fields: one const row a field, for whoever prints a
 * structure or a register. Bits that no row of a layout covers are RES0 (or
 * belong to an interface that we do not describe: Secure, Realm).
 */
#ifndef IOMI_WIRE_SMMUV3_FIELDS_H
#define IOMI_WIRE_SMMUV3_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iomi_smmuv3_field {
	const char *name;		/* the document's */
	uint64_t mask;			/* in its word */
	/* what value i means, NULL where it is reserved; NULL for a plain number */
	const char *const *values;
	uint8_t n_values;
	uint8_t word;			/* 64-bit word of a structure; 0 of a register */
	bool addr;			/* an address in place, not a number */
};

struct iomi_smmuv3_layout {
	const char *name;
	const struct iomi_smmuv3_field *fields;
	uint8_t n_fields;
	uint8_t words;			/* of a structure; 1 for a register */
	uint8_t bits;			/* of a word: 64, or 32 in most registers */
	uint32_t offset;		/* of a register */
	const char *text;		/* what it is, a few words; may be NULL */
};

extern const struct iomi_smmuv3_layout iomi_smmuv3_fields_ste;
extern const struct iomi_smmuv3_layout iomi_smmuv3_fields_cd;
extern const struct iomi_smmuv3_layout iomi_smmuv3_fields_l1std;
extern const struct iomi_smmuv3_layout iomi_smmuv3_fields_l1cd;
extern const struct iomi_smmuv3_layout iomi_smmuv3_fields_pri;

/* Never NULL: an unknown opcode or event has the fields that all have, and no name. */
const struct iomi_smmuv3_layout *iomi_smmuv3_fields_cmd(uint8_t opcode);
const struct iomi_smmuv3_layout *iomi_smmuv3_fields_event(uint8_t id);

/* All registers that we name, by offset; *n of them. */
const struct iomi_smmuv3_layout *iomi_smmuv3_fields_regs(size_t *n);

/* Bits of a word that some field has. */
uint64_t iomi_smmuv3_fields_mask(const struct iomi_smmuv3_layout *l, unsigned int word);
/* Value of a field: shifted down, or in place if it is an address. */
uint64_t iomi_smmuv3_fields_get(const struct iomi_smmuv3_field *f, const uint64_t *w);
/* Name of the value; NULL for a plain number, "reserved" for a value without a name. */
const char *iomi_smmuv3_fields_value(const struct iomi_smmuv3_field *f, uint64_t v);

#endif
