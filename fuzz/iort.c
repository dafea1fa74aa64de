/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IORT from anybody: as it comes, and with the checksum and length made right,
 * which a fuzzer would otherwise have to guess. The memory that the header promises
 * must be enough; what is accepted must write back and read again, but for nodes
 * that are only read, and look-ups must end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/fw/iort.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct iom_iort *t)
{
	struct iom_streams_smmu smmus[16];
	struct iom_streams_range ranges[256];
	struct iom_streams_resv resvs[64];
	struct iom_streams s = { smmus, 0, 16, ranges, 0, 256, resvs, 0, 64 };
	uint32_t bdf, node, id, its;
	struct iom_diag d;

	iom_iort_streams(t, &s, &d);
	for (bdf = 0; bdf <= 0xffff; bdf += 0x101) {
		iom_streams_find_pci(&s, 0, (uint16_t)bdf, &node, &id);
		if (!iom_iort_find_pci(t, 0, (uint16_t)bdf, &node, &id))
			iom_iort_find_msi(t, node, id, &its, &id);
	}
}

static void read_one(const uint8_t *table, size_t size)
{
	size_t cap = 4 * size + 4096, len;
	void *mem = malloc(16 * size + 1), *again = malloc(16 * cap), *out = malloc(cap);
	struct iom_iort v, w;
	struct iom_diag d;
	int rc;

	rc = iom_iort_read(table, size, mem, 16 * size, &v, &d);
	if (rc == IOM_ENOMEM)
		abort();
	if (!rc) {
		look(&v);
		rc = iom_iort_write(&v.ids, v.nodes, v.nr_nodes, out, cap, &len, &d);
		if (rc && rc != IOM_EOPNOTSUPP && rc != IOM_E2BIG)
			abort();
		if (!rc && (iom_iort_read(out, len, again, 16 * cap, &w, &d) ||
			    w.nr_nodes != v.nr_nodes))
			abort();
	}
	free(out);
	free(again);
	free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy, sum = 0;
	size_t i;

	if (size > 1 << 14)
		return 0;
	read_one(data, size);
	if (size < 48)
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	memcpy(copy, "IORT", 4);
	iom_put_le32(copy + 4, (uint32_t)size);
	copy[9] = 0;
	for (i = 0; i < size; i++)
		sum = (uint8_t)(sum + copy[i]);
	copy[9] = (uint8_t)-sum;
	read_one(copy, size);
	free(copy);
	return 0;
}
