/* SPDX-License-Identifier: BSD-2-Clause */
/* Random requests for the model of viommu_model.h, and its comparison with a device. */
#include <string.h>

#include "lib/viommu_model.h"

/* An edge of a place: the start of one, or the end of one. */
static uint64_t random_start(struct test_rng *rng)
{
	return model_range((unsigned int)test_rng_below(rng, MODEL_SLOTS)).start;
}

/* A range that begins and ends at edges; most are short, a few are huge. */
static struct iom_range random_range(struct test_rng *rng)
{
	unsigned int i = (unsigned int)test_rng_below(rng, MODEL_SLOTS), n, k;

	switch (test_rng_below(rng, 16)) {
	case 0:
		return (struct iom_range){ test_rng_below(rng, 4) ? random_start(rng) : 0,
					   UINT64_MAX };
	case 1:
		k = (unsigned int)test_rng_below(rng, MODEL_SLOTS);
		return (struct iom_range){ model_range(i < k ? i : k).start,
					   model_range(i < k ? k : i).last };
	case 2: case 3: case 4: case 5: case 6:
		/* 64 KiB, for the endpoints with that granule. */
		i = (unsigned int)test_rng_below(rng, 3) * (MODEL_WINDOW + 1) +
		    (unsigned int)test_rng_below(rng, 2) * 16;
		n = 16;
		break;
	default:
		n = 1 + (unsigned int)test_rng_below(rng, 4);
		break;
	}
	if (i + n > MODEL_SLOTS)
		n = MODEL_SLOTS - i;
	return (struct iom_range){ model_range(i).start, model_range(i + n - 1).last };
}

static uint64_t random_gpa(struct test_rng *rng)
{
	uint64_t gpa = test_rng_edgy(rng);

	switch (test_rng_below(rng, 16)) {
	case 0:
		return gpa;
	case 1: case 2:
		return 0;
	case 3: case 4: case 5: case 6: case 7: case 8:
		return gpa & ~UINT64_C(0xffff) & (UINT64_MAX >> 2);
	default:
		return gpa & ~UINT64_C(0xfff) & (UINT64_MAX >> 2);
	}
}

static uint32_t random_domain(struct model *m, struct test_rng *rng, bool mostly_used)
{
	/* 1025 shares a hash bucket with 1 if there are 1024 of them. */
	static const uint32_t id[] = { 0, 1, 1, 2, 2, 3, 1025, UINT32_MAX };
	const struct model_domain *d = &m->dom[test_rng_below(rng, MODEL_DOMAINS)];

	if (mostly_used && test_rng_below(rng, 16))
		while (!d->used && test_rng_below(rng, 16))
			d = &m->dom[test_rng_below(rng, MODEL_DOMAINS)];
	return mostly_used && d->used ? d->id : id[test_rng_below(rng, 8)];
}

static uint32_t random_ep(struct model *m, struct test_rng *rng)
{
	if (!test_rng_below(rng, 20))
		return 4242;
	return m->ep[test_rng_below(rng, m->nr_eps)].cfg.id;
}

static struct vt_req random_map(struct model *m, struct test_rng *rng)
{
	struct iom_range r = random_range(rng);
	uint32_t flags = (uint32_t)test_rng_below(rng, 8);

	if (test_rng_below(rng, 3))
		flags &= 3;
	if (!test_rng_below(rng, 30))
		flags |= UINT32_C(1) << test_rng_below(rng, 32);
	/* Off an edge only by what no granule allows: then it must be refused. */
	if (!test_rng_below(rng, 30))
		r.start += 1 + test_rng_below(rng, 0xffe);
	if (!test_rng_below(rng, 30))
		r.last -= 1 + test_rng_below(rng, 0xffe);
	if (!test_rng_below(rng, 40))
		r.last = random_start(rng) - 1;
	return vt_map_req(random_domain(m, rng, true), r.start, r.last, random_gpa(rng), flags);
}

static struct vt_req random_unmap(struct model *m, struct test_rng *rng)
{
	struct iom_range r = random_range(rng);
	struct vt_req req;

	if (!test_rng_below(rng, 6))
		r.start -= test_rng_below(rng, 0x1800);
	if (!test_rng_below(rng, 6))
		r.last += test_rng_below(rng, 0x1800);
	req = vt_unmap_req(random_domain(m, rng, true), r.start, r.last);
	if (!test_rng_below(rng, 40))
		req.in[24 + test_rng_below(rng, 4)] = 1;
	return req;
}

struct vt_req model_random_request(struct model *m, struct test_rng *rng)
{
	uint32_t domain = random_domain(m, rng, test_rng_below(rng, 2)), ep = random_ep(m, rng);
	struct vt_req r;

	switch (test_rng_below(rng, 16)) {
	case 0: case 1:
		r = vt_attach_req(domain, ep, !test_rng_below(rng, 6));
		if (!test_rng_below(rng, 20))
			r.in[12 + test_rng_below(rng, 8)] |= (uint8_t)test_rng_u64(rng);
		break;
	case 2:
		r = vt_detach_req(domain, ep);
		test_rng_fill(rng, r.in + 12, 8);
		break;
	case 3:
		r = vt_probe_req(ep, 512);
		test_rng_fill(rng, r.in + 8, 64);
		break;
	case 4: case 5: case 6: case 7:
		r = random_unmap(m, rng);
		break;
	default:
		r = random_map(m, rng);
		break;
	}
	test_rng_fill(rng, r.in + 1, 3);
	switch (test_rng_below(rng, 60)) {
	case 0:
		r.in_len = test_rng_below(rng, r.in_len);
		break;
	case 1:
		r.out_len = test_rng_below(rng, r.out_len);
		break;
	case 2:
		r.in[0] = (uint8_t)test_rng_u64(rng) & 0xf8;
		break;
	}
	return r;
}

void model_open(struct model *m, struct vt *t, unsigned int variant)
{
	struct iom_viommu_dev_cfg cfg = model_cfg(variant);
	struct iom_viommu_ep_cfg e[MODEL_EPS];
	unsigned int i, n = model_ep_cfgs(e);

	vt_open(t, &cfg);
	model_init(m, &cfg);
	VT_REQUIRE(iom_viommu_dev_features(t->v) == m->offered);
	iom_viommu_dev_accept(t->v, m->accepted);
	for (i = 0; i < n; i++) {
		/* Its input must lie in the device's. */
		if (e[i].input.last && e[i].input.start < cfg.input.start)
			e[i].input.start = cfg.input.start;
		vt_add(t, &e[i]);
		model_add(m, &e[i]);
	}
}

/* One byte, every access; the fault is the one that was reported. */
static void compare_byte(const struct model *m, struct vt *t, unsigned int ep, uint64_t iova)
{
	struct model_access want;
	struct iom_run run;
	unsigned int access, faults;
	int rc;

	for (access = 1; access <= 3; access++) {
		want = model_translate(m, ep, iova, access);
		faults = t->nr_faults;
		rc = vt_translate(t, ep, iova, 1, access, &run);
		VT_REQUIRE(rc == want.rc);
		if (!rc) {
			VT_REQUIRE(run.gpa == want.gpa && run.flags == want.flags && run.len == 1);
			VT_REQUIRE(t->nr_faults == faults);
			continue;
		}
		VT_REQUIRE(t->nr_faults == faults + 1);
		VT_REQUIRE(t->fault[faults % VT_LOG_MAX].reason == want.reason);
		VT_REQUIRE(t->fault[faults % VT_LOG_MAX].address == iova);
		VT_REQUIRE(t->fault[faults % VT_LOG_MAX].endpoint == t->ep_id[ep]);
	}
}

/*
 * The run of bytes from iova that the model would give: to the end of the range
 * or to where address, flags or permission change.
 */
static uint64_t model_run(const struct model *m, unsigned int ep, uint64_t iova, uint64_t last,
			  unsigned int access)
{
	struct model_access first = model_translate(m, ep, iova, access), next;
	unsigned int i;
	uint64_t end = iova;

	for (i = 0; i < MODEL_SLOTS; i++) {
		struct iom_range s = model_range(i);

		if (s.last < iova || s.start > last)
			continue;
		if (s.start > iova) {
			next = model_translate(m, ep, s.start, access);
			if (next.rc || next.flags != first.flags ||
			    next.gpa != first.gpa + (s.start - iova))
				return end;
		}
		end = s.last < last ? s.last : last;
	}
	return end;
}

/* All runs of a range, as far as they go. */
static void compare_runs(const struct model *m, struct vt *t, unsigned int ep, struct iom_range r,
			 unsigned int access)
{
	struct iom_run runs[MODEL_SLOTS];
	uint64_t len = r.last - r.start + 1, done, at = r.start, end;
	struct model_access want;
	size_t n, i;
	int rc;

	if (!len)
		len = r.last;	/* 2^64 bytes do not fit the argument */
	r.last = r.start + (len - 1);
	iom_access_begin(&t->access);
	rc = iom_xlate_runs(iom_viommu_dev_xlate(t->ep[ep]), r.start, len,
			    access | IOM_ACCESS_QUIET, runs, MODEL_SLOTS, &n, &done);
	iom_access_end(&t->access);
	for (i = 0; i < n; i++) {
		want = model_translate(m, ep, at, access);
		end = model_run(m, ep, at, r.last, access);
		VT_REQUIRE(!want.rc && runs[i].gpa == want.gpa && runs[i].flags == want.flags);
		VT_REQUIRE(runs[i].len == end - at + 1);
		at = end + 1;
	}
	VT_REQUIRE(done == at - r.start);
	if (done == len) {
		VT_REQUIRE(rc == IOM_OK);
		return;
	}
	VT_REQUIRE(rc && rc == model_translate(m, ep, at, access).rc);
}

struct dump {
	const struct model *m;
	const struct model_domain *d;
	unsigned int at, seen;
};

/* Mappings come in order, each once, with what the model has. */
static void on_mapping(void *arg, const struct iom_viommu_trace *tr)
{
	struct dump *u = arg;
	unsigned int i, k;

	for (i = u->at; i < MODEL_SLOTS && !u->d->slot[i].mapping; i++)
		;
	VT_REQUIRE(i < MODEL_SLOTS);
	for (k = i; k + 1 < MODEL_SLOTS && u->d->slot[k + 1].mapping == u->d->slot[i].mapping; k++)
		;
	VT_REQUIRE(tr->domain == u->d->id && tr->iova.start == model_range(i).start &&
		   tr->iova.last == model_range(k).last);
	VT_REQUIRE(tr->gpa == u->d->slot[i].gpa && tr->flags == u->d->slot[i].flags);
	u->at = k + 1;
	u->seen++;
}

static void compare_domains(const struct model *m, struct vt *t)
{
	unsigned int i, k, nr = 0, total = 0;

	for (i = 0; i < MODEL_DOMAINS; i++) {
		struct dump u = { m, &m->dom[i], 0, 0 };

		if (!m->dom[i].used)
			continue;
		nr++;
		VT_REQUIRE(!iom_viommu_dev_for_each_mapping(t->v, m->dom[i].id, on_mapping, &u));
		for (k = u.at; k < MODEL_SLOTS; k++)
			VT_REQUIRE(!m->dom[i].slot[k].mapping);
		total += u.seen;
	}
	VT_REQUIRE(total == m->st.mappings);
	VT_REQUIRE(iom_viommu_dev_for_each_mapping(t->v, 999, on_mapping, NULL) == IOM_ENOENT);
}

static void compare_past(const struct model *m, struct vt *t)
{
	struct iom_viommu_ep_stats e;
	struct iom_viommu_stats s;
	unsigned int i;

	iom_viommu_dev_stats(t->v, &s);
	VT_REQUIRE(s.attach == m->st.attach && s.detach == m->st.detach && s.map == m->st.map);
	VT_REQUIRE(s.unmap == m->st.unmap && s.probe == m->st.probe);
	VT_REQUIRE(s.refused == m->st.refused && s.refused_limit == m->st.refused_limit);
	VT_REQUIRE(s.faults == t->nr_faults);
	for (i = 0; i < m->nr_eps; i++) {
		iom_viommu_dev_ep_stats(t->v, t->ep[i], &e);
		VT_REQUIRE(e.maps == m->ep[i].maps && e.unmaps == m->ep[i].unmaps);
	}
}

static void compare_counters(const struct model *m, struct vt *t)
{
	struct iom_viommu_ep_stats e;
	struct iom_viommu_stats s;
	unsigned int i, nr = 0;
	bool attached;
	uint8_t c[40];

	iom_viommu_dev_stats(t->v, &s);
	VT_REQUIRE(s.mappings == m->st.mappings);
	VT_REQUIRE(s.bytes <= s.bytes_peak && (s.mappings || !s.bytes));
	for (i = 0; i < MODEL_DOMAINS; i++)
		nr += m->dom[i].used;
	VT_REQUIRE(s.domains == nr);
	for (i = 0; i < m->nr_eps; i++) {
		iom_viommu_dev_ep_stats(t->v, t->ep[i], &e);
		attached = m->ep[i].domain >= 0;
		VT_REQUIRE(e.id == m->ep[i].cfg.id && e.attached == attached);
		if (attached)
			VT_REQUIRE(e.domain == m->dom[m->ep[i].domain].id &&
				   e.bypass == m->dom[m->ep[i].domain].bypass);
	}
	iom_viommu_dev_config_read(t->v, 0, c, 40);
	VT_REQUIRE(c[36] == m->bypass);
}

void model_compare(const struct model *m, struct vt *t, struct test_rng *rng)
{
	compare_past(m, t);
	model_compare_now(m, t, rng);
}

void model_compare_now(const struct model *m, struct vt *t, struct test_rng *rng)
{
	unsigned int ep, i;
	struct iom_range r;

	compare_counters(m, t);
	compare_domains(m, t);
	for (ep = 0; ep < m->nr_eps; ep++) {
		for (i = 0; i < MODEL_SLOTS; i++) {
			r = model_range(i);
			compare_byte(m, t, ep, r.start + test_rng_below(rng, r.last - r.start + 1));
			if (!test_rng_below(rng, 4)) {
				compare_byte(m, t, ep, r.start);
				compare_byte(m, t, ep, r.last);
			}
		}
		for (i = 1; i <= 3; i++) {
			r.last = UINT64_MAX;
			r.start = model_range((unsigned int)test_rng_below(rng, MODEL_SLOTS)).start;
			compare_runs(m, t, ep, r, i);
			compare_runs(m, t, ep, random_range(rng), i);
		}
	}
}

void model_step(struct model *m, struct vt *t, const struct vt_req *r)
{
	unsigned int traces = t->nr_traces;
	int want = model_request(m, r), got = vt_send(t->v, r);

	if (got != S_OK && got == m->or_status)
		return;
	if (got != want)
		fprintf(stderr, "type %d: status %d, not %d\n", r->in[0], got, want);
	VT_REQUIRE(got == want);
	/* Each that succeeded is traced once; PROBE changes nothing and is not. */
	VT_REQUIRE(t->nr_traces == traces + (got == S_OK && r->in[0] != 5));
}
