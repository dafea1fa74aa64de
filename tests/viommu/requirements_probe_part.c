/* SPDX-License-Identifier: BSD-2-Clause */
/* D31 to D41: PROBE and fault reports. */
#include "lib/viommu_ring.h"
#include "viommu/requirements.h"

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static int probe(struct vt *t, uint32_t ep, uint32_t size, uint8_t out[VT_OUT_MAX], size_t *used)
{
	struct vt_req r = vt_probe_req(ep, size);

	return vt_send_out(t->v, &r, out, used);
}

void D31_probe_ignores_reserved(void **state)
{
	struct vt_req r = vt_probe_req(8, 512);
	struct vt t;

	(void)state;
	open_two(&t);
	memset(r.in + 8, 0xff, 64);
	assert_int_equal(vt_send(t.v, &r), S_OK);
	vt_close(&t);
	PROVED(31, "all 512 bits set");
}

void D32_probe_unknown_endpoint_is_noent(void **state)
{
	uint8_t out[VT_OUT_MAX];
	size_t used, i;
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(probe(&t, 77, 512, out, &used), S_NOENT);
	assert_int_equal(used, 516);
	for (i = 0; i < 512; i++)
		assert_int_equal(out[i], 0);
	vt_close(&t);
	PROVED(32, "used length whole, no property");
}

void D33_probe_without_the_feature_is_not_answered(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct vt_req r = vt_probe_req(8, 512), none = vt_probe_req(8, 0);
	struct vt t;

	(void)state;
	cfg.probe_size = 0;
	vt_open(&t, &cfg);
	assert_false(iom_viommu_dev_features(t.v) & VT_F_PROBE);
	vt_add_plain(&t, 8);
	assert_int_equal(vt_send(t.v, &r), S_NONE);
	assert_int_equal(vt_send(t.v, &none), S_NONE);
	vt_close(&t);
	PROVED(33, "with a buffer of 512 and of none");
}

/* Walks the list by its own lengths only; returns the number of RESV_MEM found. */
static unsigned int walk(const uint8_t *p, uint32_t size, const struct iom_viommu_ep_cfg *e,
			 uint32_t *end)
{
	uint32_t at = 0, type;
	unsigned int n = 0;

	while (at + 4 <= size && (type = (uint32_t)get(p + at, 2)) != 0) {
		assert_int_equal(type, 1);	/* reserved bits 15:12 are 0, too */
		assert_int_equal(get(p + at + 2, 2), 20);
		assert_true(at + 24 <= size);
		assert_int_equal(get(p + at + 5, 3), 0);
		assert_true(n < e->nr_resv);
		assert_int_equal(p[at + 4], e->resv[n].msi);
		assert_true(get(p + at + 8, 8) == e->resv[n].iova.start);
		assert_true(get(p + at + 16, 8) == e->resv[n].iova.last);
		at += 4 + 20;
		n++;
	}
	*end = at;
	return n;
}

static struct iom_viommu_ep_cfg many_resv(unsigned int n)
{
	struct iom_viommu_ep_cfg e = ep_resv(20, 0, 0, false);
	unsigned int i;

	e.nr_resv = n;
	for (i = 0; i < n; i++) {
		e.resv[i].iova.start = (uint64_t)i << 40;
		e.resv[i].iova.last = e.resv[i].iova.start + 0xfffff;
		e.resv[i].msi = i == n / 2;
	}
	return e;
}

void D34_properties_are_contiguous_and_clean(void **state)
{
	struct iom_viommu_ep_cfg e;
	uint8_t out[VT_OUT_MAX];
	uint32_t end;
	unsigned int n;
	size_t used;
	struct vt t;

	(void)state;
	for (n = 0; n <= IOM_VIOMMU_RESV_MAX; n++) {
		open_two(&t);
		e = many_resv(n);
		vt_add(&t, &e);
		assert_int_equal(probe(&t, 20, 512, out, &used), S_OK);
		assert_int_equal(used, 516);
		assert_int_equal(walk(out, 512, &e, &end), n);
		assert_int_equal(end, 24 * n);
		vt_close(&t);
	}
	PROVED(34, "0 to 16 properties, read by their lengths");
}

void D35_properties_that_do_not_fit(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_ep_cfg e = many_resv(2);
	struct iom_viommu_ep *ep;
	uint8_t out[VT_OUT_MAX];
	uint32_t size, end;
	size_t used, i;
	struct vt t;
	int status;

	(void)state;
	/* A configuration that could never answer is refused when it is made. */
	cfg.probe_size = 47;
	vt_open(&t, &cfg);
	assert_int_equal(iom_viommu_dev_add_ep(t.v, &e, &ep), IOM_EINVAL);
	vt_close(&t);
	/* A driver that breaks V12 gets all of the list or none. */
	cfg.probe_size = 512;
	vt_open(&t, &cfg);
	vt_add(&t, &e);
	for (size = 0; size < 512; size++) {
		status = probe(&t, 20, size, out, &used);
		if (status == S_NONE)
			continue;
		assert_int_equal(used, size + 4);
		if (status == S_OK) {
			assert_int_equal(walk(out, size, &e, &end), 2);
		} else {
			assert_int_equal(status, S_INVAL);
			for (i = 0; i < size; i++)
				assert_int_equal(out[i], 0);
		}
		assert_true(size >= 48 || status != S_OK);
	}
	vt_close(&t);
	PROVED(35, "refused in the configuration; buffers of 0 to 511 bytes");
}

void D36_rest_of_properties_is_zero(void **state)
{
	struct iom_viommu_ep_cfg e = many_resv(3);
	uint8_t out[VT_OUT_MAX];
	uint32_t end;
	size_t used, i;
	struct vt t;

	(void)state;
	open_two(&t);
	vt_add(&t, &e);
	assert_int_equal(probe(&t, 20, 512, out, &used), S_OK);
	walk(out, 512, &e, &end);
	for (i = end; i < 512; i++)
		assert_int_equal(out[i], 0);
	vt_close(&t);
	PROVED(36, "buffers full of 0xee before");
}

void D37_one_msi_region_none_overlap(void **state)
{
	struct iom_viommu_ep_cfg e;
	struct iom_viommu_ep *ep;
	struct vt t;

	(void)state;
	open_two(&t);
	e = many_resv(3);
	e.resv[0].msi = true;
	assert_int_equal(iom_viommu_dev_add_ep(t.v, &e, &ep), IOM_EINVAL);
	e = many_resv(3);
	e.resv[2].iova.start = e.resv[1].iova.last;
	assert_int_equal(iom_viommu_dev_add_ep(t.v, &e, &ep), IOM_EINVAL);
	e = many_resv(3);
	e.resv[2].iova = e.resv[0].iova;
	assert_int_equal(iom_viommu_dev_add_ep(t.v, &e, &ep), IOM_EINVAL);
	e = many_resv(3);
	e.resv[1].iova.last = e.resv[1].iova.start - 1;
	assert_int_equal(iom_viommu_dev_add_ep(t.v, &e, &ep), IOM_EINVAL);
	assert_int_equal(vt_attach(t.v, 1, 20, 0), S_NOENT);
	vt_close(&t);
	PROVED(37, "refused in the configuration");
}

void D38_map_over_a_reserved_region(void **state)
{
	struct iom_viommu_ep_cfg e;
	struct iom_run run;
	struct vt t;
	int msi;

	(void)state;
	for (msi = 0; msi < 2; msi++) {
		open_two(&t);
		e = ep_resv(20, 0x8000, 0xbfff, msi);
		vt_add(&t, &e);
		assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
		assert_int_equal(vt_attach(t.v, 1, 20, 0), S_OK);
		assert_int_equal(vt_map(t.v, 1, 0x8000, 0xbfff, 0, VT_RW), S_INVAL);
		assert_int_equal(vt_map(t.v, 1, 0x7000, 0x8fff, 0, VT_RW), S_INVAL);
		assert_int_equal(vt_map(t.v, 1, 0xb000, 0xcfff, 0, VT_RW), S_INVAL);
		assert_int_equal(vt_map(t.v, 1, 0x9000, 0x9fff, 0, VT_RW), S_INVAL);
		assert_int_equal(vt_map(t.v, 1, 0, UINT64_MAX, 0, VT_RW), S_INVAL);
		assert_int_equal(vt_map(t.v, 1, 0x7000, 0x7fff, 0x1000, VT_RW), S_OK);
		assert_int_equal(vt_map(t.v, 1, 0xc000, 0xcfff, 0x2000, VT_RW), S_OK);
		/* A write to the MSI region is a message; all else there is refused. */
		if (msi) {
			assert_int_equal(vt_translate(&t, 2, 0x8040, 4, IOM_ACCESS_WRITE, &run), 0);
			assert_true(run.gpa == 0x8040 && run.flags & IOM_RUN_MSI);
		} else {
			assert_int_not_equal(vt_translate(&t, 2, 0x8040, 4, IOM_ACCESS_WRITE,
							  &run), 0);
		}
		assert_int_not_equal(vt_translate(&t, 0, 0x8040, 4, IOM_ACCESS_WRITE, &run), 0);
		/* Once its owner has left, the region is like any other. */
		assert_int_equal(vt_detach(t.v, 1, 20), S_OK);
		assert_int_equal(vt_map(t.v, 1, 0x8000, 0xbfff, 0, VT_RW), S_OK);
		vt_close(&t);
	}
	PROVED(38, "RESERVED and MSI, of one of two endpoints");
}

static void open_ring(struct vtq *t, bool packed)
{
	const struct vtq_cfg cfg = { .packed = packed, .dev = vt_cfg() };
	const struct iom_viommu_ep_cfg e = { .id = 8 };

	vtq_open(t, &cfg);
	vtq_add(t, &e);
}

/* One fault at iova, as the driver sees it. */
static void fault(struct vtq *t, uint64_t iova, unsigned int access, uint8_t rec[64],
		  uint32_t *len)
{
	struct iom_run run;

	assert_int_not_equal(vtq_translate(t, 0, iova, 1, access, &run), IOM_OK);
	vtq_run(t);
	assert_true(vtq_get_event(t, rec, len));
}

static void check_record(const uint8_t rec[64], uint32_t len, int reason, unsigned int access)
{
	uint32_t flags = (uint32_t)get(rec + 4, 4);

	assert_true(len >= 24 || (len >= 16 && !(flags & 0x100)));
	assert_int_equal(rec[0], reason);
	assert_int_equal(get(rec + 1, 3), 0);
	assert_int_equal(flags & ~0x103u, 0);
	assert_int_equal(flags & 3, access);
	assert_int_equal(get(rec + 8, 4), 8);
	assert_int_equal(get(rec + 12, 4), 0);
}

void D39_fault_record_is_clean(void **state)
{
	struct vt_req a = vt_attach_req(1, 8, 0), m = vt_map_req(1, 0, 0xfff, 0, VT_R);
	uint8_t rec[64];
	uint32_t len;
	struct vtq t;
	int packed;

	(void)state;
	for (packed = 0; packed < 2; packed++) {
		open_ring(&t, packed);
		for (len = 0; len < 8; len++)
			vtq_post_event(&t, len, 24);
		fault(&t, 0x1000, IOM_ACCESS_READ, rec, &len);
		check_record(rec, len, 1, 1);
		fault(&t, 0x1000, IOM_ACCESS_WRITE, rec, &len);
		check_record(rec, len, 1, 2);
		assert_int_equal(vtq_send(&t, &a), S_OK);
		assert_int_equal(vtq_send(&t, &m), S_OK);
		fault(&t, 0x1000, IOM_ACCESS_READ, rec, &len);
		check_record(rec, len, 2, 1);
		fault(&t, 0, IOM_ACCESS_WRITE, rec, &len);
		check_record(rec, len, 2, 2);
		vtq_close(&t);
	}
	PROVED(39, "both reasons, read and write, both rings");
}

void D40_fault_has_its_address(void **state)
{
	struct test_rng rng;
	uint8_t rec[64];
	uint64_t iova;
	uint32_t len;
	struct vtq t;
	int i;

	(void)state;
	test_rng_init(&rng);
	open_ring(&t, false);
	for (i = 0; i < 200; i++) {
		vtq_post_event(&t, (unsigned int)i % 16, 24);
		iova = test_rng_edgy(&rng);
		fault(&t, iova, IOM_ACCESS_READ, rec, &len);
		assert_int_equal(len, 24);
		assert_true(get(rec + 4, 4) & 0x100);
		assert_true(get(rec + 16, 8) == iova);
	}
	vtq_close(&t);
	PROVED(40, "always given: 200 addresses of all 64 bits");
}

void D41_fault_is_not_split(void **state)
{
	struct iom_viommu_vq_stats s;
	struct iom_run run;
	uint8_t rec[64];
	uint32_t len, size;
	struct vtq t;
	size_t i;

	(void)state;
	for (size = 1; size < 64; size++) {
		open_ring(&t, size & 1);
		vtq_post_event(&t, 0, size);
		vtq_post_event(&t, 1, size);
		assert_int_not_equal(vtq_translate(&t, 0, 5, 1, IOM_ACCESS_READ, &run), IOM_OK);
		vtq_run(&t);
		iom_viommu_vq_stats(t.q, &s);
		assert_int_equal(s.events_sent + s.events_dropped, 1);
		assert_int_equal(s.events_sent, size >= 24);
		if (vtq_get_event(&t, rec, &len)) {
			assert_int_equal(len, size >= 24 ? 24 : 0);
			for (i = len; i < 64; i++)
				assert_int_equal(rec[i], 0xee);
		}
		/* Nothing of it is in the second buffer. */
		assert_int_equal(t.mem[VTQ_EVENTS + 64], 0xee);
		vtq_close(&t);
	}
	PROVED(41, "buffers of 1 to 63 bytes: whole or dropped");
}
