/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state of the virtio-iommu, alone and behind its rings, as a stream from
 * a hostile or damaged source. Restored into a device in use: refused with
 * nothing changed, or taken, and then saved again to the same length. The first
 * byte says which of the two, and whether the check values are put right (else
 * nearly all inputs would end at the first one).
 */
#include <string.h>

#include <iom/base/state.h>

#include "lib/viommu_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STREAM_MAX (1u << 17)

static size_t save(struct vtq *t, bool rings, uint8_t *buf)
{
	size_t len;

	VT_REQUIRE((rings ? iom_viommu_vq_save(t->q, buf, STREAM_MAX, &len) :
			    iom_viommu_dev_save(t->v, buf, STREAM_MAX, &len)) == IOM_OK);
	return len;
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

/* Length and check value of the record at p, which takes all of len. */
static void seal(uint8_t *p, size_t len)
{
	if (len < 20)
		return;
	put32(p + 8, (uint32_t)(len - 20));
	put32(p + 12, 0);
	put32(p + len - 4, iom_state_crc32c(0, p, len - 4));
}

/* Behind rings there are two records: the first is as long as it says, if that can be. */
static void seal_all(uint8_t *p, size_t len, bool rings)
{
	size_t first = len;

	if (rings && len >= 40)
		first = 20 + (size_t)(p[8] | p[9] << 8) % (len - 39);
	seal(p, first);
	seal(p + first, len - first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t before[STREAM_MAX], after[STREAM_MAX];
	const struct vtq_cfg cfg = { .dev = vt_cfg() };
	struct iom_viommu_ep_cfg e = { .id = 8, .nr_resv = 1,
		.resv[0] = { { 0xfee00000, 0xfeefffff }, true } };
	size_t len, used;
	struct iom_run run;
	uint8_t *copy;
	struct vtq t;
	bool rings;
	int rc;

	if (!size || size > 4096)
		return 0;
	copy = malloc(size);
	VT_REQUIRE(copy);
	rings = data[0] & 1;
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 2)
		seal_all(copy, size - 1, rings);

	vtq_open(&t, &cfg);
	vtq_add(&t, &e);
	e = (struct iom_viommu_ep_cfg){ .id = 9, .page_size_mask = ~UINT64_C(0xffff) };
	vtq_add(&t, &e);
	VT_REQUIRE(vt_attach(t.v, 1, 8, 0) == S_OK);
	VT_REQUIRE(vt_map(t.v, 1, 0x1000, 0x1fff, 0x5000, VT_RW) == S_OK);
	VT_REQUIRE(vt_map(t.v, 1, 0x4000, 0x7fffffff, 0, VT_R) == S_OK);
	vtq_translate(&t, 1, 0x1000, 1, IOM_ACCESS_READ, &run);
	len = save(&t, rings, before);
	rc = rings ? iom_viommu_vq_restore(t.q, copy, size - 1, &used) :
		     iom_viommu_dev_restore(t.v, copy, size - 1, &used);
	if (rc) {
		VT_REQUIRE(rc == IOM_EINVAL || rc == IOM_ENOMEM);
		VT_REQUIRE(save(&t, rings, after) == len && !memcmp(before, after, len));
	} else {
		VT_REQUIRE(used <= size - 1 && save(&t, rings, after) == used);
		vtq_translate(&t, 0, 0x1000, 0x100000, IOM_ACCESS_READ, &run);
		vtq_translate(&t, 1, 0, UINT64_MAX, IOM_ACCESS_WRITE, &run);
		vtq_run(&t);
		vt_unmap(t.v, 1, 0, UINT64_MAX);
	}
	vtq_close(&t);
	free(copy);
	return 0;
}
