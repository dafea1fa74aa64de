/* SPDX-License-Identifier: BSD-2-Clause */
/* The harness of viommu.h. */
#include <string.h>

#include <iom/base/field.h>

#include "lib/viommu.h"

/* Little-endian by hand: the library's helpers are not used to test it. */
static void put(uint8_t *p, uint64_t v, unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static struct vt_req req(uint8_t type, size_t in_len, size_t out_len)
{
	struct vt_req r;

	memset(&r, 0, sizeof(r));
	r.in[0] = type;
	r.in_len = in_len;
	r.out_len = out_len;
	return r;
}

struct vt_req vt_attach_req(uint32_t domain, uint32_t ep, uint32_t flags)
{
	struct vt_req r = req(1, 20, 4);

	put(r.in + 4, domain, 4);
	put(r.in + 8, ep, 4);
	put(r.in + 12, flags, 4);
	return r;
}

struct vt_req vt_detach_req(uint32_t domain, uint32_t ep)
{
	struct vt_req r = req(2, 20, 4);

	put(r.in + 4, domain, 4);
	put(r.in + 8, ep, 4);
	return r;
}

struct vt_req vt_map_req(uint32_t domain, uint64_t start, uint64_t last, uint64_t gpa,
			 uint32_t flags)
{
	struct vt_req r = req(3, 36, 4);

	put(r.in + 4, domain, 4);
	put(r.in + 8, start, 8);
	put(r.in + 16, last, 8);
	put(r.in + 24, gpa, 8);
	put(r.in + 32, flags, 4);
	return r;
}

struct vt_req vt_unmap_req(uint32_t domain, uint64_t start, uint64_t last)
{
	struct vt_req r = req(4, 28, 4);

	put(r.in + 4, domain, 4);
	put(r.in + 8, start, 8);
	put(r.in + 16, last, 8);
	return r;
}

struct vt_req vt_probe_req(uint32_t ep, uint32_t probe_size)
{
	struct vt_req r = req(5, 72, probe_size + 4);

	put(r.in + 4, ep, 4);
	return r;
}

/* 5.13.6: what the device writes, however much room there is. */
static size_t answer_len(struct iom_viommu_dev *v, const struct vt_req *r)
{
	uint8_t probe_size[4];

	if (r->in[0] != 5)
		return 4;
	iom_viommu_dev_config_read(v, 32, probe_size, 4);
	return 4 + (size_t)(probe_size[0] | probe_size[1] << 8);
}

/* Exact-size heap copies, so that a sanitizer sees a byte too far. */
int vt_send_out(struct iom_viommu_dev *v, const struct vt_req *r, uint8_t *out, size_t *used)
{
	uint8_t *in = malloc(r->in_len ? r->in_len : 1);
	uint8_t *o = malloc(r->out_len ? r->out_len : 1);
	size_t n = 12345, i;
	int status = S_NONE;

	VT_REQUIRE(in && o && r->out_len <= VT_OUT_MAX);
	memcpy(in, r->in, r->in_len);
	memset(o, 0xee, r->out_len);
	VT_REQUIRE(iom_viommu_dev_request(v, in, r->in_len, o, r->out_len, &n) == IOM_OK);
	VT_REQUIRE(n == 0 || n == r->out_len || (n < r->out_len && n == answer_len(v, r)));
	for (i = n; i < r->out_len; i++)
		VT_REQUIRE(o[i] == 0xee);
	if (n) {
		VT_REQUIRE(n >= 4 && o[n - 4] <= S_NOMEM);
		VT_REQUIRE(!o[n - 3] && !o[n - 2] && !o[n - 1]);
		status = o[n - 4];
	}
	VT_REQUIRE(!memcmp(in, r->in, r->in_len));
	if (out)
		memcpy(out, o, n);
	if (used)
		*used = n;
	free(in);
	free(o);
	return status;
}

int vt_send(struct iom_viommu_dev *v, const struct vt_req *r)
{
	return vt_send_out(v, r, NULL, NULL);
}

int vt_attach(struct iom_viommu_dev *v, uint32_t domain, uint32_t ep, uint32_t flags)
{
	struct vt_req r = vt_attach_req(domain, ep, flags);

	return vt_send(v, &r);
}

int vt_detach(struct iom_viommu_dev *v, uint32_t domain, uint32_t ep)
{
	struct vt_req r = vt_detach_req(domain, ep);

	return vt_send(v, &r);
}

int vt_map(struct iom_viommu_dev *v, uint32_t domain, uint64_t start, uint64_t last, uint64_t gpa,
	   uint32_t flags)
{
	struct vt_req r = vt_map_req(domain, start, last, gpa, flags);

	return vt_send(v, &r);
}

int vt_unmap(struct iom_viommu_dev *v, uint32_t domain, uint64_t start, uint64_t last)
{
	struct vt_req r = vt_unmap_req(domain, start, last);

	return vt_send(v, &r);
}

static void on_fault(void *arg, const struct iom_viommu_fault *f)
{
	struct vt *t = arg;

	t->fault[t->nr_faults++ % VT_LOG_MAX] = *f;
}

static void on_trace(void *arg, const struct iom_viommu_trace *tr)
{
	struct vt *t = arg;

	t->trace[t->nr_traces++ % VT_LOG_MAX] = *tr;
}

struct iom_viommu_dev_cfg vt_cfg(void)
{
	struct iom_viommu_dev_cfg cfg;

	memset(&cfg, 0, sizeof(cfg));
	cfg.page_size_mask = ~UINT64_C(0xfff);
	cfg.input.last = UINT64_MAX;
	cfg.domain_last = UINT32_MAX;
	cfg.probe_size = 512;
	cfg.mmio = true;
	cfg.bypass_config = true;
	return cfg;
}

void vt_open(struct vt *t, const struct iom_viommu_dev_cfg *cfg)
{
	struct iom_viommu_dev_cfg c = *cfg;

	memset(t, 0, sizeof(*t));
	plat_test_init(&t->pt);
	c.plat = &t->pt.plat;
	c.fault = on_fault;
	c.trace = on_trace;
	c.arg = t;
	VT_REQUIRE(iom_viommu_dev_create(&c, &t->v) == IOM_OK);
	iom_viommu_dev_accept(t->v, iom_viommu_dev_features(t->v));
	iom_access_join(&t->access, iom_viommu_dev_gate(t->v));
}

void vt_add(struct vt *t, const struct iom_viommu_ep_cfg *cfg)
{
	VT_REQUIRE(t->nr_eps < VT_EPS_MAX);
	VT_REQUIRE(iom_viommu_dev_add_ep(t->v, cfg, &t->ep[t->nr_eps]) == IOM_OK);
	t->ep_id[t->nr_eps++] = cfg->id;
}

void vt_add_plain(struct vt *t, uint32_t id)
{
	struct iom_viommu_ep_cfg cfg;

	memset(&cfg, 0, sizeof(cfg));
	cfg.id = id;
	vt_add(t, &cfg);
}

void vt_close(struct vt *t)
{
	iom_access_leave(&t->access);
	while (t->nr_eps)
		iom_viommu_dev_remove_ep(t->v, t->ep[--t->nr_eps]);
	VT_REQUIRE(iom_viommu_dev_destroy(t->v) == IOM_OK);
	VT_REQUIRE(plat_test_live(&t->pt) == 0);
	VT_REQUIRE(plat_test_live_bytes(&t->pt) == 0);
}

int vt_translate(struct vt *t, unsigned int ep, uint64_t iova, uint64_t len, unsigned int access,
		 struct iom_run *run)
{
	const struct iom_run poison = { 0x5555, 0x6666, 0x7777 };
	struct iom_run r = poison;
	int rc;

	iom_access_begin(&t->access);
	rc = iom_xlate_translate(iom_viommu_dev_xlate(t->ep[ep]), iova, len, access, &r);
	iom_access_end(&t->access);
	if (rc) {
		VT_REQUIRE(rc == IOM_EFAULT || rc == IOM_EACCES);
		VT_REQUIRE(r.gpa == poison.gpa && r.len == poison.len && r.flags == poison.flags);
		return rc;
	}
	VT_REQUIRE(r.len >= 1 && r.len <= len && r.gpa + (r.len - 1) >= r.gpa);
	*run = r;
	return IOM_OK;
}

bool vt_reaches(struct vt *t, unsigned int ep, uint64_t iova, unsigned int access, uint64_t gpa)
{
	struct iom_run run;

	return !vt_translate(t, ep, iova, 1, access | IOM_ACCESS_QUIET, &run) && run.gpa == gpa;
}

bool vt_faults(struct vt *t, unsigned int ep, uint64_t iova, unsigned int access, int reason)
{
	const struct iom_viommu_fault *f;
	unsigned int before = t->nr_faults;
	struct iom_run run;

	if (!vt_translate(t, ep, iova, 1, access, &run) || t->nr_faults != before + 1)
		return false;
	f = &t->fault[before % VT_LOG_MAX];
	return f->reason == reason && f->endpoint == t->ep_id[ep] && f->address == iova &&
	       f->write == !!(access & IOM_ACCESS_WRITE);
}
