/* SPDX-License-Identifier: BSD-2-Clause */
/* What `iom serve` tells: the log of requests while it runs, the report at the end. */
#include <inttypes.h>

#include <json-c/json.h>

#include "serve.h"

/* --- the log: one line a request, in the order of execution --------------- */

void iom_tool_serve_trace(void *arg, const struct iom_viommu_trace *t)
{
	struct serve *s = arg;

	pthread_mutex_lock(&s->log_lock);
	switch (t->op) {
	case IOM_VIOMMU_TRACE_ATTACH:
		fprintf(s->log, "attach 0x%x 0x%x 0x%x\n", t->domain, t->endpoint, t->flags);
		break;
	case IOM_VIOMMU_TRACE_DETACH:
		fprintf(s->log, "detach 0x%x 0x%x\n", t->domain, t->endpoint);
		break;
	case IOM_VIOMMU_TRACE_MAP:
		fprintf(s->log, "map 0x%x 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x%x\n",
			t->domain, t->iova.start, t->iova.last, t->gpa, t->flags);
		break;
	case IOM_VIOMMU_TRACE_UNMAP:
		fprintf(s->log, "unmap 0x%x 0x%" PRIx64 " 0x%" PRIx64 "\n", t->domain,
			t->iova.start, t->iova.last);
		break;
	}
	pthread_mutex_unlock(&s->log_lock);
}

void iom_tool_serve_fault(void *arg, const struct iom_viommu_fault *f)
{
	struct serve *s = arg;

	pthread_mutex_lock(&s->log_lock);
	fprintf(s->log, "fault 0x%x 0x%" PRIx64 " %c\n", f->endpoint, f->address,
		f->write ? 'W' : 'R');
	pthread_mutex_unlock(&s->log_lock);
}

void iom_tool_serve_flush_log(struct serve *s)
{
	if (!s->log)
		return;
	pthread_mutex_lock(&s->log_lock);
	fflush(s->log);
	pthread_mutex_unlock(&s->log_lock);
}

/* --- the report ----------------------------------------------------------- */

static void put(struct json_object *o, const char *key, uint64_t val)
{
	json_object_object_add(o, key, json_object_new_uint64(val));
}

static struct json_object *iommu_report(const struct serve_fn *f)
{
	struct json_object *o = json_object_new_object(), *req = json_object_new_object();
	struct iom_viommu_stats st;

	iom_viommu_dev_stats(iom_viommu_vq_dev(f->viommu), &st);
	json_object_object_add(o, "name", json_object_new_string(f->name));
	put(req, "attach", st.attach);
	put(req, "detach", st.detach);
	put(req, "map", st.map);
	put(req, "unmap", st.unmap);
	put(req, "probe", st.probe);
	json_object_object_add(o, "requests", req);
	put(o, "refused", st.refused);
	put(o, "faults", st.faults);
	put(o, "domains", st.domains);
	put(o, "mappings", st.mappings);
	put(o, "mapping_bytes_peak", st.bytes_peak);
	return o;
}

static void ep_stats(const struct serve_fn *f, struct iom_viommu_ep_stats *st)
{
	iom_viommu_dev_ep_stats(iom_viommu_vq_dev(f->iommu->viommu), f->ep, st);
}

static struct json_object *ep_report(const struct serve_fn *f)
{
	struct json_object *o = json_object_new_object();
	struct iom_viommu_ep_stats st;

	ep_stats(f, &st);
	json_object_object_add(o, "name", json_object_new_string(f->name));
	json_object_object_add(o, "bdf", json_object_new_string(f->bdf));
	put(o, "id", st.id);
	json_object_object_add(o, "domain", st.attached ? json_object_new_int64(st.domain) : NULL);
	put(o, "maps", st.maps);
	put(o, "unmaps", st.unmaps);
	put(o, "bytes_read", atomic_load(&f->xg.bytes_read));
	put(o, "bytes_written", atomic_load(&f->xg.bytes_written));
	put(o, "faults", st.faults);
	return o;
}

struct json_object *iom_tool_serve_report(struct serve *s)
{
	struct json_object *iommus = json_object_new_array(), *eps = json_object_new_array();
	struct json_object *o = json_object_new_object();
	unsigned int i;

	for (i = 0; i < s->nr_fns; i++) {
		if (s->fn[i].viommu)
			json_object_array_add(iommus, iommu_report(&s->fn[i]));
		if (s->fn[i].ep)
			json_object_array_add(eps, ep_report(&s->fn[i]));
	}
	json_object_object_add(o, "iommus", iommus);
	json_object_object_add(o, "endpoints", eps);
	if (s->front)
		s->front->report(s->front, o);
	return o;
}

void iom_tool_serve_print_report(struct serve *s)
{
	struct iom_viommu_ep_stats st;
	unsigned int i;

	printf("%-24s %-8s %8s %10s %10s %14s %8s\n", "endpoint", "at", "domain", "maps", "unmaps",
	       "bytes moved", "faults");
	for (i = 0; i < s->nr_fns; i++) {
		const struct serve_fn *f = &s->fn[i];
		char domain[16] = "-";

		if (!f->ep)
			continue;
		ep_stats(f, &st);
		if (st.attached)
			snprintf(domain, sizeof(domain), "%" PRIu32, st.domain);
		printf("%-24s %-8s %8s %10" PRIu64 " %10" PRIu64 " %14" PRIu64 " %8" PRIu64 "\n",
		       f->name, f->bdf, domain, st.maps, st.unmaps,
		       atomic_load(&f->xg.bytes_read) + atomic_load(&f->xg.bytes_written),
		       st.faults);
	}
}
