/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory and kicks of a hostile driver of the virtio-iommu: rings,
 * descriptors, requests, event buffers are what the input says. Nothing may
 * loop, be read outside the memory, or keep a reset from working afterwards.
 *
 * First byte: bit 0 packed, 1 indirect, 2 event index, 3 the worker's budget is
 * small. Then records: a byte for the place (request ring, event ring, request
 * buffers, and from there 16-byte steps), a length, the bytes that are written
 * there. A length of 0 is a kick of queue (place & 1), with a fault before it
 * if bit 1 of place is set.
 */
#include <string.h>

#include "lib/viommu_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE 16u	/* of both rings, so that they wrap */

static uint64_t place_of(const struct vtq *t, uint8_t place)
{
	const uint64_t at = 16u * (place & 63u);

	switch (place >> 6) {
	case 0:
		return t->req.desc + at;
	case 1:
		return t->ev.desc + at;
	default:
		return VTQ_BUFS + 16u * (place & 127u);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct iom_viommu_ep_cfg e = { .id = 1 };
	const uint8_t *p = data + 1, *end = data + size;
	struct vtq_cfg cfg = { .size = SIZE, .dev = vt_cfg() };
	struct iom_viommu_stats s;
	const struct vt_req attach = vt_attach_req(1, 1, 0);
	struct iom_run run;
	uint8_t place, len;
	struct vtq t;
	int rc, n;

	if (!size)
		return 0;
	cfg.packed = data[0] & 1;
	cfg.ring_features = (data[0] & 2 ? VTQ_F_INDIRECT : 0) |
			    (data[0] & 4 ? VTQ_F_EVENT_IDX : 0);
	cfg.requests_per_run = data[0] & 8 ? 2 : 0;
	cfg.dev.limits.max_bytes = 1 << 16;
	vtq_open(&t, &cfg);
	vtq_add(&t, &e);
	VT_REQUIRE(vtq_send(&t, &attach) == S_OK);
	while (end - p >= 2) {
		place = *p++;
		len = *p++;
		if (len > end - p)
			len = (uint8_t)(end - p);
		if (len) {
			memcpy(t.mem + place_of(&t, place), p, len);
			p += len;
			continue;
		}
		if (place & 2)
			vtq_translate(&t, 0, 0x1000u * place, 1, IOM_ACCESS_READ, &run);
		vtq_kick(&t, place & 1);
		/* One kick cannot make more work than all of both rings. */
		for (n = 0, rc = IOM_EAGAIN; rc == IOM_EAGAIN; n++) {
			VT_REQUIRE(n < 70000);
			rc = iom_virtio_dev_run(t.d);
		}
		iom_viommu_dev_stats(t.v, &s);
		VT_REQUIRE(s.bytes <= cfg.dev.limits.max_bytes);
	}
	vtq_start(&t, &cfg);
	VT_REQUIRE(vtq_send(&t, &attach) == S_OK);
	vtq_close(&t);
	return 0;
}
