/* SPDX-License-Identifier: BSD-2-Clause */
/* Short text of commands and fields. Owns nothing. */
#include <stdarg.h>

#include "smmuv3_text.h"
#include "smmuv3_wire.h"

void iomi_smmuv3_text_init(struct iomi_smmuv3_text *t, char *buf, size_t size)
{
	t->buf = buf;
	t->size = size;
	t->len = 0;
	if (size)
		buf[0] = '\0';
}

static void put(struct iomi_smmuv3_text *t, char c)
{
	if (t->len + 1 < t->size) {
		t->buf[t->len] = c;
		t->buf[t->len + 1] = '\0';
	}
	t->len++;
}

void iomi_smmuv3_text_str(struct iomi_smmuv3_text *t, const char *s)
{
	for (; *s; s++)
		put(t, *s);
}

static void number(struct iomi_smmuv3_text *t, uint64_t v, unsigned int base)
{
	char digits[20];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put(t, digits[--n]);
}

void iomi_smmuv3_text_hex(struct iomi_smmuv3_text *t, uint64_t v)
{
	iomi_smmuv3_text_str(t, "0x");
	number(t, v, 16);
}

void iomi_smmuv3_text_dec(struct iomi_smmuv3_text *t, uint64_t v)
{
	number(t, v, 10);
}

void iomi_smmuv3_text_fmt(struct iomi_smmuv3_text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(t, *fmt);
			continue;
		}
		switch (*++fmt) {
		case 's':
			iomi_smmuv3_text_str(t, va_arg(ap, const char *));
			break;
		case 'x':
			iomi_smmuv3_text_hex(t, va_arg(ap, uint64_t));
			break;
		default:
			iomi_smmuv3_text_dec(t, va_arg(ap, uint64_t));
			break;
		}
	}
	va_end(ap);
}

/* --- commands -------------------------------------------------------------- */

static void tlbi_addr(struct iomi_smmuv3_text *t, const struct smmuv3_wire_cmd *c)
{
	static const char *const tg[4] = { "", "4K", "16K", "64K" };

	iomi_smmuv3_text_fmt(t, " addr=%x leaf=%u", c->addr, (uint64_t)c->leaf);
	if (c->tg)
		iomi_smmuv3_text_fmt(t, " tg=%s ttl=%u num=%u scale=%u", tg[c->tg & 3],
				     (uint64_t)c->ttl, (uint64_t)c->num, (uint64_t)c->scale);
}

static void tlbi(struct iomi_smmuv3_text *t, const struct smmuv3_wire_cmd *c)
{
	switch (c->opcode) {
	case SMMU_CMD_TLBI_NH_ALL:
	case SMMU_CMD_TLBI_NH_ASID:
	case SMMU_CMD_TLBI_NH_VA:
	case SMMU_CMD_TLBI_NH_VAA:
	case SMMU_CMD_TLBI_S12_VMALL:
	case SMMU_CMD_TLBI_S2_IPA:
		iomi_smmuv3_text_fmt(t, " vmid=%u", (uint64_t)c->vmid);
		break;
	default:
		break;
	}
	switch (c->opcode) {
	case SMMU_CMD_TLBI_NH_ASID:
	case SMMU_CMD_TLBI_NH_VA:
	case SMMU_CMD_TLBI_EL2_ASID:
	case SMMU_CMD_TLBI_EL2_VA:
		iomi_smmuv3_text_fmt(t, " asid=%u", (uint64_t)c->asid);
		break;
	default:
		break;
	}
	if (iomi_smmuv3_wire_is_tlbi_addr(c->opcode))
		tlbi_addr(t, c);
}

static void ssid(struct iomi_smmuv3_text *t, const struct smmuv3_wire_cmd *c)
{
	if (c->ssv)
		iomi_smmuv3_text_fmt(t, " ssid=%x", (uint64_t)c->ssid);
}

static void operands(struct iomi_smmuv3_text *t, const struct smmuv3_wire_cmd *c)
{
	uint64_t sid = c->sid;

	switch (c->opcode) {
	case SMMU_CMD_CFGI_STE:
		iomi_smmuv3_text_fmt(t, " sid=%x leaf=%u", sid, (uint64_t)c->leaf);
		break;
	case SMMU_CMD_CFGI_STE_RANGE:
		iomi_smmuv3_text_fmt(t, " sid=%x range=%u", sid, (uint64_t)c->range);
		break;
	case SMMU_CMD_CFGI_CD:
		iomi_smmuv3_text_fmt(t, " sid=%x ssid=%x leaf=%u", sid, (uint64_t)c->ssid,
				     (uint64_t)c->leaf);
		break;
	case SMMU_CMD_ATC_INV:
		iomi_smmuv3_text_fmt(t, " sid=%x", sid);
		ssid(t, c);
		iomi_smmuv3_text_fmt(t, c->global ? " global addr=%x size=%u" : " addr=%x size=%u",
				     c->addr, (uint64_t)c->size);
		break;
	case SMMU_CMD_PRI_RESP:
		iomi_smmuv3_text_fmt(t, " sid=%x", sid);
		ssid(t, c);
		iomi_smmuv3_text_fmt(t, " prgindex=%u resp=%u", (uint64_t)c->prgindex,
				     (uint64_t)c->resp);
		break;
	case SMMU_CMD_RESUME:
		iomi_smmuv3_text_fmt(t, " sid=%x stag=%x ac=%u ab=%u", sid, (uint64_t)c->stag,
				     (uint64_t)c->ac, (uint64_t)c->ab);
		break;
	case SMMU_CMD_PREFETCH_CONFIG:
	case SMMU_CMD_PREFETCH_ADDR:
	case SMMU_CMD_CFGI_CD_ALL:
	case SMMU_CMD_STALL_TERM:
		iomi_smmuv3_text_fmt(t, " sid=%x", sid);
		ssid(t, c);
		break;
	case SMMU_CMD_SYNC:
		break;
	default:
		tlbi(t, c);
		break;
	}
}

void iomi_smmuv3_text_cmd(struct iomi_smmuv3_text *t, const uint64_t w[2])
{
	struct smmuv3_wire_cmd c;
	const char *name;

	if (!iomi_smmuv3_wire_unpack_cmd(w, &c)) {
		iomi_smmuv3_text_fmt(t, "unknown (%x %x)", w[0], w[1]);
		return;
	}
	if (c.opcode == SMMU_CMD_CFGI_STE_RANGE && c.range == SMMU_CFGI_RANGE_ALL) {
		iomi_smmuv3_text_str(t, "CFGI_ALL");
		return;
	}
	/* "CMD_" says nothing, but for CMD_SYNC, which is known by no other name */
	name = iomi_smmuv3_fields_cmd(c.opcode)->name;
	iomi_smmuv3_text_str(t, c.opcode == SMMU_CMD_SYNC ? name : name + 4);
	operands(t, &c);
}

/* --- fields ---------------------------------------------------------------- */

void iomi_smmuv3_text_field(struct iomi_smmuv3_text *t, const struct iomi_smmuv3_field *f,
			    const uint64_t *w)
{
	uint64_t v = iomi_smmuv3_fields_get(f, w);
	const char *name = iomi_smmuv3_fields_value(f, v);

	iomi_smmuv3_text_fmt(t, v > 9 ? "%s=%x" : "%s=%u", f->name, v);
	if (name)
		iomi_smmuv3_text_fmt(t, " (%s)", name);
}
