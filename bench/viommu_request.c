/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cost of a MAP and of an UNMAP through the ring: 16 requests a kick, a readable
 * and a writable descriptor each, from the kick to the status and the used
 * entry. Under callgrind with argument "count", else time. The driver's own
 * work is not in it.
 */
#include <string.h>

#include "../bench/bench.h"
#include "lib/viommu_ring.h"

#define BATCH 16u

__attribute__((noinline)) void region_serve(struct vtq *t)
{
	vtq_kick(t, 0);
	VT_REQUIRE(vtq_run(t) == IOM_OK);
}

static void batch(struct vtq *t, bool map, uint64_t at, double *ns)
{
	struct vt_req r;
	unsigned int i;
	uint32_t len;
	uint16_t id;
	double t0;

	for (i = 0; i < BATCH; i++, at += 4096) {
		r = map ? vt_map_req(1, at, at + 4095, at, VT_RW) : vt_unmap_req(1, at, at + 4095);
		vtq_post(t, i, &r);
	}
	t0 = bench_now_ns();
	region_serve(t);
	*ns += bench_now_ns() - t0;
	for (i = 0; i < BATCH; i++) {
		VT_REQUIRE(vring_get(&t->req, &id, &len) && len == 4);
		VT_REQUIRE(t->mem[VTQ_BUFS + 2048 * i + 1024] == S_OK);
	}
}

static void rows(bool packed, bool count)
{
	const struct vtq_cfg cfg = { .packed = packed, .dev = vt_cfg() };
	const struct iom_viommu_ep_cfg e = { .id = 7 };
	const struct vt_req attach = vt_attach_req(1, 7, 0);
	double map[BENCH_RUNS], unmap[BENCH_RUNS];
	unsigned int i, k, n = count ? 200 : 2000;
	uint64_t at;
	struct vtq t;

	vtq_open(&t, &cfg);
	vtq_add(&t, &e);
	VT_REQUIRE(vtq_send(&t, &attach) == S_OK);
	for (i = 0; i < (count ? 1 : BENCH_RUNS); i++) {
		map[i] = unmap[i] = 0;
		for (k = 0; k < n; k++) {
			/* As Linux: top down below 4 GiB; a window of 64 batches is mapped. */
			at = (UINT64_C(1) << 32) - (k % 64 + 1) * BATCH * 4096;
			if (k >= 64)
				batch(&t, false, at, &unmap[i]);
			batch(&t, true, at, &map[i]);
		}
		for (k = 0; k < (n < 64 ? n : 64); k++)
			batch(&t, false, (UINT64_C(1) << 32) - (k + 1) * BATCH * 4096, &unmap[i]);
		map[i] /= n * BATCH;
		unmap[i] /= n * BATCH;
	}
	vtq_close(&t);
	if (count) {
		printf("%u\n", 2 * n * BATCH);
		return;
	}
	bench_row(packed ? "request_map_packed_ns" : "request_map_ns",
		  bench_median(map, BENCH_RUNS), "ns",
		  packed ? "MAP through the packed ring, 16 a kick" : "the split ring");
	bench_row(packed ? "request_unmap_packed_ns" : "request_unmap_ns",
		  bench_median(unmap, BENCH_RUNS), "ns",
		  packed ? "UNMAP through the packed ring, 16 a kick" : "the split ring");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "count")) {
		rows(argc > 2 && !strcmp(argv[2], "packed"), true);
		return 0;
	}
	rows(false, false);
	rows(true, false);
	return 0;
}
