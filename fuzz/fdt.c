/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees from anybody, read as a firmware's and as a machine file. The
 * memory that the header promises must be enough, and what is accepted can be
 * written as VIOT and device tree, or is refused there.
 */
#include <stdint.h>
#include <stdlib.h>

#include <iom/base/err.h>
#include <iom/fw/machine.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const struct iom_machine *m, const uint8_t *base, size_t size)
{
	static uint64_t buf[1 << 15];
	struct iom_diag d;
	uint32_t i, iommu, id;
	size_t len;
	struct iom_streams_smmu smmus[8];
	struct iom_streams_range ranges[64];
	struct iom_streams_resv resvs[64];
	struct iom_streams s = { smmus, 0, 8, ranges, 0, 64, resvs, 0, 64 };

	for (i = 0; i < m->nr_bridges; i++) {
		iom_machine_find_pci(m, i, 0x18, &iommu, &id);
		iom_machine_find_msi(m, i, 0x18, &iommu, &id);
	}
	if (!iom_machine_streams(m, &s, &d))
		iom_streams_find_pci(&s, 0, 0x18, &iommu, &id);
	iom_machine_viot(m, buf, sizeof(buf), &len, &d);
	iom_machine_dt(m, NULL, 0, buf, sizeof(buf), &len, &d);
	iom_machine_dt(m, base, size, buf, sizeof(buf), &len, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t mem_size = 32 * size + 4096;
	struct iom_machine m;
	struct iom_diag d;
	uint32_t flags;
	uint8_t *base;
	void *mem;
	int rc;

	if (size > 1 << 16)
		return 0;
	for (flags = 0; flags <= IOM_MACHINE_STRICT; flags++) {
		mem = malloc(mem_size);
		rc = iom_machine_read(data, size, flags, mem, mem_size, &m, &d);
		if (rc == IOM_ENOMEM)
			abort();
		base = rc ? NULL : aligned_alloc(8, (size + 7) & ~(size_t)7);
		if (base) {
			for (size_t i = 0; i < size; i++)
				base[i] = data[i];
			write_all(&m, base, size);
		}
		free(base);
		free(mem);
	}
	return 0;
}
