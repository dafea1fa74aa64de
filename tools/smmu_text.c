/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoded structures as text and JSON. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include <iom/spec/smmuv3.h>
#include <wire/smmuv3_wire.h>

#include "smmu_text.h"

void iom_tool_smmu_note(struct iom_tool_decoded *d, const char *kind, const char *rule,
			const char *section, const char *fmt, ...)
{
	struct iom_tool_note *n;
	va_list ap;

	if (d->n_notes == IOM_TOOL_NOTES)
		return;
	n = &d->notes[d->n_notes++];
	n->kind = kind;
	n->rule = rule;
	n->section = section;
	va_start(ap, fmt);
	vsnprintf(n->text, sizeof(n->text), fmt, ap);
	va_end(ap);
}

const char *iom_tool_size(uint64_t bytes_m1, char buf[IOM_TOOL_SIZE])
{
	static const char unit[] = "BKMGTPE";
	uint64_t v = bytes_m1 + 1;
	unsigned int i = 0;

	if (!v)
		return strcpy(buf, "16E");
	while (!(v & 1023) && unit[i + 1]) {
		v >>= 10;
		i++;
	}
	snprintf(buf, IOM_TOOL_SIZE, "%" PRIu64 "%c", v, unit[i]);
	return buf;
}

struct json_object *iom_tool_json_hex(uint64_t v)
{
	char s[24];

	snprintf(s, sizeof(s), "0x%016" PRIx64, v);
	return json_object_new_string(s);
}

/* --- meaning --------------------------------------------------------------- */

static const char *mair_type(unsigned int byte)
{
	static const struct { uint8_t byte; const char *name; } known[] = {
		{ 0x00, "Device-nGnRnE" }, { 0x04, "Device-nGnRE" }, { 0x08, "Device-nGRE" },
		{ 0x0c, "Device-GRE" }, { 0x44, "NC" }, { 0xbb, "WT" }, { 0xff, "WB" },
		{ 0xf4, "inner NC outer WB" },
	};
	size_t i;

	for (i = 0; i < IOM_ARRAY_SIZE(known); i++) {
		if (known[i].byte == byte)
			return known[i].name;
	}
	return NULL;
}

static void mair(uint64_t v, char buf[IOM_TOOL_MEANING])
{
	unsigned int i, last = 8;
	size_t n = 0;
	char raw[8];

	while (last && !(v >> (8 * (last - 1)) & 0xff))
		last--;
	for (i = 0; i < last && n < IOM_TOOL_MEANING; i++) {
		unsigned int byte = v >> (8 * i) & 0xff;
		const char *name = mair_type(byte);

		snprintf(raw, sizeof(raw), "0x%02x", byte);
		n += (size_t)snprintf(buf + n, IOM_TOOL_MEANING - n, "%s%u %s", i ? ", " : "", i,
				      name ? name : raw);
	}
}

static void range_of_tlbi(const uint64_t *w, char buf[IOM_TOOL_MEANING])
{
	struct smmuv3_wire_cmd c;
	struct iom_range r;
	char size[IOM_TOOL_SIZE];
	unsigned int g;

	iomi_smmuv3_wire_unpack_cmd(w, &c);
	iomi_smmuv3_wire_tlbi_range(&c, true, true, &r, &g);
	if (g)
		snprintf(buf, IOM_TOOL_MEANING, "to 0x%" PRIx64 ", %s", r.last,
			 iom_tool_size(iom_range_len_m1(r), size));
}

static void start_level(const uint64_t *ste, char buf[IOM_TOOL_MEANING])
{
	struct iomi_smmuv3_caps caps;
	int level;

	iom_tool_smmu_all_caps(&caps);
	level = iomi_smmuv3_rules_s2_start(ste, &caps);
	if (level == IOMI_SMMUV3_RULES_NO_LEVEL)
		strcpy(buf, "reserved with this S2TG");
	else
		snprintf(buf, IOM_TOOL_MEANING, "start at level %d", level);
}

const char *iom_tool_smmu_meaning(const struct iom_tool_decoded *d,
				  const struct iomi_smmuv3_field *f, char buf[IOM_TOOL_MEANING])
{
	uint64_t v = iomi_smmuv3_fields_get(f, d->w);
	const char *name = iomi_smmuv3_fields_value(f, v);

	buf[0] = '\0';
	if (name)
		return name;
	if (!strcmp(f->name, "T0SZ") || !strcmp(f->name, "T1SZ") || !strcmp(f->name, "S2T0SZ"))
		snprintf(buf, IOM_TOOL_MEANING, "%d address bits", 64 - (int)v);
	else if (!strcmp(f->name, "S2SL0"))
		start_level(d->w, buf);
	else if (!strcmp(f->name, "S1CDMax"))
		snprintf(buf, IOM_TOOL_MEANING, v ? "%" PRIu64 " CDs" : "one CD, no substreams",
			 UINT64_C(1) << v);
	else if (!strcmp(f->name, "MAIR"))
		mair(v, buf);
	else if (!strcmp(f->name, "SCALE"))
		range_of_tlbi(d->w, buf);
	else if (!strcmp(f->name, "LOG2SIZE"))
		snprintf(buf, IOM_TOOL_MEANING, "%" PRIu64 " entries", UINT64_C(1) << v);
	else if (!strcmp(f->name, "Range") && v < 31)
		snprintf(buf, IOM_TOOL_MEANING, "%" PRIu64 " STEs", UINT64_C(2) << v);
	else if (!strcmp(f->name, "Range"))
		strcpy(buf, "all: CMD_CFGI_ALL");
	return buf;
}

/* --- text ------------------------------------------------------------------ */

static void print_words(FILE *out, const struct iom_tool_decoded *d)
{
	unsigned int i;

	for (i = 0; i < d->layout->words; i++)
		fprintf(out, d->layout->bits == 32 ? " 0x%08" PRIx64 : " 0x%016" PRIx64, d->w[i]);
}

void iom_tool_smmu_print(FILE *out, const struct iom_tool_decoded *d)
{
	const struct iomi_smmuv3_layout *l = d->layout;
	char buf[IOM_TOOL_MEANING];
	unsigned int i;

	fputs(d->kind, out);
	print_words(out, d);
	if (l->text)
		fprintf(out, "  (%s)", l->text);
	putc('\n', out);
	if (d->has_oa)
		fprintf(out, "  %-14s 0x%" PRIx64 "\n", "OA", d->oa);
	for (i = 0; i < l->n_fields; i++) {
		uint64_t v = iomi_smmuv3_fields_get(&l->fields[i], d->w);
		const char *m = iom_tool_smmu_meaning(d, &l->fields[i], buf);

		fprintf(out, v > 9 ? "  %-14s 0x%" PRIx64 : "  %-14s %" PRIu64,
			l->fields[i].name, v);
		fprintf(out, *m ? "  %s\n" : "%s\n", m);
	}
	for (i = 0; i < d->n_notes; i++) {
		const struct iom_tool_note *n = &d->notes[i];

		fprintf(out, "  %s: %s: %s", n->kind, n->rule, n->text);
		fprintf(out, *n->section ? " (%s)\n" : "%s\n", n->section);
	}
}

void iom_tool_smmu_print_line(FILE *out, const struct iom_tool_decoded *d)
{
	const struct iomi_smmuv3_layout *l = d->layout;
	char buf[IOM_TOOL_MEANING];
	unsigned int i;

	fputs(d->kind, out);
	if (d->has_oa)
		fprintf(out, " OA=0x%" PRIx64, d->oa);
	for (i = 0; i < l->n_fields; i++) {
		const struct iomi_smmuv3_field *f = &l->fields[i];
		uint64_t v = iomi_smmuv3_fields_get(f, d->w);
		const char *m;

		/* the first word of the line says it already */
		if (!v || (!i && !d->has_oa && l->words > 1 && l->name))
			continue;
		m = iom_tool_smmu_meaning(d, f, buf);
		fprintf(out, v > 9 ? " %s=0x%" PRIx64 : " %s=%" PRIu64, f->name, v);
		if (*m && f->values)
			fprintf(out, " (%s)", m);
	}
	for (i = 0; i < d->n_notes; i++)
		fprintf(out, "; %s: %s", d->notes[i].kind, d->notes[i].text);
}

/* --- JSON ------------------------------------------------------------------ */

static void add_string(struct json_object *o, const char *key, const char *s)
{
	if (s && *s)
		json_object_object_add(o, key, json_object_new_string(s));
}

struct json_object *iom_tool_smmu_json(const struct iom_tool_decoded *d)
{
	const struct iomi_smmuv3_layout *l = d->layout;
	struct json_object *o = json_object_new_object(), *a, *f;
	char buf[IOM_TOOL_MEANING];
	unsigned int i;

	json_object_object_add(o, "kind", json_object_new_string(d->kind));
	a = json_object_new_array();
	for (i = 0; i < l->words; i++)
		json_object_array_add(a, iom_tool_json_hex(d->w[i]));
	json_object_object_add(o, "words", a);
	if (d->has_oa)
		json_object_object_add(o, "oa", iom_tool_json_hex(d->oa));
	a = json_object_new_array();
	for (i = 0; i < l->n_fields; i++) {
		f = json_object_new_object();
		add_string(f, "name", l->fields[i].name);
		json_object_object_add(f, "value", iom_tool_json_hex(
			iomi_smmuv3_fields_get(&l->fields[i], d->w)));
		add_string(f, "meaning", iom_tool_smmu_meaning(d, &l->fields[i], buf));
		json_object_array_add(a, f);
	}
	json_object_object_add(o, "fields", a);
	a = json_object_new_array();
	for (i = 0; i < d->n_notes; i++) {
		f = json_object_new_object();
		add_string(f, "kind", d->notes[i].kind);
		add_string(f, "rule", d->notes[i].rule);
		add_string(f, "section", d->notes[i].section);
		add_string(f, "text", d->notes[i].text);
		json_object_array_add(a, f);
	}
	json_object_object_add(o, "notes", a);
	return o;
}
