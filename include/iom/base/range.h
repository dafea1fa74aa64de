/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address ranges are inclusive, [start, last], so that the top page exists.
 * A range is valid when start <= last; every function here expects that.
 */
#ifndef IOM_BASE_RANGE_H
#define IOM_BASE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct iom_range {
	uint64_t start;
	uint64_t last;
};

static inline bool iom_range_valid(struct iom_range r)
{
	return r.start <= r.last;
}

static inline bool iom_range_overlaps(struct iom_range a, struct iom_range b)
{
	return a.start <= b.last && b.start <= a.last;
}

/* Does outer hold all of inner? */
static inline bool iom_range_contains(struct iom_range outer, struct iom_range inner)
{
	return outer.start <= inner.start && inner.last <= outer.last;
}

static inline bool iom_range_has(struct iom_range r, uint64_t addr)
{
	return r.start <= addr && addr <= r.last;
}

/* Length minus one, since the whole space has 2^64 bytes. */
static inline uint64_t iom_range_len_m1(struct iom_range r)
{
	return r.last - r.start;
}

/*
 * Range of len bytes at start; false, and *r untouched, if len is 0 or the
 * range would wrap.
 */
static inline bool iom_range_make(uint64_t start, uint64_t len, struct iom_range *r)
{
	if (!len || start + (len - 1) < start)
		return false;
	r->start = start;
	r->last = start + (len - 1);
	return true;
}

#endif
