/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of saved state; the rules are in <iom/base/state.h>. */
#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/mem.h>
#include <iom/base/state.h>

/* A record: magic u32, version u32, length u64, body, crc u32. */
#define HEAD	16u
#define TAIL	4u

/* Polynomial 0x1edc6f41, reflected, four bits at a time. */
uint32_t iom_state_crc32c(uint32_t crc, const void *p, size_t len)
{
	static const uint32_t nibble[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const uint8_t *b = p;

	crc = ~crc;
	while (len--) {
		crc ^= *b++;
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

void iom_state_w_bytes(struct iom_state_w *w, const void *p, size_t len)
{
	if (len && w->pos <= w->cap && len <= w->cap - w->pos)
		memcpy(w->buf + w->pos, p, len);
	w->pos += len;
}

void iom_state_w_u8(struct iom_state_w *w, uint8_t v)
{
	iom_state_w_bytes(w, &v, 1);
}

void iom_state_w_u16(struct iom_state_w *w, uint16_t v)
{
	uint8_t b[2];

	iom_put_le16(b, v);
	iom_state_w_bytes(w, b, sizeof(b));
}

void iom_state_w_u32(struct iom_state_w *w, uint32_t v)
{
	uint8_t b[4];

	iom_put_le32(b, v);
	iom_state_w_bytes(w, b, sizeof(b));
}

void iom_state_w_u64(struct iom_state_w *w, uint64_t v)
{
	uint8_t b[8];

	iom_put_le64(b, v);
	iom_state_w_bytes(w, b, sizeof(b));
}

size_t iom_state_w_begin(struct iom_state_w *w, uint32_t magic, uint32_t version)
{
	size_t at = w->pos;

	iom_state_w_u32(w, magic);
	iom_state_w_u32(w, version);
	iom_state_w_u64(w, 0);
	return at;
}

void iom_state_w_end(struct iom_state_w *w, size_t at)
{
	uint32_t crc = 0;

	if (w->pos <= w->cap) {
		iom_put_le64(w->buf + at + 8, w->pos - at - HEAD);
		crc = iom_state_crc32c(0, w->buf + at, w->pos - at);
	}
	iom_state_w_u32(w, crc);
}

void *iom_state_w_room(const struct iom_state_w *w, size_t *cap)
{
	*cap = w->pos < w->cap ? w->cap - w->pos : 0;
	return *cap ? w->buf + w->pos : NULL;
}

int iom_state_w_done(const struct iom_state_w *w, size_t *len)
{
	*len = w->pos;
	return w->pos <= w->cap ? IOM_OK : IOM_ENOSPC;
}

int iom_state_r_open(struct iom_state_r *r, const void *buf, size_t size, uint32_t magic,
		     uint32_t version, size_t *len)
{
	const uint8_t *b = buf;
	uint64_t body;

	r->buf = NULL;
	r->size = 0;
	r->pos = 0;
	r->bad = 0;
	if (size < HEAD + TAIL || iom_get_le32(b) != magic || iom_get_le32(b + 4) != version)
		return IOM_EINVAL;
	body = iom_get_le64(b + 8);
	if (body > size - HEAD - TAIL)
		return IOM_EINVAL;
	if (iom_state_crc32c(0, b, HEAD + (size_t)body) != iom_get_le32(b + HEAD + body))
		return IOM_EINVAL;
	r->buf = b + HEAD;
	r->size = (size_t)body;
	*len = HEAD + (size_t)body + TAIL;
	return IOM_OK;
}

void iom_state_r_bytes(struct iom_state_r *r, void *p, size_t len)
{
	if (!len)
		return;
	if (r->bad || len > r->size - r->pos) {
		r->bad = 1;
		memset(p, 0, len);
		return;
	}
	memcpy(p, r->buf + r->pos, len);
	r->pos += len;
}

void iom_state_r_record(struct iom_state_r *r, const void **rec, size_t *len)
{
	size_t left = r->size - r->pos;
	uint64_t body = 0;

	if (left >= HEAD + TAIL)
		body = iom_get_le64(r->buf + r->pos + 8);
	if (r->bad || left < HEAD + TAIL || body > left - HEAD - TAIL) {
		r->bad = 1;
		*rec = NULL;
		*len = 0;
		return;
	}
	*rec = r->buf + r->pos;
	*len = HEAD + (size_t)body + TAIL;
	r->pos += *len;
}

uint8_t iom_state_r_u8(struct iom_state_r *r)
{
	uint8_t b;

	iom_state_r_bytes(r, &b, 1);
	return b;
}

uint16_t iom_state_r_u16(struct iom_state_r *r)
{
	uint8_t b[2];

	iom_state_r_bytes(r, b, sizeof(b));
	return iom_get_le16(b);
}

uint32_t iom_state_r_u32(struct iom_state_r *r)
{
	uint8_t b[4];

	iom_state_r_bytes(r, b, sizeof(b));
	return iom_get_le32(b);
}

uint64_t iom_state_r_u64(struct iom_state_r *r)
{
	uint8_t b[8];

	iom_state_r_bytes(r, b, sizeof(b));
	return iom_get_le64(b);
}

int iom_state_r_end(const struct iom_state_r *r)
{
	return r->bad || r->pos != r->size ? IOM_EINVAL : IOM_OK;
}
