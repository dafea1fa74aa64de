/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state as records in a byte stream: magic, version, length of the body,
 * body, CRC-32C over all of these. Little-endian, so a stream may move between
 * machines. Records may stand in the body of another.
 *
 * Writing never fails: what does not fit is counted, not stored, so one pass
 * without a buffer says how much is needed. Reading never goes outside the
 * body: what is not there reads 0 and makes iom_state_end() fail, so a reader
 * takes everything, asks once, and then changes its object.
 *
 *	struct iom_state_w w = { buf, cap, 0 };
 *	size_t at = iom_state_w_begin(&w, MAGIC, 1);
 *	iom_state_w_u32(&w, x);
 *	iom_state_w_end(&w, at);
 *	return iom_state_w_done(&w, len);
 *
 *	rc = iom_state_r_open(&r, buf, size, MAGIC, 1, len);
 *	x = iom_state_r_u32(&r);
 *	if (!rc)
 *		rc = iom_state_r_end(&r);
 */
#ifndef IOM_BASE_STATE_H
#define IOM_BASE_STATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_state_w {
	uint8_t *buf;		/* may be NULL if cap is 0 */
	size_t cap;
	size_t pos;		/* what was written or would have been */
};

void iom_state_w_u8(struct iom_state_w *w, uint8_t v);
void iom_state_w_u16(struct iom_state_w *w, uint16_t v);
void iom_state_w_u32(struct iom_state_w *w, uint32_t v);
void iom_state_w_u64(struct iom_state_w *w, uint64_t v);
void iom_state_w_bytes(struct iom_state_w *w, const void *p, size_t len);

/* Begins a record and returns its place, which end wants back. */
size_t iom_state_w_begin(struct iom_state_w *w, uint32_t magic, uint32_t version);
void iom_state_w_end(struct iom_state_w *w, size_t at);
/*
 * Where another writer puts its record, and how much it may take (0: NULL);
 * then pos has to go on by what that needs.
 */
void *iom_state_w_room(const struct iom_state_w *w, size_t *cap);
/* *len is what the stream needs. IOM_ENOSPC: cap is less, the buffer holds no stream. */
int iom_state_w_done(const struct iom_state_w *w, size_t *len);

struct iom_state_r {
	const uint8_t *buf;
	size_t size;		/* of the body */
	size_t pos;
	int bad;		/* something was read that is not there */
};

/*
 * Opens the record at the start of buf. IOM_EINVAL: no record of this magic
 * and version, cut short, or damaged; *r is then empty. *len is the whole
 * record, bytes after it are not looked at.
 */
int iom_state_r_open(struct iom_state_r *r, const void *buf, size_t size, uint32_t magic,
		     uint32_t version, size_t *len);
uint8_t iom_state_r_u8(struct iom_state_r *r);
uint16_t iom_state_r_u16(struct iom_state_r *r);
uint32_t iom_state_r_u32(struct iom_state_r *r);
uint64_t iom_state_r_u64(struct iom_state_r *r);
void iom_state_r_bytes(struct iom_state_r *r, void *p, size_t len);
/*
 * Takes the record that stands next, whatever it is, for another reader:
 * *rec, *len are it, len 0 if there is none.
 */
void iom_state_r_record(struct iom_state_r *r, const void **rec, size_t *len);
/* IOM_EINVAL: too little was there, or something is left. */
int iom_state_r_end(const struct iom_state_r *r);

/* Of a running CRC-32C (Castagnoli); 0 to begin with. */
uint32_t iom_state_crc32c(uint32_t crc, const void *p, size_t len);

#ifdef __cplusplus
}
#endif
#endif
