/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VIOT from anybody: as it comes, and with the checksum and length made right,
 * which a fuzzer would otherwise have to guess. What is accepted must write
 * back and read again, and look-ups must end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <iom/base/endian.h>
#include <iom/fw/viot.h>

#define CAP 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_one(const uint8_t *table, size_t size)
{
	struct iom_viot_node nodes[CAP], again[CAP];
	uint8_t out[48 + 24 * CAP];
	struct iom_viot v, w;
	struct iom_diag d;
	uint32_t iommu, id, bdf;
	size_t len;

	if (iom_viot_read(table, size, nodes, CAP, &v, &d))
		return;
	for (bdf = 0; bdf <= 0xffff; bdf += 0x101)
		iom_viot_find_pci(&v, 0, (uint16_t)bdf, &iommu, &id);
	if (iom_viot_write(&v.ids, nodes, v.nr_nodes, out, sizeof(out), &len, &d) ||
	    iom_viot_read(out, len, again, CAP, &w, &d) || w.nr_nodes != v.nr_nodes)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy, sum = 0;
	size_t i;

	read_one(data, size);
	if (size < 48)
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	memcpy(copy, "VIOT", 4);
	iom_put_le32(copy + 4, (uint32_t)size);
	copy[9] = 0;
	for (i = 0; i < size; i++)
		sum = (uint8_t)(sum + copy[i]);
	copy[9] = (uint8_t)-sum;
	read_one(copy, size);
	free(copy);
	return 0;
}
