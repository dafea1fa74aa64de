/* SPDX-License-Identifier: BSD-2-Clause */
/* The device side of a split ring against whatever stands in it; see lib/vq_fuzz.h. */
#include "lib/vq_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vq_fuzz(false, data, size);
	return 0;
}
