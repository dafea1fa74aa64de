/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Little-endian values at a host pointer, for gmems that have one: single-copy
 * atomic, sequentially consistent. The caller has checked place and alignment.
 */
#ifndef IOMI_PLAT_GMEM_HOST_H
#define IOMI_PLAT_GMEM_HOST_H

#include <stdatomic.h>

#include <iom/base/endian.h>
#include <iom/base/field.h>
#include <iom/plat/gmem.h>

/* IOM_EINVAL: size is not 2, 4 or 8. */
static inline int iomi_gmem_host_load(void *p, unsigned int size, uint64_t *val)
{
	switch (size) {
	case 2:
		*val = IOMI_LE16(atomic_load((_Atomic uint16_t *)p));
		return IOM_OK;
	case 4:
		*val = IOMI_LE32(atomic_load((_Atomic uint32_t *)p));
		return IOM_OK;
	case 8:
		*val = IOMI_LE64(atomic_load((_Atomic uint64_t *)p));
		return IOM_OK;
	default:
		return IOM_EINVAL;
	}
}

static inline int iomi_gmem_host_store(void *p, unsigned int size, uint64_t val)
{
	switch (size) {
	case 2:
		atomic_store((_Atomic uint16_t *)p, IOMI_LE16((uint16_t)val));
		return IOM_OK;
	case 4:
		atomic_store((_Atomic uint32_t *)p, IOMI_LE32((uint32_t)val));
		return IOM_OK;
	case 8:
		atomic_store((_Atomic uint64_t *)p, IOMI_LE64(val));
		return IOM_OK;
	default:
		return IOM_EINVAL;
	}
}

static inline void iomi_gmem_host_cas64(void *p, uint64_t *old, uint64_t val)
{
	uint64_t want = IOMI_LE64(*old);

	atomic_compare_exchange_strong((_Atomic uint64_t *)p, &want, IOMI_LE64(val));
	*old = IOMI_LE64(want);
}

#endif
