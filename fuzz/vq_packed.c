/* SPDX-License-Identifier: BSD-2-Clause */
/* The device side of a packed ring against whatever stands in it; see lib/vq_fuzz.h. */
#include "lib/vq_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vq_fuzz(true, data, size);
	return 0;
}
