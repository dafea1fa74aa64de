/* SPDX-License-Identifier: BSD-2-Clause */
/* What `iom walk` found, for programs. */
#include <stdio.h>

#include <json-c/json.h>

#include <iom/spec/smmuv3.h>
#include <wire/smmuv3_wire.h>

#include "smmu_text.h"
#include "walk.h"

static void add(struct json_object *o, const char *key, struct json_object *v)
{
	json_object_object_add(o, key, v);
}

static void add_hex(struct json_object *o, const char *key, uint64_t v)
{
	add(o, key, iom_tool_json_hex(v));
}

static void add_text(struct json_object *o, const char *key, const char *s)
{
	add(o, key, json_object_new_string(s));
}

static void add_rule(struct json_object *o, const struct iomi_smmuv3_rule *r)
{
	struct json_object *j;

	if (!r)
		return;
	j = json_object_new_object();
	add_text(j, "rule", r->name);
	add_text(j, "section", r->section);
	add_text(j, "text", r->text);
	add(o, "illegal", j);
}

static void add_access(struct json_object *o, unsigned int perms, struct iomi_lpae_mem mem)
{
	char p[IOM_TOOL_PERMS], m[IOM_TOOL_PERMS];

	add_text(o, "permissions", iom_tool_walk_perms(perms, p));
	add(o, "read", json_object_new_boolean(perms & (IOMI_LPAE_UR | IOMI_LPAE_PR)));
	add(o, "write", json_object_new_boolean(perms & (IOMI_LPAE_UW | IOMI_LPAE_PW)));
	add(o, "execute", json_object_new_boolean(perms & (IOMI_LPAE_UX | IOMI_LPAE_PX)));
	add(o, "privileged", json_object_new_boolean(
		!(perms & (IOMI_LPAE_UR | IOMI_LPAE_UW))));
	add_text(o, "memory", iom_tool_walk_mem(mem, m));
}

/* --- list ------------------------------------------------------------------ */

static struct json_object *json_run(const struct iom_tool_run *r, bool nested)
{
	struct json_object *o = json_object_new_object();

	add_hex(o, "start", r->start);
	add_hex(o, "last", r->last);
	if (nested)
		add_hex(o, "ipa", r->ipa);
	if (!r->s2_fault)
		add_hex(o, "pa", r->pa);
	add_access(o, r->perms, r->mem);
	add(o, "leaf_lg2", json_object_new_int(r->leaf_lg2));
	add(o, "leaves", json_object_new_int64(r->n_leaves));
	add(o, "accessed", json_object_new_boolean(r->af));
	return o;
}

static struct json_object *json_ctx(struct iom_tool_walk *w, const struct iom_tool_list *l,
				    const struct iom_tool_stream *s, const struct iom_tool_ctx *c)
{
	bool nested = c->has_cd && (s->ste[0] & SMMU_STE0_CONFIG) == SMMU_STE0_CONFIG;
	struct json_object *o = json_object_new_object(), *a = json_object_new_array();
	struct iom_tool_decoded d;
	struct iom_tool_run run;
	unsigned int i = 0;

	if (c->ssid >= 0)
		add(o, "ssid", json_object_new_int64(c->ssid));
	if (c->has_cd) {
		add_hex(o, "address", c->cd_pa);
		iom_tool_smmu_cd(c->cd, s->ste, &w->caps, &d);
		add(o, "cd", iom_tool_smmu_json(&d));
	}
	add_rule(o, c->broken);
	while (iom_tool_walk_join(l, c, &i, &run))
		json_object_array_add(a, json_run(&run, nested));
	add(o, "tables", json_object_new_int64(c->n_tables));
	add(o, "mappings", a);
	return o;
}

struct json_object *iom_tool_walk_json_list(struct iom_tool_walk *w,
					    const struct iom_tool_list *l)
{
	struct json_object *o = json_object_new_object(), *a = json_object_new_array();
	struct iom_tool_decoded d;
	unsigned int i, k;

	for (i = 0; i < l->n_streams; i++) {
		const struct iom_tool_stream *s = &l->streams[i];
		struct json_object *j = json_object_new_object(), *ctxs = json_object_new_array();

		add(j, "sid", json_object_new_int64(s->sid));
		add_hex(j, "address", s->ste_pa);
		add_text(j, "config", iom_tool_walk_config(s->ste));
		iom_tool_smmu_ste(s->ste, &w->caps, &d);
		add(j, "ste", iom_tool_smmu_json(&d));
		add_rule(j, s->broken);
		for (k = 0; k < s->n_ctxs; k++)
			json_object_array_add(ctxs, json_ctx(w, l, s, &l->ctxs[s->first_ctx + k]));
		add(j, "contexts", ctxs);
		json_object_array_add(a, j);
	}
	add(o, "streams", a);
	add(o, "abort", json_object_new_int64((int64_t)l->n_abort));
	add(o, "invalid", json_object_new_int64((int64_t)l->n_invalid));
	return o;
}

/* --- one access ------------------------------------------------------------ */

static struct json_object *json_step(struct iom_tool_walk *w, const struct iom_tool_step *s)
{
	static const uint64_t no_ste[8];
	struct json_object *o = json_object_new_object();
	struct iom_tool_decoded d;

	switch (s->kind) {
	case STEP_L1STD:
		iom_tool_smmu_l1std(s->w, 0, &d);
		break;
	case STEP_STE:
		iom_tool_smmu_ste(s->w, &w->caps, &d);
		break;
	case STEP_L1CD:
		iom_tool_smmu_l1cd(s->w, &d);
		break;
	case STEP_CD:
		iom_tool_smmu_cd(s->w, no_ste, &w->caps, &d);
		break;
	default:
		iom_tool_smmu_pte(s->fmt, s->level, s->w[0], &d);
		add(o, "stage", json_object_new_int(s->kind == STEP_S1 ? 1 : 2));
		add(o, "level", json_object_new_int(s->level));
		add(o, "index", json_object_new_int64((int64_t)s->index));
		add_hex(o, "input", s->input);
		break;
	}
	add_hex(o, "address", s->pa);
	add(o, "entry", iom_tool_smmu_json(&d));
	return o;
}

struct json_object *iom_tool_walk_json_trace(struct iom_tool_walk *w,
					     const struct iom_tool_trace *t,
					     const struct iom_tool_result *r)
{
	static const char *const class[] = { "CD", "TT", "IN", "?" };
	struct json_object *o = json_object_new_object(), *a = json_object_new_array();
	unsigned int i;

	for (i = 0; i < t->n; i++)
		json_object_array_add(a, json_step(w, &t->step[i]));
	add(o, "steps", a);
	add(o, "ok", json_object_new_boolean(r->ok));
	if (r->ok) {
		add_hex(o, "pa", r->pa);
		if (r->has_mem)
			add_access(o, r->perms, r->mem);
		return o;
	}
	if (r->event)
		add_text(o, "event", iomi_smmuv3_wire_event_name(r->event));
	if (r->event >= SMMU_EVT_F_TRANSLATION) {
		add(o, "s2", json_object_new_boolean(r->s2));
		add_text(o, "class", class[r->class & 3]);
	}
	add_text(o, "why", r->why);
	return o;
}
