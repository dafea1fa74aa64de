/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware translation table update (3.13; chapter D8): which leaves the SMMU
 * writes, and how. Owns nothing; the walk decides when.
 *
 * A leaf is written by a compare and swap with the value that was judged, so a
 * change made meanwhile is never overwritten. The SMMU sets AF and makes
 * writable-clean leaves writable-dirty; it never does the reverse.
 */
#include "smmuv3_dev_int.h"

/* AFFD says what AF = 0 means where HA = 0. HD: any leaf with DBM may be clean. */
uint64_t iomi_smmuv3_dev_httu_ask(bool ha, bool hd, bool affd)
{
	return (ha || !affd ? LPAE_AF : 0) | (hd ? LPAE_DBM : 0);
}

uint64_t iomi_smmuv3_dev_httu_want(unsigned int stage, bool ha, bool hd, bool written,
				   uint64_t desc)
{
	if (ha)
		desc |= LPAE_AF;
	if (hd && written && iomi_lpae_clean(stage, desc))
		desc = iomi_lpae_make_dirty(stage, desc);
	return desc;
}

int iomi_smmuv3_dev_httu_swap(struct iom_gmem *gmem, uint64_t at, uint64_t was, uint64_t want)
{
	uint64_t old = was;
	int rc = gmem->ops.cas64(gmem, at, &old, want);

	if (rc)
		return rc;
	return old == was ? IOM_OK : IOM_EAGAIN;
}
