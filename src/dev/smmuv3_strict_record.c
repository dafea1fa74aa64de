/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the record of a run, line by line. The format is in the header; what
 * is written here is compared with the record again when it is replayed, so a
 * line depends on nothing but inputs and seed.
 */
#include <iom/base/endian.h>
#include <iom/base/mem.h>

#include "smmuv3_strict_record.h"

struct strict_record {
	void (*line)(void *arg, const char *line);
	void *arg;
	struct strict_seen seen;
	uint64_t skipped;		/* loads left out since the last line */
	size_t len;
	char buf[STRICT_RECORD_LINE];
};

/* --- a line ------------------------------------------------------------------ */

static void put_char(struct strict_record *r, char c)
{
	if (r->len < sizeof(r->buf) - 1)
		r->buf[r->len++] = c;
}

static void put_text(struct strict_record *r, const char *s)
{
	while (*s)
		put_char(r, *s++);
}

static void put_hex(struct strict_record *r, uint64_t v)
{
	unsigned int shift = 60;

	while (shift && !(v >> shift))
		shift -= 4;
	for (;; shift -= 4) {
		put_char(r, "0123456789abcdef"[v >> shift & 15]);
		if (!shift)
			break;
	}
}

static void put_number(struct strict_record *r, uint64_t v)
{
	put_char(r, ' ');
	put_hex(r, v);
}

static void put_code(struct strict_record *r, int rc)
{
	put_text(r, rc < 0 ? " -" : " ");
	put_hex(r, rc < 0 ? -(uint64_t)rc : (uint64_t)rc);
}

static void put_bytes(struct strict_record *r, const uint8_t *p, size_t len)
{
	size_t i;

	put_char(r, ' ');
	for (i = 0; i < len; i++) {
		put_char(r, "0123456789abcdef"[p[i] >> 4]);
		put_char(r, "0123456789abcdef"[p[i] & 15]);
	}
}

static void begin(struct strict_record *r, const char *what)
{
	r->len = 0;
	put_text(r, what);
}

static void end(struct strict_record *r)
{
	r->buf[r->len] = 0;
	r->skipped = 0;
	r->line(r->arg, r->buf);
}

/* --- life ---------------------------------------------------------------------- */

static void put_header(struct strict_record *r, const struct iom_smmuv3_dev_cfg *cfg,
		       const struct iom_smmuv3_strict_cfg *strict)
{
	unsigned int i;

	begin(r, "smmuv3-record 1");
	end(r);
	begin(r, "model");
	put_number(r, (uint64_t)cfg->mode);
	for (i = 0; i < 6; i++)
		put_number(r, cfg->idr[i]);
	put_number(r, cfg->iidr);
	put_number(r, cfg->aidr);
	put_number(r, cfg->tlb_entries);
	put_number(r, cfg->config_entries);
	end(r);
	begin(r, "strict");
	put_number(r, strict->seed);
	put_number(r, strict->sync_slack);
	put_number(r, strict->max_delay);
	put_number(r, strict->wmb);
	put_number(r, strict->spare_l1std);
	end(r);
}

int iomi_smmuv3_strict_record_init(const struct iom_smmuv3_dev_cfg *cfg,
				   const struct iom_smmuv3_strict_cfg *strict,
				   struct strict_record **out)
{
	struct strict_record *r;
	void *mem;
	int rc;

	if (!strict->record) {
		*out = NULL;
		return IOM_OK;
	}
	rc = iom_plat_alloc(cfg->plat, sizeof(*r), _Alignof(struct strict_record), &mem);
	if (rc)
		return rc;
	r = mem;
	r->line = strict->record;
	r->arg = strict->arg;
	put_header(r, cfg, strict);
	*out = r;
	return IOM_OK;
}

void iomi_smmuv3_strict_record_fini(struct iom_plat *plat, struct strict_record *r)
{
	iom_plat_free(plat, r, sizeof(*r));
}

/* --- what comes in and goes out --------------------------------------------- */

void iomi_smmuv3_strict_record_input(struct strict_record *r, uint64_t step, enum strict_input in,
				     uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	static const struct {
		const char *name;
		uint8_t n;
	} input[STRICT_NR_INPUTS] = {
#define STRICT_INPUT_ROW(name, text, nr) { " " text, nr },
		STRICT_INPUTS(STRICT_INPUT_ROW)
#undef STRICT_INPUT_ROW
	};
	const uint64_t arg[] = { a, b, c, d };
	unsigned int i;

	if (!r)
		return;
	begin(r, "@");
	put_hex(r, step);
	put_text(r, input[in].name);
	for (i = 0; i < input[in].n; i++)
		put_number(r, arg[i]);
	end(r);
}

void iomi_smmuv3_strict_record_result(struct strict_record *r, int rc, unsigned int n,
				      const uint64_t *val)
{
	unsigned int i;

	if (!r)
		return;
	begin(r, "=");
	put_code(r, rc);
	for (i = 0; i < n; i++)
		put_number(r, val[i]);
	end(r);
}

void iomi_smmuv3_strict_record_report(struct strict_record *r, const char *id, uint64_t step)
{
	if (!r)
		return;
	begin(r, "! ");
	put_text(r, id);
	put_number(r, step);
	end(r);
}

/* --- memory -------------------------------------------------------------------- */

static void failed(struct strict_record *r, const char *what, uint64_t addr, uint64_t len, int rc)
{
	begin(r, what);
	put_number(r, addr);
	put_number(r, len);
	put_code(r, rc);
	end(r);
}

void iomi_smmuv3_strict_record_bytes(struct strict_record *r, bool write, uint64_t addr,
				     const void *buf, size_t len, int rc)
{
	const uint8_t *p = buf;
	size_t n;

	if (!r)
		return;
	if (rc) {
		failed(r, write ? ">!" : "<!", addr, len, rc);
		return;
	}
	for (; len; p += n, addr += n, len -= n) {
		n = len < STRICT_RECORD_BYTES ? len : STRICT_RECORD_BYTES;
		begin(r, write ? ">" : "<<");
		put_number(r, addr);
		put_bytes(r, p, n);
		end(r);
	}
}

static void le_bytes(uint8_t b[8], uint64_t val)
{
	iom_put_le64(b, val);
}

void iomi_smmuv3_strict_record_load(struct strict_record *r, uint64_t addr, unsigned int size,
				    uint64_t val, int rc)
{
	uint64_t known;
	uint8_t b[8];

	if (!r)
		return;
	if (rc || size != 8) {
		le_bytes(b, val);
		iomi_smmuv3_strict_record_bytes(r, false, addr, b, size, rc);
		return;
	}
	if (strict_seen_find(&r->seen, addr, &known) && known == val) {
		r->skipped++;
		return;
	}
	strict_seen_put(&r->seen, addr, val);
	begin(r, "<");
	put_number(r, r->skipped);
	put_number(r, addr);
	put_number(r, val);
	end(r);
}

void iomi_smmuv3_strict_record_store(struct strict_record *r, uint64_t addr, unsigned int size,
				     uint64_t val, int rc)
{
	uint8_t b[8];

	le_bytes(b, val);
	iomi_smmuv3_strict_record_bytes(r, true, addr, b, size, rc);
}

void iomi_smmuv3_strict_record_cas64(struct strict_record *r, uint64_t addr, uint64_t expected,
				     uint64_t val, uint64_t found, int rc)
{
	if (!r)
		return;
	begin(r, "~");
	put_number(r, addr);
	put_number(r, expected);
	put_number(r, val);
	put_number(r, found);
	put_code(r, rc);
	end(r);
}
