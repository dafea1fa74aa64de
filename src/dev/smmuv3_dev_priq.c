/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page requests and the PRI queue (8). Under evt_lock, by the memory of the thread
 * that requests, whose bracket is open. Unlike the event queue it takes nothing
 * more until software has acknowledged an overflow, and what it does not take is
 * answered: a device must not wait for ever.
 */
#include <iom/base/endian.h>

#include "smmuv3_strict_int.h"
#include "wire/smmuv3_wire.h"

enum fate { QUEUED, OVERFLOWN, UNAVAILABLE };

static unsigned int queue_lg2(const struct iom_smmuv3_dev *s)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, s->priq.base);

	return lg2 < s->priqs_lg2 ? lg2 : s->priqs_lg2;
}

static void interrupt(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	iomi_smmuv3_dev_irq_locked(s, gmem, IOM_SMMUV3_IRQ_PRIQ, &s->priq_irq);
}

/* 6.3.36 LO: when the queue becomes non-empty, or for each request that is Last. */
static bool last_only(const struct iom_smmuv3_dev *s)
{
	return s->priq_irq.cfg2 & SMMU_PRIQ_IRQ_CFG2_LO;
}

static bool overflown(const struct iom_smmuv3_dev *s)
{
	return (s->priq.prod ^ s->priq.cons) & SMMU_Q_OVFLG;
}

/* The entry's words, or false if the write was aborted. */
static bool write_entry(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint64_t at,
			const struct iom_smmuv3_page_request *req, uint32_t sid)
{
	const struct smmuv3_wire_pri pri = {
		.sid = sid, .ssv = req->ssv, .ssid = req->ssid, .priv = req->priv,
		.exec = req->exec, .read = req->read, .write = req->write, .last = req->last,
		.prgindex = req->prgindex, .addr = req->iova & SMMU_PRI1_ADDR,
	};
	struct smmu_pri rec;
	uint64_t w[2];

	iomi_smmuv3_wire_pack_pri(&pri, w);
	iomi_smmuv3_wire_store(rec.w, w, 2);
	if (!iom_gmem_write(gmem, at, &rec, sizeof(rec)))
		return true;
	iomi_smmuv3_dev_gerror_locked(s, gmem, SMMU_GERROR_PRIQ_ABT);
	return false;
}

static enum fate enqueue(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
			 const struct iom_smmuv3_page_request *req, uint32_t sid)
{
	unsigned int lg2 = queue_lg2(s);
	uint32_t wrap = IOM_BIT32(lg2), mask = wrap - 1, pos = (wrap << 1) - 1;
	uint32_t prod = s->priq.prod & pos, cons = s->priq.cons & pos;
	uint64_t size = (uint64_t)sizeof(struct smmu_pri) << lg2;
	uint64_t at = (s->priq.base & SMMU_Q_BASE_ADDR & ~(size - 1)) +
		      (uint64_t)(prod & mask) * sizeof(struct smmu_pri);

	if ((prod ^ cons) == wrap && !overflown(s))
		s->priq.prod ^= SMMU_Q_OVFLG;
	if (overflown(s)) {
		if (req->last && last_only(s))
			interrupt(s, gmem);
		return OVERFLOWN;
	}
	if (!write_entry(s, gmem, at, req, sid))
		return UNAVAILABLE;
	s->priq.prod = (s->priq.prod & SMMU_Q_OVFLG) | ((prod + 1) & pos);
	s->nr_page_requests++;
	if (last_only(s) ? req->last : prod == cons)
		interrupt(s, gmem);
	return QUEUED;
}

/* SMMUEN = 0 makes the effective PRIQEN 0 (6.3.9.5). */
static enum fate take(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
		      const struct iom_smmuv3_page_request *req, uint32_t sid)
{
	const uint32_t on = SMMU_CR0_SMMUEN | SMMU_CR0_PRIQEN;
	enum fate fate = UNAVAILABLE;

	iom_plat_lock(s->plat, &s->evt_lock);
	if ((atomic_load(&s->cr0) & on) == on &&
	    !((s->gerror ^ s->gerrorn) & SMMU_GERROR_PRIQ_ABT))
		fate = enqueue(s, gmem, req, sid);
	if (fate != QUEUED)
		s->nr_page_requests_lost++;
	iom_plat_unlock(s->plat, &s->evt_lock);
	return fate;
}

/*
 * 8.1: has the response of an overflow a PASID? The STE says, unless IDR3.PPS
 * does; without a valid one it is a failure.
 */
static void overflow_response(struct iom_smmuv3_port *p, struct iom_smmuv3_prg_resp *resp,
			      uint32_t ssid)
{
	struct iom_smmuv3_dev *s = p->s;
	struct smmu_txn t = { .sid = p->sid, .ssv = true, .ssid = ssid,
			      .access = SMMU_ACCESS_STE, .gmem = p->gmem };
	struct smmu_fault f = { .rc = IOM_EFAULT };
	struct smmu_ctx *c;
	uint64_t gen;
	int rc;

	resp->ssv = true;
	if (!(s->cfg.idr[3] & SMMU_IDR3_PPS)) {
		rc = iomi_smmuv3_dev_lookup(s, &t, p->own, &c, &gen, &f);
		if (rc && f.ev[0] && (atomic_load(&s->cr2) & SMMU_CR2_REC_CFG_ATS))
			iomi_smmuv3_dev_event(s, p->gmem, &f);
		if (rc || c->disabled)
			resp->code = IOM_SMMUV3_PRG_FAILURE;
		resp->ssv = !rc && !c->disabled && c->ppar;
	}
	resp->ssid = resp->ssv ? ssid : 0;
}

static bool request(struct iom_smmuv3_port *p, const struct iom_smmuv3_page_request *req,
		    struct iom_smmuv3_prg_resp *resp)
{
	struct iom_smmuv3_page_request r = *req;
	enum fate fate;
	bool stop;

	/* 8: without a PASID there is neither Exe nor Priv; and no PASIDs without substreams. */
	r.ssv = r.ssv && p->s->caps.ssidsize;
	r.ssid = r.ssv ? r.ssid & 0xfffffu : 0;
	r.exec = r.ssv && r.exec;
	r.priv = r.ssv && r.priv;
	stop = r.ssv && r.last && !r.read && !r.write;
	fate = p->s->caps.pri ? take(p->s, p->gmem, &r, p->sid) : UNAVAILABLE;
	if (fate == QUEUED || stop || (fate == OVERFLOWN && !r.last))
		return false;
	*resp = (struct iom_smmuv3_prg_resp){
		.prgindex = r.prgindex & (uint16_t)SMMU_PRI1_PRGINDEX,
		.code = fate == OVERFLOWN ? IOM_SMMUV3_PRG_SUCCESS : IOM_SMMUV3_PRG_FAILURE,
	};
	if (fate == OVERFLOWN && r.ssv)
		overflow_response(p, resp, r.ssid);
	return true;
}

static uint64_t as_recorded(const struct iom_smmuv3_page_request *req)
{
	return (req->read ? STRICT_PRI_READ : 0) | (req->write ? STRICT_PRI_WRITE : 0) |
	       (req->exec ? STRICT_PRI_EXEC : 0) | (req->priv ? STRICT_PRI_PRIV : 0) |
	       (req->last ? STRICT_PRI_LAST : 0) | (req->ssv ? STRICT_PRI_SSV : 0) |
	       (uint64_t)req->ssid << 8;
}

bool iom_smmuv3_dev_page_request(struct iom_smmuv3_port *p,
				 const struct iom_smmuv3_page_request *req,
				 struct iom_smmuv3_prg_resp *resp)
{
	bool answered;

	if (!SMMU_STRICT(p->s))
		return request(p, req, resp);
	iomi_smmuv3_strict_plain_begin(p, STRICT_IN_PRI, req->iova, as_recorded(req),
				       req->prgindex);
	answered = request(p, req, resp);
	iomi_smmuv3_strict_plain_end(p, answered, answered ? (uint64_t)resp->code : 0, 0);
	return answered;
}
