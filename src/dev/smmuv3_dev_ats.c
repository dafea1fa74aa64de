/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ATS: translation requests (3.9.1), which run on the accessing thread, and the
 * endpoints that commands are for (4.5). A request has an order of its own: the
 * STE says whether ATS is on, before a CD is looked for.
 *
 * ep_lock keeps the list of endpoints and what they have not answered yet. Each
 * has a time of its own, which begins anew with each answer: one that is late
 * fails the next CMD_SYNC, once, and what the others owe stays out (4.7.3). A tag
 * is the endpoint's round. After a time-out it has another, and an answer of an
 * earlier one is too late.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_int.h"
#include "wire/smmuv3_wire.h"

#define NS_PER_MS	UINT64_C(1000000)

/* --- translation requests --- */

struct request {
	struct iom_smmuv3_port *p;
	struct smmu_txn t;		/* without READ and WRITE */
	bool write, exec;		/* asked for */
	bool quiet;
	struct iom_smmuv3_ats_resp *resp;
	uint64_t *ev;
};

static void record(const struct request *r, const struct smmu_fault *f)
{
	memcpy(r->ev, f->ev, sizeof(f->ev));
	if (r->quiet)
		return;
	if (SMMU_STRICT(r->p->s))
		iomi_smmuv3_strict_event(r->p->s, r->p->gmem, f);
	else
		iomi_smmuv3_dev_event(r->p->s, r->p->gmem, f);
}

/* 7.3.6: the permissions are those asked for, before the STE's overrides; R is always. */
static void unsupported(const struct request *r, bool mev)
{
	const struct smmuv3_wire_event e = {
		.id = SMMU_EVT_F_BAD_ATS_TREQ, .sid = r->t.sid, .ssv = r->t.ssv, .ssid = r->t.ssid,
		.ats_r = true, .ats_w = r->write, .ats_x = r->exec, .ats_priv = r->resp->priv,
		.span = 1, .input_addr = r->t.iova,
	};
	struct smmu_fault f = { .mergeable = mev, .id = e.id };

	iomi_smmuv3_wire_pack_event(&e, f.ev);
	record(r, &f);
	r->resp->status = IOM_SMMUV3_ATS_UR;
}

/* Faults of a page, at either stage and for whatever was read: "not now". The others: CA. */
static void refused(const struct request *r, const struct smmu_fault *f)
{
	if (f->id >= SMMU_EVT_F_TRANSLATION && f->id <= SMMU_EVT_F_PERMISSION)
		return;
	r->resp->status = IOM_SMMUV3_ATS_CA;
	if (f->ev[0] && (atomic_load(&r->p->s->cr2) & SMMU_CR2_REC_CFG_ATS))
		record(r, f);
}

/* STE.INSTCFG, as the context has it (13.7.1). */
enum inst { INST_INCOMING, INST_DATA, INST_INST };

static enum inst inst_cfg(const struct smmu_ctx *c)
{
	if (c->acc_or & IOM_SMMUV3_INST)
		return INST_INST;
	return c->acc_and & IOM_SMMUV3_INST ? INST_INCOMING : INST_DATA;
}

/* What of a leaf's permissions counts for the privilege that the STE gives the request. */
static unsigned int priv_shift(const struct request *r, const struct smmu_ctx *c)
{
	return ((r->t.access & c->acc_and) | c->acc_or) & IOM_SMMUV3_PRIV ? 3 : 0;
}

/* Without one of these nothing is granted. */
static uint8_t any_perm(const struct request *r, const struct smmu_ctx *c)
{
	unsigned int any = inst_cfg(c) == INST_INST ? SMMU_PERM_UX : SMMU_PERM_UR;

	if (r->write)
		any |= SMMU_PERM_UW;
	return (uint8_t)(any << priv_shift(r, c));
}

/* 13.7.1: Exe comes with R, and a page that can be executed only is no page for ATS. */
static void grant(const struct request *r, const struct smmu_ctx *c, unsigned int perm)
{
	struct iom_smmuv3_ats_resp *resp = r->resp;
	bool read, exec;

	perm >>= priv_shift(r, c);
	read = perm & SMMU_PERM_UR;
	exec = perm & SMMU_PERM_UX;
	switch (inst_cfg(c)) {
	case INST_INCOMING:
		exec = exec && read;
		break;
	case INST_DATA:
		exec = read;
		break;
	case INST_INST:
		read = exec;
		break;
	}
	resp->r = read;
	resp->exec = r->exec && exec;
	resp->w = r->write && (perm & SMMU_PERM_UW);
}

static void set_range(const struct request *r, uint64_t pa, unsigned int size_lg2)
{
	uint64_t low = (UINT64_C(1) << size_lg2) - 1;

	r->resp->size_lg2 = (uint8_t)size_lg2;
	r->resp->iova = r->t.iova & ~low;
	r->resp->pa = pa & ~low;
}

/* 13.6.4: S1DSS skips the only stage: an identity, of one STU. No PASID, so no Exe. */
static void identity(const struct request *r)
{
	/* F_ADDR_SIZE of an ordinary access. */
	if (r->t.iova >> r->p->s->caps.oas_bits)
		return;
	r->resp->r = r->resp->w = true;
	r->resp->pa = r->resp->iova;
}

static void translate(struct request *r, const struct smmu_ctx *c)
{
	struct smmu_fault f = { .rc = IOM_EFAULT };
	bool split = c->eats == SMMU_EATS_SPLIT;
	struct iom_smmuv3_dev *s = r->p->s;
	uint8_t any = any_perm(r, c);
	struct smmu_txn t = r->t;
	struct smmu_leaf leaf;
	int rc;

	t.access = (t.access & c->acc_and) | c->acc_or;
	/* 3.13.7: a page that a write would make dirty is so when W is granted. */
	if (r->write)
		t.access |= SMMU_ACCESS_WANT_W;
	if (SMMU_STRICT(s))
		rc = iomi_smmuv3_strict_ats_walk(s, &t, any, split, &leaf, &f);
	else
		rc = iomi_smmuv3_dev_walk_ats(s, c, &t, any, split, &leaf, &f);
	if (rc) {
		refused(r, &f);
		return;
	}
	grant(r, c, leaf.perm);
	if (!r->resp->r && !r->resp->w)
		return;
	set_range(r, leaf.pa, leaf.size_lg2);
	/* What split-stage ATS answers is no address of memory. */
	if (SMMU_STRICT(s) && !split)
		iomi_smmuv3_strict_granted(s, c, &r->t, r->resp);
}

/* The smallest granule is the STU (3.9.1). */
static unsigned int stu_lg2(const struct iomi_smmuv3_caps *caps)
{
	return caps->gran4k ? 12 : caps->gran16k ? 14 : 16;
}

/* What the STE and CD say; of a strict SMMU, as it holds them. */
static int configure(struct request *r, struct smmu_ctx **c, struct smmu_fault *f)
{
	uint64_t gen;

	if (SMMU_STRICT(r->p->s)) {
		*c = r->p->own;
		return iomi_smmuv3_strict_ats_configure(r->p, &r->t, f);
	}
	return iomi_smmuv3_dev_lookup(r->p->s, &r->t, r->p->own, c, &gen, f);
}

static void answer(struct request *r)
{
	struct iom_smmuv3_dev *s = r->p->s;
	struct smmu_fault f = { .rc = IOM_EFAULT };
	struct smmu_ctx *c;

	if (!(atomic_load(&s->cr0) & SMMU_CR0_SMMUEN)) {
		unsupported(r, false);
		return;
	}
	r->t.access |= SMMU_ACCESS_STE;
	if (configure(r, &c, &f)) {
		refused(r, &f);
		return;
	}
	if (c->kind == SMMU_KIND_ABORT) {
		r->resp->status = IOM_SMMUV3_ATS_UR;
		return;
	}
	if (c->eats == SMMU_EATS_OFF) {
		unsupported(r, c->mev);
		return;
	}
	r->t.access &= ~SMMU_ACCESS_STE;
	if (configure(r, &c, &f))
		refused(r, &f);
	else if (c->disabled || c->kind == SMMU_KIND_ABORT || c->eats == SMMU_EATS_OFF)
		unsupported(r, c->mev);		/* it has changed in between */
	else if (c->kind == SMMU_KIND_BYPASS)
		identity(r);
	else
		translate(r, c);
}

void iom_smmuv3_dev_ats_request(struct iom_smmuv3_port *p, uint64_t iova, unsigned int access,
				struct iom_smmuv3_ats_resp *resp, uint64_t ev[4])
{
	struct request r = { .p = p, .resp = resp, .ev = ev };
	bool ssv = access & IOM_SMMUV3_SSV;

	memset(resp, 0, sizeof(*resp));
	memset(ev, 0, 4 * sizeof(ev[0]));
	resp->status = IOM_SMMUV3_ATS_SUCCESS;
	resp->priv = ssv && (access & IOM_SMMUV3_PRIV);
	r.write = access & IOM_ACCESS_WRITE;
	r.quiet = access & IOM_ACCESS_QUIET;
	r.exec = ssv && (access & IOM_SMMUV3_INST);
	r.t.sid = p->sid;
	r.t.ssv = ssv;
	r.t.ssid = ssv ? access >> 8 & 0xfffffu : 0;
	r.t.access = ssv ? access & (IOM_SMMUV3_PRIV | IOM_SMMUV3_INST) : 0;
	r.t.iova = iova;
	r.t.len = 1;
	r.t.gmem = p->gmem;
	set_range(&r, 0, stu_lg2(&p->s->caps));
	/* Nobody listens. */
	if (!p->s->caps.ats) {
		resp->status = IOM_SMMUV3_ATS_UR;
		return;
	}
	if (SMMU_STRICT(p->s))
		iomi_smmuv3_strict_ats_begin(p, &r.t, access);
	answer(&r);
	if (SMMU_STRICT(p->s))
		iomi_smmuv3_strict_plain_end(p, (int)resp->status, resp->pa, resp->size_lg2);
}

/* --- endpoints --- */

/* Under ep_lock: nothing of what it was asked counts any more. */
static void forget(struct iom_smmuv3_dev *s, struct iom_smmuv3_ep *ep)
{
	s->inv_pending -= ep->pending;
	ep->pending = 0;
	ep->round = ++s->inv_round;
}

void iom_smmuv3_dev_ep_attach(struct iom_smmuv3_ep *ep, struct iom_smmuv3_dev *s, uint32_t sid,
			      const struct iom_smmuv3_ep_ops *ops)
{
	ep->ops = ops;
	ep->s = s;
	ep->sid = sid;
	ep->pending = 0;
	iom_plat_lock(s->plat, &s->ep_lock);
	forget(s, ep);
	iom_list_add_tail(&s->eps, &ep->link);
	iom_plat_unlock(s->plat, &s->ep_lock);
}

void iom_smmuv3_dev_ep_detach(struct iom_smmuv3_ep *ep)
{
	struct iom_smmuv3_dev *s = ep->s;

	iom_plat_lock(s->plat, &s->ep_lock);
	iom_list_del(&ep->link);
	forget(s, ep);
	iom_plat_unlock(s->plat, &s->ep_lock);
	if (SMMU_STRICT(s))
		iomi_smmuv3_strict_ungranted(s, ep->sid);
}

static uint64_t now(struct iom_smmuv3_dev *s)
{
	return s->plat->ops.now_ns(s->plat);
}

void iom_smmuv3_dev_inv_done(struct iom_smmuv3_ep *ep, uint64_t tag)
{
	struct iom_smmuv3_dev *s = ep->s;

	iom_plat_lock(s->plat, &s->ep_lock);
	if (tag == ep->round && ep->pending) {
		ep->pending--;
		s->inv_pending--;
		ep->since = now(s);
	}
	iom_plat_unlock(s->plat, &s->ep_lock);
	if (s->cfg.mode == IOM_SMMUV3_WORKER)
		s->cfg.wake(s->cfg.arg);
}

/* Its tag is the endpoint's. */
static void send_inv(struct iom_smmuv3_dev *s, struct iom_smmuv3_ep *ep,
		     struct iom_smmuv3_inv *inv)
{
	int rc;

	inv->tag = ep->round;
	rc = ep->ops->invalidate(ep, inv);
	if (rc == IOM_EBUSY) {
		if (!ep->pending++)
			ep->since = now(s);
		s->inv_pending++;
	} else if (rc) {
		s->inv_failed = true;
	}
}

static bool disabled(const struct iom_smmuv3_dev *s)
{
	return !(atomic_load(&s->cr0) & SMMU_CR0_SMMUEN);
}

/* 4.5.1: ignored while SMMUEN = 0; without substreams there are no PASIDs. */
void iomi_smmuv3_dev_atc_inv(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	struct smmuv3_wire_cmd c;
	struct iom_smmuv3_inv inv;
	struct iom_smmuv3_ep *ep;
	struct iom_list *l;

	if (disabled(s))
		return;
	iomi_smmuv3_wire_unpack_cmd(w, &c);
	inv.ssv = c.ssv && s->caps.ssidsize;
	inv.global = inv.ssv && c.global;
	inv.ssid = inv.ssv ? c.ssid : 0;
	inv.iova = iomi_smmuv3_wire_atc_range(&c);
	iom_plat_lock(s->plat, &s->ep_lock);
	iom_list_for_each(l, &s->eps) {
		ep = IOM_CONTAINER_OF(l, struct iom_smmuv3_ep, link);
		if (ep->sid == c.sid)
			send_inv(s, ep, &inv);
	}
	iom_plat_unlock(s->plat, &s->ep_lock);
}

void iomi_smmuv3_dev_pri_resp(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	static const enum iom_smmuv3_prg_code code[] = {
		[SMMU_PRI_RESP_FAILURE] = IOM_SMMUV3_PRG_FAILURE,
		[SMMU_PRI_RESP_INVALID] = IOM_SMMUV3_PRG_INVALID,
		[SMMU_PRI_RESP_SUCCESS] = IOM_SMMUV3_PRG_SUCCESS,
	};
	struct smmuv3_wire_cmd c;
	struct iom_smmuv3_prg_resp resp;
	struct iom_smmuv3_ep *ep;
	struct iom_list *l;

	if (disabled(s))
		return;
	iomi_smmuv3_wire_unpack_cmd(w, &c);
	/* The rules have refused the reserved code. */
	resp.code = code[c.resp % IOM_ARRAY_SIZE(code)];
	resp.ssv = c.ssv && s->caps.ssidsize;
	resp.ssid = resp.ssv ? c.ssid : 0;
	resp.prgindex = c.prgindex;
	iom_plat_lock(s->plat, &s->ep_lock);
	iom_list_for_each(l, &s->eps) {
		ep = IOM_CONTAINER_OF(l, struct iom_smmuv3_ep, link);
		if (ep->sid == c.sid)
			ep->ops->respond(ep, &resp);
	}
	iom_plat_unlock(s->plat, &s->ep_lock);
}

/* --- waiting for them --- */

bool iomi_smmuv3_dev_inv_any(struct iom_smmuv3_dev *s)
{
	bool any;

	iom_plat_lock(s->plat, &s->ep_lock);
	any = s->inv_pending || s->inv_failed;
	iom_plat_unlock(s->plat, &s->ep_lock);
	return any;
}

/* Under ep_lock: whatever is out, or has failed, does not count any more. */
static void forget_all(struct iom_smmuv3_dev *s)
{
	struct iom_list *l;

	iom_list_for_each(l, &s->eps)
		forget(s, IOM_CONTAINER_OF(l, struct iom_smmuv3_ep, link));
	s->inv_failed = false;
}

/* Under ep_lock: those whose time is over. */
static void find_late(struct iom_smmuv3_dev *s)
{
	uint64_t limit = s->cfg.atc_timeout_ms * NS_PER_MS, t = now(s);
	struct iom_smmuv3_ep *ep;
	struct iom_list *l;

	iom_list_for_each(l, &s->eps) {
		ep = IOM_CONTAINER_OF(l, struct iom_smmuv3_ep, link);
		if (ep->pending && t - ep->since > limit) {
			forget(s, ep);
			s->inv_failed = true;
		}
	}
}

int iomi_smmuv3_dev_inv_poll(struct iom_smmuv3_dev *s)
{
	int rc = IOM_OK;

	iom_plat_lock(s->plat, &s->ep_lock);
	if (s->inv_pending)
		find_late(s);
	if (s->inv_failed)
		rc = IOM_ETIMEDOUT;
	else if (s->inv_pending)
		rc = IOM_EBUSY;
	s->inv_failed = false;
	iom_plat_unlock(s->plat, &s->ep_lock);
	return rc;
}

void iomi_smmuv3_dev_inv_forget(struct iom_smmuv3_dev *s)
{
	iom_plat_lock(s->plat, &s->ep_lock);
	forget_all(s);
	iom_plat_unlock(s->plat, &s->ep_lock);
}

void iomi_smmuv3_dev_eps_forget(struct iom_smmuv3_dev *s)
{
	struct iom_smmuv3_inv all = { .iova = { 0, UINT64_MAX } };
	struct iom_list *l;

	iom_plat_lock(s->plat, &s->ep_lock);
	forget_all(s);
	iom_list_for_each(l, &s->eps)
		send_inv(s, IOM_CONTAINER_OF(l, struct iom_smmuv3_ep, link), &all);
	iom_plat_unlock(s->plat, &s->ep_lock);
}
