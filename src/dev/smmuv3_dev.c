/* SPDX-License-Identifier: BSD-2-Clause */
/* The SMMUv3 model: its life, its ports, its counters. */
#include <iom/base/mem.h>

#include "smmuv3_strict_int.h"

#define TLB_ENTRIES	8192u
#define CONFIG_ENTRIES	256u
#define ATC_TIMEOUT_MS	1000u

extern const struct iom_xlate_ops iomi_smmuv3_dev_xlate_ops;

static bool power_of_two(unsigned int n, unsigned int min, unsigned int max)
{
	return n >= min && n <= max && !(n & (n - 1));
}

static int refuse(struct iom_smmuv3_diag *diag, const char *field, const char *why)
{
	if (diag) {
		diag->field = field;
		diag->why = why;
	}
	return IOM_EINVAL;
}

/* What is not an identification register. */
static int fill_cfg(struct iom_smmuv3_dev_cfg *c, struct iom_smmuv3_diag *diag)
{
	unsigned int i, any = 0;

	if (!c->plat || !c->gmem)
		return refuse(diag, "plat, gmem", "both are needed");
	if (c->mode > IOM_SMMUV3_STEP)
		return refuse(diag, "mode", "INLINE, WORKER or STEP");
	if (c->mode == IOM_SMMUV3_WORKER && !c->wake)
		return refuse(diag, "wake", "WORKER mode needs it");
	if (!c->tlb_entries)
		c->tlb_entries = TLB_ENTRIES;
	if (!c->config_entries)
		c->config_entries = CONFIG_ENTRIES;
	if (!c->atc_timeout_ms)
		c->atc_timeout_ms = ATC_TIMEOUT_MS;
	if (!power_of_two(c->tlb_entries, 64, 1u << 20))
		return refuse(diag, "tlb_entries", "a power of two from 64 to 2^20");
	if (!power_of_two(c->config_entries, 16, 65536))
		return refuse(diag, "config_entries", "a power of two from 16 to 65536");
	for (i = 0; i < 6; i++)
		any |= c->idr[i];
	if (!any)
		iom_smmuv3_dev_default_idr(c->idr);
	return IOM_OK;
}

static int init_strict(struct iom_smmuv3_dev *s)
{
	const struct iom_smmuv3_strict_cfg *cfg = s->cfg.strict;

	s->cfg.strict = NULL;	/* a copy is kept */
	if (!cfg)
		return IOM_OK;
#ifdef IOM_NO_STRICT
	return IOM_EOPNOTSUPP;
#else
	return iomi_smmuv3_strict_create(s, cfg);
#endif
}

/* One lock after the other, so that a failure can undo those before it. */
static int init_parts(struct iom_smmuv3_dev *s)
{
	struct iom_plat *plat = s->plat;
	int rc = plat->ops.lock_init(plat, &s->lock);

	if (rc)
		return rc;
	rc = plat->ops.lock_init(plat, &s->evt_lock);
	if (rc)
		goto err_lock;
	rc = plat->ops.lock_init(plat, &s->ep_lock);
	if (rc)
		goto err_evt;
	rc = iom_access_gate_init(&s->gate, plat);
	if (rc)
		goto err_ep;
	rc = iomi_smmuv3_dev_stall_init(s);
	if (rc)
		goto err_gate;
	rc = iomi_smmuv3_dev_cache_init(s);
	if (rc)
		goto err_stall;
	rc = init_strict(s);
	if (rc)
		goto err_cache;
	return IOM_OK;
err_cache:
	iomi_smmuv3_dev_cache_fini(s);
err_stall:
	iomi_smmuv3_dev_stall_fini(s);
err_gate:
	iom_access_gate_fini(&s->gate);
err_ep:
	plat->ops.lock_fini(plat, &s->ep_lock);
err_evt:
	plat->ops.lock_fini(plat, &s->evt_lock);
err_lock:
	plat->ops.lock_fini(plat, &s->lock);
	return rc;
}

int iom_smmuv3_dev_create(const struct iom_smmuv3_dev_cfg *cfg, struct iom_smmuv3_dev **out,
			  struct iom_smmuv3_diag *diag)
{
	struct iom_smmuv3_dev_cfg c = *cfg;
	struct iom_smmuv3_dev *s;
	void *mem;
	int rc = fill_cfg(&c, diag);

	if (!rc)
		rc = iomi_smmuv3_dev_check_idr(&c, diag);
	if (rc)
		return rc;
	rc = iom_plat_alloc(c.plat, sizeof(*s), 64, &mem);
	if (rc)
		return rc;
	s = mem;
	s->cfg = c;
	s->plat = c.plat;
	iomi_smmuv3_rules_caps(c.idr, &s->caps);
	iom_list_init(&s->eps);
	atomic_init(&s->gen, 1);
	atomic_init(&s->tlb_gen, 1);
	iomi_smmuv3_dev_regs_reset(s);
	rc = init_parts(s);
	if (rc) {
		iom_plat_free(c.plat, s, sizeof(*s));
		return rc;
	}
	*out = s;
	return IOM_OK;
}

int iom_smmuv3_dev_destroy(struct iom_smmuv3_dev *s)
{
	struct iom_plat *plat = s->plat;
	unsigned int ports;

	iom_plat_lock(plat, &s->lock);
	ports = s->nr_ports;
	iom_plat_unlock(plat, &s->lock);
	if (ports)
		return IOM_EBUSY;
	if (SMMU_STRICT(s))
		iomi_smmuv3_strict_destroy(s);
	iomi_smmuv3_dev_cache_fini(s);
	iomi_smmuv3_dev_stall_fini(s);
	iom_access_gate_fini(&s->gate);
	plat->ops.lock_fini(plat, &s->ep_lock);
	plat->ops.lock_fini(plat, &s->evt_lock);
	plat->ops.lock_fini(plat, &s->lock);
	iom_plat_free(plat, s, sizeof(*s));
	return IOM_OK;
}

void iom_smmuv3_dev_reset(struct iom_smmuv3_dev *s)
{
	iom_plat_lock(s->plat, &s->lock);
	iom_plat_lock(s->plat, &s->evt_lock);
	iomi_smmuv3_dev_regs_reset(s);
	iom_plat_unlock(s->plat, &s->evt_lock);
	iomi_smmuv3_dev_forget(s);
	iomi_smmuv3_dev_inv_forget(s);
	iom_plat_unlock(s->plat, &s->lock);
	iom_access_wait(&s->gate);
}

int iom_smmuv3_dev_port_init(struct iom_smmuv3_port *p, struct iom_smmuv3_dev *s, uint32_t sid,
			     struct iom_gmem *gmem)
{
	void *mem;
	int rc = iom_plat_alloc(s->plat, sizeof(*p->own), 16, &mem);

	if (rc)
		return rc;
	memset(p, 0, sizeof(*p));
	p->x.ops = &iomi_smmuv3_dev_xlate_ops;
	p->x.gate = &s->gate;
	p->s = s;
	p->gmem = gmem;
	p->sid = sid;
	p->own = mem;
	iom_plat_lock(s->plat, &s->lock);
	rc = SMMU_STRICT(s) ? iomi_smmuv3_strict_port(p) : IOM_OK;
	if (!rc)
		s->nr_ports++;
	iom_plat_unlock(s->plat, &s->lock);
	if (rc)
		iom_plat_free(s->plat, mem, sizeof(*p->own));
	return rc;
}

void iom_smmuv3_dev_port_fini(struct iom_smmuv3_port *p)
{
	struct iom_smmuv3_dev *s = p->s;

	iom_smmuv3_dev_port_forget(p);
	iom_plat_lock(s->plat, &s->lock);
	s->nr_ports--;
	if (SMMU_STRICT(s))
		iomi_smmuv3_strict_unport(p);
	iom_plat_unlock(s->plat, &s->lock);
	iom_plat_free(s->plat, p->own, sizeof(*p->own));
}

struct iom_access_gate *iom_smmuv3_dev_gate(struct iom_smmuv3_dev *s)
{
	return &s->gate;
}

void iom_smmuv3_dev_stats(struct iom_smmuv3_dev *s, struct iom_smmuv3_stats *st)
{
	memset(st, 0, sizeof(*st));
	iom_plat_lock(s->plat, &s->lock);
	st->commands = s->nr_commands;
	st->syncs = s->nr_syncs;
	st->command_errors = s->nr_command_errors;
	iom_plat_unlock(s->plat, &s->lock);
	iom_plat_lock(s->plat, &s->evt_lock);
	st->events = s->nr_events;
	st->events_lost = s->nr_events_lost;
	st->page_requests = s->nr_page_requests;
	st->page_requests_lost = s->nr_page_requests_lost;
	st->stalls = s->stalls.count;
	iom_plat_unlock(s->plat, &s->evt_lock);
	st->tlb_misses = atomic_load_explicit(&s->nr_misses, memory_order_relaxed);
	st->config_misses = atomic_load_explicit(&s->nr_config_misses, memory_order_relaxed);
	st->translations_refused = atomic_load_explicit(&s->nr_refused, memory_order_relaxed);
}
