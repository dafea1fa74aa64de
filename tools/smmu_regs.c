/* SPDX-License-Identifier: BSD-2-Clause */
/* Register files. A line is looked at once, and every token is bounded by it. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iom/spec/smmuv3.h>

#include "file.h"
#include "iom.h"
#include "smmu_regs.h"

struct token {
	const char *s;
	size_t len;
};

static bool is(struct token t, const char *name)
{
	size_t i;

	for (i = 0; i < t.len; i++) {
		if (!name[i] ||
		    toupper((unsigned char)t.s[i]) != toupper((unsigned char)name[i]))
			return false;
	}
	return !name[t.len];
}

bool iom_tool_parse_hex(const char *s, size_t len, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		s += 2;
		len -= 2;
	}
	if (!len || len > 16)
		return false;
	for (i = 0; i < len; i++) {
		int c = tolower((unsigned char)s[i]);

		if (!isxdigit(c))
			return false;
		v = v << 4 | (uint64_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	*out = v;
	return true;
}

/* Words of a line, up to max; returns how many there are. */
static unsigned int split(const char *s, const char *end, struct token *t, unsigned int max)
{
	unsigned int n = 0;

	while (s < end) {
		if (isspace((unsigned char)*s) || *s == '=') {
			s++;
			continue;
		}
		if (*s == '#')
			break;
		if (n < max) {
			t[n].s = s;
			t[n].len = 0;
		}
		while (s < end && !isspace((unsigned char)*s) && *s != '=' && *s != '#') {
			s++;
			if (n < max)
				t[n].len++;
		}
		n++;
	}
	return n;
}

static int complain(const char *file, unsigned int line, const char *what, struct token t)
{
	fprintf(stderr, "iom: %s: line %u: %s \"%.*s\"\n", file, line, what,
		t.len > 40 ? 40 : (int)t.len, t.s);
	return IOM_TOOL_USAGE;
}

/* The register that a token names, by name or offset; n if there is none. */
static size_t find(struct token t, bool *is_name)
{
	const struct iomi_smmuv3_layout *regs;
	uint64_t offset;
	size_t n, i;

	regs = iomi_smmuv3_fields_regs(&n);
	*is_name = true;
	for (i = 0; i < n; i++) {
		if (is(t, regs[i].name))
			return i;
	}
	*is_name = false;
	if (!iom_tool_parse_hex(t.s, t.len, &offset))
		return n;
	for (i = 0; i < n; i++) {
		if (regs[i].offset == offset)
			return i;
	}
	return n;
}

static int parse_line(const char *file, unsigned int line, const char *s, const char *end,
		      struct iom_tool_regs *out)
{
	const struct iomi_smmuv3_layout *regs;
	struct token t[4];
	unsigned int n = split(s, end, t, 4);
	uint64_t value, offset;
	bool is_name;
	size_t count, i;

	if (!n)
		return IOM_TOOL_OK;
	if (n != 2 && n != 3)
		return complain(file, line, "not \"NAME OFFSET VALUE\" at", t[0]);
	regs = iomi_smmuv3_fields_regs(&count);
	i = find(t[0], &is_name);
	if (n == 3 && !iom_tool_parse_hex(t[1].s, t[1].len, &offset))
		return complain(file, line, "no offset:", t[1]);
	if (!iom_tool_parse_hex(t[n - 1].s, t[n - 1].len, &value))
		return complain(file, line, "no hexadecimal value of at most 64 bits:", t[n - 1]);
	if (i == count)		/* a register that we do not know does no harm */
		return IOM_TOOL_OK;
	if (n == 3 && regs[i].offset != offset)
		return complain(file, line, "this is not the offset of that register:", t[1]);
	if (regs[i].bits == 32 && value > UINT32_MAX)
		return complain(file, line, "more than the 32 bits of that register:", t[n - 1]);
	if (out->has[i])
		return complain(file, line, "a second value for", t[0]);
	out->has[i] = true;
	out->value[i] = value;
	return IOM_TOOL_OK;
}

int iom_tool_regs_parse(const char *file, const char *text, size_t len,
			struct iom_tool_regs *out)
{
	const char *s = text, *end = text + len, *eol;
	unsigned int line = 0, i, any = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	for (; s < end; s = eol + 1) {
		eol = memchr(s, '\n', (size_t)(end - s));
		if (!eol)
			eol = end;
		rc = parse_line(file, ++line, s, eol, out);
		if (rc)
			return rc;
	}
	for (i = 0; i < IOM_TOOL_REGS_MAX; i++)
		any += out->has[i];
	if (any)
		return IOM_TOOL_OK;
	fprintf(stderr, "iom: %s: no register of an SMMUv3 in it\n", file);
	return IOM_TOOL_USAGE;
}

int iom_tool_regs_read(const char *file, struct iom_tool_regs *out)
{
	struct iom_tool_buf buf;
	int rc;

	rc = iom_tool_read(strcmp(file, "-") ? file : "/dev/stdin", &buf);
	if (rc)
		return rc;
	rc = iom_tool_regs_parse(file, buf.data, buf.len, out);
	free(buf.data);
	return rc;
}

bool iom_tool_regs_get(const struct iom_tool_regs *r, uint32_t offset, uint64_t *value)
{
	const struct iomi_smmuv3_layout *regs;
	size_t n, i;

	regs = iomi_smmuv3_fields_regs(&n);
	*value = 0;
	for (i = 0; i < n && i < IOM_TOOL_REGS_MAX; i++) {
		if (regs[i].offset == offset && r->has[i]) {
			*value = r->value[i];
			return true;
		}
	}
	return false;
}

bool iom_tool_regs_caps(const struct iom_tool_regs *r, struct iomi_smmuv3_caps *caps)
{
	uint32_t idr[6], i;
	uint64_t v;

	for (i = 0; i < 6; i++) {
		if (!iom_tool_regs_get(r, SMMU_IDR0 + 4 * i, &v))
			return false;
		idr[i] = (uint32_t)v;
	}
	iomi_smmuv3_rules_caps(idr, caps);
	iom_tool_regs_get(r, SMMU_CR0, &v);
	caps->atschk = v & SMMU_CR0_ATSCHK;
	iom_tool_regs_get(r, SMMU_CR2, &v);
	caps->e2h = v & SMMU_CR2_E2H;
	return true;
}
