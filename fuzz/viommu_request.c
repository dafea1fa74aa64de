/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of a hostile driver to the virtio-iommu, several endpoints, with
 * translations, resets, configuration writes and saved state between them. The
 * input is a list of records; the first byte of each is the operation:
 *
 *	00-7f	raw request: that many readable bytes (80 at most), then a byte
 *		for the writable length, then the bytes
 *	80-9f	MAP: domain, page, number of pages, gpa page, flags
 *	a0-bf	UNMAP: domain, page, number of pages
 *	c0-cf	ATTACH: domain, endpoint, flags
 *	d0-d7	DETACH: domain, endpoint
 *	d8-df	reset, then the features that are accepted
 *	e0-ef	translation: endpoint, page, length, access
 *	f0-f7	save, restore into the same device, save: nothing changes
 *	f8-ff	configuration write
 *
 * Pages are scaled by the low bits of the operation, so that all 64 bits are
 * reached by one byte. vt_send_out() holds what is true for each answer.
 */
#include <string.h>

#include "lib/viommu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p;
	size_t left;
};

static uint8_t next(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static uint64_t page(struct input *in, uint8_t op)
{
	uint64_t v = next(in);

	/* The upper half counts down from the top. */
	return v < 128 ? v << (12 + 3 * (op & 0xf)) : UINT64_MAX - ((256 - v) << 12) + 1;
}

static void raw(struct vt *t, struct input *in, uint8_t op)
{
	struct vt_req r;
	uint8_t w = next(in);
	size_t i;

	memset(&r, 0, sizeof(r));
	r.in_len = op < sizeof(r.in) ? op : sizeof(r.in);
	r.out_len = w < 250 ? w : w < 255 ? 516 : 1024;
	for (i = 0; i < r.in_len; i++)
		r.in[i] = next(in);
	vt_send(t->v, &r);
}

static void map(struct vt *t, struct input *in, uint8_t op, bool unmap)
{
	uint32_t domain = next(in) & 3;
	uint64_t start = page(in, op), len = (uint64_t)next(in) << (12 + 3 * (op & 0xf));
	uint64_t last = start + (len - 1), gpa;

	if (unmap) {
		vt_unmap(t->v, domain, start, last);
		return;
	}
	gpa = page(in, op);
	vt_map(t->v, domain, start, last, gpa, next(in));
}

static void translate(struct vt *t, struct input *in, uint8_t op)
{
	unsigned int ep = next(in) % t->nr_eps, access;
	uint64_t iova = page(in, op), len = 1 + ((uint64_t)next(in) << (op & 0xf));
	struct iom_run run[4];
	uint64_t done;
	size_t n, i;
	int rc;

	access = next(in) & 3;
	if (!access || iova + (len - 1) < iova)
		return;
	vt_translate(t, ep, iova, len, access, run);
	iom_access_begin(&t->access);
	rc = iom_xlate_runs(iom_viommu_dev_xlate(t->ep[ep]), iova, len, access, run, 4, &n, &done);
	iom_access_end(&t->access);
	VT_REQUIRE(n <= 4 && done <= len && (rc || done == len || n == 4));
	for (i = 0; i < n; i++) {
		VT_REQUIRE(run[i].len && run[i].len <= done);
		done -= run[i].len;
	}
	VT_REQUIRE(!done);
}

static void round_trip(struct vt *t)
{
	static uint8_t a[1 << 17], b[1 << 17];
	size_t len, again, used;

	if (iom_viommu_dev_save(t->v, a, sizeof(a), &len))
		return;
	VT_REQUIRE(iom_viommu_dev_restore(t->v, a, len, &used) == IOM_OK && used == len);
	VT_REQUIRE(iom_viommu_dev_save(t->v, b, sizeof(b), &again) == IOM_OK && again == len);
	/* The order of domains with one hash may differ once; after that it is stable. */
	VT_REQUIRE(iom_viommu_dev_restore(t->v, b, len, &used) == IOM_OK);
}

static void configure(struct vt *t, struct input *in)
{
	uint8_t off = next(in), val[8], i;

	for (i = 0; i < 8; i++)
		val[i] = next(in);
	iom_viommu_dev_config_write(t->v, off, val, 1 + (off & 7));
	iom_viommu_dev_config_read(t->v, off, val, 1 + (off & 7));
	iom_viommu_dev_config_read(t->v, 36, val, 1);
	VT_REQUIRE(val[0] <= 1);
}

static void one(struct vt *t, struct input *in)
{
	uint8_t op = next(in), a, b;

	if (op < 0x80) {
		raw(t, in, op);
	} else if (op < 0xc0) {
		map(t, in, op, op >= 0xa0);
	} else if (op < 0xd0) {
		a = next(in);
		b = next(in);
		vt_attach(t->v, a & 3, b % 5, next(in));
	} else if (op < 0xd8) {
		a = next(in);
		vt_detach(t->v, a & 3, next(in) % 5);
	} else if (op < 0xe0) {
		iom_viommu_dev_reset(t->v, op & 1);
		iom_viommu_dev_accept(t->v, next(in));
	} else if (op < 0xf0) {
		translate(t, in, op);
	} else if (op < 0xf8) {
		round_trip(t);
	} else {
		configure(t, in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_ep_cfg e = { .id = 0, .nr_resv = 1,
		.resv[0] = { { 0xfee00000, 0xfeefffff }, true } };
	struct input in = { data, size };
	struct iom_viommu_stats s;
	struct vt t;

	cfg.limits.max_bytes = 1 << 16;
	cfg.limits.max_domains = 3;
	vt_open(&t, &cfg);
	vt_add(&t, &e);
	vt_add_plain(&t, 1);
	e = (struct iom_viommu_ep_cfg){ .id = 2, .page_size_mask = ~UINT64_C(0xffff) };
	vt_add(&t, &e);
	e = (struct iom_viommu_ep_cfg){ .id = 3, .input = { 0x1000, UINT64_MAX >> 1 } };
	vt_add(&t, &e);
	while (in.left) {
		one(&t, &in);
		iom_viommu_dev_stats(t.v, &s);
		VT_REQUIRE(s.bytes <= cfg.limits.max_bytes && s.domains <= 3);
	}
	vt_close(&t);
	return 0;
}
