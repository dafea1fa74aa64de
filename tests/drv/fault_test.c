/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SMMUv3 driver where the device waits for an answer: stalls and page
 * requests, answered at once or later; and dirty bits that the SMMU keeps. D2.
 */
#include <iom/spec/smmuv3.h>

#include "lib/drv_box.h"
#include "lib/test.h"

static const uint32_t sids[] = { 0x8, 0x10 };

#define IOVA	UINT64_C(0x40000)
#define PA	UINT64_C(0x80200000)

struct box {
	struct drv_box b;
	struct iom_domain *d;
	struct iom_smmuv3_stream st;
	enum iom_fault_answer answer;
	bool map;			/* before answering */
	unsigned int told, resumed;
	struct iom_fault f;
	enum iom_smmuv3_resume how;
	struct iom_smmuv3_ep ep;
	unsigned int responses;
	enum iom_smmuv3_prg_code code;
};

static struct box x;

static void map(void)
{
	const struct iom_range r = { IOVA, IOVA + 0xfff };

	assert_int_equal(iom_domain_map(x.d, r, PA, IOM_PT_READ | IOM_PT_WRITE), IOM_OK);
}

static enum iom_fault_answer on_fault(void *arg, const struct iom_fault *f)
{
	(void)arg;
	x.told++;
	x.f = *f;
	if (x.map)
		map();
	return x.answer;
}

static void on_resumed(struct iom_smmuv3_port *p, enum iom_smmuv3_resume how)
{
	(void)p;
	x.resumed++;
	x.how = how;
}

static void open_box(const uint32_t idr[6], const struct iom_pt_format *format, bool stall,
		     bool dirty)
{
	const struct iom_smmuv3_stream_cfg sc = { .stall = stall };
	struct drv_box_cfg cfg = { .s1 = &iom_smmuv3_drv_s1, .fault = on_fault };
	struct iom_domain_cfg dc = { 0 };

	memset(&x, 0, sizeof(x));
	memcpy(cfg.idr, idr, sizeof(cfg.idr));
	drv_box_init(&x.b, &cfg, sids, 2);
	if (stall)
		iom_smmuv3_dev_port_stalls(&x.b.port[0], on_resumed);
	dc.plat = &x.b.pt.plat;
	dc.dmem = &x.b.dmem;
	dc.pt = (struct iom_pt_cfg){
		.format = format, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44, .dirty = dirty,
	};
	assert_int_equal(iom_domain_create(&dc, &x.d), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_stream_add(x.b.drv, &x.st, sids[0], &sc), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach(&x.st, x.d), IOM_OK);
}

static void close_box(void)
{
	assert_int_equal(iom_smmuv3_drv_stream_remove(&x.st), IOM_OK);
	assert_int_equal(iom_domain_destroy(x.d), IOM_OK);
	drv_box_fini(&x.b, 2);
}

static int dma(unsigned int access)
{
	uint64_t pa = 0;
	int rc = drv_box_dma(&x.b, 0, IOVA + 0x10, access, &pa);

	if (!rc)
		assert_int_equal(pa, PA + 0x10);
	return rc;
}

/* --- stalls --- */

static void stall_idr(uint32_t idr[6])
{
	iom_smmuv3_dev_default_idr(idr);
	idr[0] &= ~SMMU_IDR0_STALL_MODEL;	/* both */
	idr[5] |= IOM_FIELD_PREP(SMMU_IDR5_STALL_MAX, 16u);
}

static void stall_one(const struct iom_pt_format *format)
{
	uint32_t idr[6];

	stall_idr(idr);
	open_box(idr, format, true, false);
	/* Mapped by the handler, and tried again. */
	x.answer = IOM_FAULT_RETRY;
	x.map = true;
	assert_int_equal(dma(IOM_ACCESS_WRITE), IOM_EAGAIN);
	iom_smmuv3_drv_irq(x.b.drv);
	assert_int_equal(x.told, 1);
	assert_true(x.f.flags & IOM_FAULT_STALLED);
	assert_int_equal(x.f.iova, IOVA + 0x10);
	assert_int_equal(x.resumed, 1);
	assert_int_equal(x.how, IOM_SMMUV3_RETRY);
	assert_int_equal(dma(IOM_ACCESS_WRITE), IOM_OK);
	/* Aborted. */
	assert_int_equal(iom_domain_unmap(x.d, (struct iom_range){ IOVA, IOVA + 0xfff }), IOM_OK);
	x.answer = IOM_FAULT_ABORT;
	x.map = false;
	assert_int_equal(dma(IOM_ACCESS_READ), IOM_EAGAIN);
	iom_smmuv3_drv_irq(x.b.drv);
	assert_int_equal(x.how, IOM_SMMUV3_ABORT);
	assert_int_equal(dma(IOM_ACCESS_READ), IOM_EFAULT);
	/* Later, once. */
	x.answer = IOM_FAULT_LATER;
	assert_int_equal(dma(IOM_ACCESS_READ), IOM_EAGAIN);
	iom_smmuv3_drv_irq(x.b.drv);
	assert_int_equal(x.resumed, 2);
	assert_int_equal(iom_smmuv3_drv_resume(x.b.drv, &x.f, IOM_FAULT_LATER), IOM_EINVAL);
	map();
	assert_int_equal(iom_smmuv3_drv_resume(x.b.drv, &x.f, IOM_FAULT_RETRY), IOM_OK);
	assert_int_equal(x.resumed, 3);
	assert_int_equal(dma(IOM_ACCESS_READ), IOM_OK);
	close_box();
}

static void stalls(void **state)
{
	(void)state;
	stall_one(&iom_pt_arm_s1);
	stall_one(&iom_pt_arm_s2);
}

/* A stream that was not said to wait is never held, though the SMMU could. */
static void never_stalls(void **state)
{
	uint32_t idr[6];

	(void)state;
	stall_idr(idr);
	open_box(idr, &iom_pt_arm_s1, false, false);
	assert_int_equal(dma(IOM_ACCESS_READ), IOM_EFAULT);
	iom_smmuv3_drv_irq(x.b.drv);
	assert_int_equal(x.told, 1);
	assert_false(x.f.flags & IOM_FAULT_STALLED);
	assert_int_equal(x.resumed, 0);
	close_box();
}

/* 5.2: a stage 2 that stalls and ATS do not go together; stage 1 is as the CD says. */
static void no_ats(void **state)
{
	uint32_t idr[6];

	(void)state;
	stall_idr(idr);
	iom_smmuv3_dev_ats_idr(idr);
	open_box(idr, &iom_pt_arm_s2, true, false);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&x.st, true), IOM_EOPNOTSUPP);
	map();
	assert_int_equal(dma(IOM_ACCESS_READ), IOM_OK);
	close_box();
}

/* --- page requests --- */

static int no_atc(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_inv *inv)
{
	(void)ep;
	(void)inv;
	return IOM_OK;
}

static void on_respond(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_prg_resp *resp)
{
	(void)ep;
	x.responses++;
	x.code = resp->code;
	assert_int_equal(resp->prgindex, 7);
}

static void page_request(bool last)
{
	const struct iom_smmuv3_page_request req = {
		.iova = IOVA, .read = true, .write = true, .last = last, .prgindex = 7,
	};
	struct iom_smmuv3_prg_resp resp;

	iom_access_begin(&x.b.access[0]);
	assert_false(iom_smmuv3_dev_page_request(&x.b.port[0], &req, &resp));
	iom_access_end(&x.b.access[0]);
}

static void page_requests(void **state)
{
	static const struct iom_smmuv3_ep_ops ops = { .invalidate = no_atc, .respond = on_respond };
	uint32_t idr[6];

	(void)state;
	iom_smmuv3_dev_default_idr(idr);
	iom_smmuv3_dev_ats_idr(idr);
	open_box(idr, &iom_pt_arm_s1, false, false);
	iom_smmuv3_dev_ep_attach(&x.ep, x.b.dev, sids[0], &ops);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&x.st, true), IOM_OK);
	/* A group of two: one answer, to the last. */
	x.answer = IOM_FAULT_RETRY;
	page_request(false);
	iom_smmuv3_drv_irq(x.b.drv);
	assert_int_equal(x.told, 1);
	assert_int_equal(x.responses, 0);
	x.map = true;
	page_request(true);
	iom_smmuv3_drv_irq(x.b.drv);
	assert_int_equal(x.told, 2);
	assert_int_equal(x.f.flags, IOM_FAULT_PAGE_REQUEST | IOM_FAULT_LAST | IOM_FAULT_READ |
				    IOM_FAULT_WRITE);
	assert_int_equal(x.f.iova, IOVA);
	assert_int_equal(x.responses, 1);
	assert_int_equal(x.code, IOM_SMMUV3_PRG_SUCCESS);
	x.answer = IOM_FAULT_ABORT;
	x.map = false;
	page_request(true);
	iom_smmuv3_drv_irq(x.b.drv);
	assert_int_equal(x.responses, 2);
	assert_int_equal(x.code, IOM_SMMUV3_PRG_INVALID);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&x.st, false), IOM_OK);
	iom_smmuv3_dev_ep_detach(&x.ep);
	close_box();
}

/* --- dirty bits --- */

struct dirt {
	struct iom_pt_dirty v;
	unsigned int pages;
	uint64_t first;
};

static void on_dirty(struct iom_pt_dirty *v, struct iom_range r)
{
	struct dirt *d = IOM_CONTAINER_OF(v, struct dirt, v);

	if (!d->pages)
		d->first = r.start;
	d->pages += (unsigned int)((r.last - r.start + 1) >> 12);
}

static struct dirt dirty_now(void)
{
	struct dirt d = { .v = { on_dirty } };

	assert_int_equal(iom_domain_dirty(x.d, (struct iom_range){ IOVA, IOVA + 0x7fff }, &d.v),
			 IOM_OK);
	return d;
}

/* What is written after a look is seen by the next, whatever the TLB holds. */
static void dirty_one(const struct iom_pt_format *format)
{
	const struct iom_range r = { IOVA, IOVA + 0x7fff };
	uint32_t idr[6];
	uint64_t pa;
	unsigned int i;

	iom_smmuv3_dev_default_idr(idr);
	idr[0] |= IOM_FIELD_PREP(SMMU_IDR0_HTTU, SMMU_HTTU_AF_DIRTY);
	open_box(idr, format, false, true);
	assert_int_equal(iom_domain_map(x.d, r, 0x80201000, IOM_PT_READ | IOM_PT_WRITE), IOM_OK);
	dirty_now();			/* a mapping begins dirty */
	assert_int_equal(dirty_now().pages, 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(drv_box_dma(&x.b, 0, IOVA + 0x3000, IOM_ACCESS_READ, &pa), IOM_OK);
		assert_int_equal(dirty_now().pages, 0);
		assert_int_equal(drv_box_dma(&x.b, 0, IOVA + 0x3000, IOM_ACCESS_WRITE, &pa),
				 IOM_OK);
		assert_int_equal(dirty_now().first, IOVA + 0x3000);
		assert_int_equal(dirty_now().pages, 0);
	}
	close_box();
}

static void dirty(void **state)
{
	(void)state;
	dirty_one(&iom_pt_arm_s1);
	dirty_one(&iom_pt_arm_s2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stalls),
		cmocka_unit_test(never_stalls),
		cmocka_unit_test(no_ats),
		cmocka_unit_test(page_requests),
		cmocka_unit_test(dirty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
