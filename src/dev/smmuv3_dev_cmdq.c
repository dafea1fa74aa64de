/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command queue (chapter 4, 7.1). Under lock, but for the waits: whoever
 * runs it lets the lock go while a CMD_SYNC, or the acknowledgement of SMMUEN,
 * waits for open accesses, and comes back.
 *
 * A command is copied once, checked by the rules, then carried out. CONS moves
 * behind it when it is done; at an error CONS stays, and processing goes on at
 * the same entry, fetched again, when GERROR.CMDQ_ERR is acknowledged. Several
 * are fetched at a time; TLBIs that follow each other share one cache_lock.
 */
#include <iom/base/endian.h>

#include "smmuv3_strict_int.h"

#define PER_RUN	256u	/* commands before run() returns */
#define PER_FETCH	32u

static unsigned int queue_lg2(const struct iom_smmuv3_dev *s)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, s->cmdq.base);

	return lg2 < s->cmdqs_lg2 ? lg2 : s->cmdqs_lg2;
}

static uint32_t pos_mask(const struct iom_smmuv3_dev *s)
{
	return (IOM_BIT32(queue_lg2(s)) << 1) - 1;
}

static void advance(struct iom_smmuv3_dev *s, unsigned int n)
{
	s->cmdq.cons = (s->cmdq.cons + n) & pos_mask(s);
	s->nr_commands += n;
}

/* 7.1: CONS stays at the command, ERR says why, GERROR tells. */
static void command_error(struct iom_smmuv3_dev *s, uint32_t err)
{
	struct iom_gmem *gmem = s->cfg.gmem;

	s->cmdq.cons = (s->cmdq.cons & pos_mask(s)) | IOM_FIELD_PREP(SMMU_CMDQ_CONS_ERR, err);
	s->nr_command_errors++;
	if (iom_gmem_begin(gmem)) {
		iomi_smmuv3_dev_gerror(s, NULL, SMMU_GERROR_CMDQ);
		return;
	}
	iomi_smmuv3_dev_gerror(s, gmem, SMMU_GERROR_CMDQ);
	iom_gmem_end(gmem);
}

/* n commands from CONS, none of them behind the last entry. */
static int fetch(struct iom_smmuv3_dev *s, struct smmu_cmd *cmd, unsigned int n)
{
	struct iom_gmem *gmem = s->cfg.gmem;
	unsigned int lg2 = queue_lg2(s);
	uint64_t base = s->cmdq.base & SMMU_Q_BASE_ADDR &
			~(((uint64_t)sizeof(struct smmu_cmd) << lg2) - 1);
	uint64_t index = s->cmdq.cons & (IOM_BIT32(lg2) - 1);
	int rc = iom_gmem_begin(gmem);

	if (rc)
		return rc;
	rc = iom_gmem_read(gmem, base + index * sizeof(*cmd), cmd, n * sizeof(*cmd));
	iom_gmem_end(gmem);
	return rc;
}

/* How many may be fetched in one piece. */
static unsigned int pending(const struct iom_smmuv3_dev *s, unsigned int max)
{
	uint32_t size = IOM_BIT32(queue_lg2(s)), index = s->cmdq.cons & (size - 1);
	uint32_t n = (s->cmdq.prod - s->cmdq.cons) & pos_mask(s);

	/* PROD behind CONS by more than the queue holds: one by one, as the indexes say. */
	if (n > size)
		n = 1;
	if (n > size - index)
		n = size - index;
	return n < max ? n : max;
}

/* --- 4.3 configuration --- */

static void cfgi_range(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	uint32_t sid = (uint32_t)IOM_FIELD_GET(SMMU_CMD0_SID, w[0]);
	unsigned int range = (unsigned int)IOM_FIELD_GET(SMMU_CMD_CFGI1_RANGE, w[1]);
	uint32_t mask = range == SMMU_CFGI_RANGE_ALL ? UINT32_MAX :
						       (IOM_BIT32(range) << 1) - 1;

	iomi_smmuv3_dev_cfgi_ste(s, sid & ~mask, sid | mask);
}

/* --- 4.4 TLBs --- */

static unsigned int tg_lg2(unsigned int tg)
{
	return 10 + 2 * tg;	/* 1: 4K, 2: 16K, 3: 64K */
}

/*
 * TLBIs, one after the other: what the last one said, so that one that differs
 * from it by its address only need not be taken apart again.
 */
struct tlbi_run {
	bool locked;			/* cache_lock is held; else nothing below counts */
	uint64_t w0, low;		/* of the last one; low bits of its second word */
	uint64_t space, more;		/* by address: bits that count, bytes behind the first */
	struct smmu_tlbi i;
	struct smmu_tlbi_spaces found;
};

#define TLBI1_LOW	IOM_BITS64(11, 0)

/* TLBI by address: of one, or of a range with IDR3.RIL (4.4.1.1). */
static void tlbi_by_addr(const struct iom_smmuv3_dev *s, const uint64_t w[2], bool ipa,
			 struct tlbi_run *r)
{
	unsigned int tg = (unsigned int)IOM_FIELD_GET(SMMU_CMD_TLBI1_TG, w[1]);
	unsigned int ttl = (unsigned int)IOM_FIELD_GET(SMMU_CMD_TLBI1_TTL, w[1]);
	unsigned int scale, lg2;

	r->i.by_addr = true;
	r->space = IOM_BITS64(55, 0) & (ipa ? SMMU_CMD_TLBI1_IPA_ADDR : SMMU_CMD_TLBI1_VA_ADDR);
	r->more = 0;
	if (!s->caps.ril || !tg)
		return;
	lg2 = tg_lg2(tg);
	scale = (unsigned int)IOM_FIELD_GET(s->caps.ds ? SMMU_CMD_TLBI0_SCALE_DS :
							 SMMU_CMD_TLBI0_SCALE, w[0]);
	r->space &= ~((UINT64_C(1) << lg2) - 1);
	/* NUM has 5 bits, so the product may leave 64; then it is everything. */
	r->more = UINT64_MAX;
	if (scale + lg2 <= 58)
		r->more = ((IOM_FIELD_GET(SMMU_CMD_TLBI0_NUM, w[0]) + 1) << (scale + lg2)) - 1;
	/* TTL 1 with 16K is reserved without DS: no hint. */
	if (ttl && !(tg == SMMU_TLBI_TG_16K && ttl == 1 && !s->caps.ds))
		r->i.size_lg2 = (uint8_t)(lg2 + (3 - ttl) * (lg2 - 3));
}

/* The range from the address that the command has. */
static void set_addr(struct tlbi_run *r, uint64_t w1)
{
	uint64_t start = w1 & r->space, room = IOM_BITS64(55, 0) - start;

	r->i.addr.start = start;
	r->i.addr.last = start + (r->more < room ? r->more : room);
}

static void take_apart(const struct iom_smmuv3_dev *s, unsigned int op, const uint64_t w[2],
		       struct tlbi_run *r)
{
	struct smmu_tlbi *i = &r->i;

	*i = (struct smmu_tlbi){ .kind = SMMU_SPACE_EL1 };
	r->w0 = w[0];
	r->low = w[1] & TLBI1_LOW;
	/* 4.4: without stage 2 the VMID is ignored; an 8-bit tag has 8 bits. */
	if (s->caps.s2p)
		i->vmid = (uint16_t)IOM_FIELD_GET(SMMU_CMD_TLBI0_VMID, w[0]) &
			  (s->caps.vmid16 ? UINT16_MAX : UINT8_MAX);
	i->asid = (uint16_t)IOM_FIELD_GET(SMMU_CMD_TLBI0_ASID, w[0]) &
		  (s->caps.asid16 ? UINT16_MAX : UINT8_MAX);
	switch (op) {
	case SMMU_CMD_TLBI_NSNH_ALL:
		i->every = true;
		break;
	case SMMU_CMD_TLBI_S12_VMALL:
		i->with_s2 = true;
		break;
	case SMMU_CMD_TLBI_S2_IPA:
		i->kind = SMMU_SPACE_S2;
		tlbi_by_addr(s, w, true, r);
		break;
	case SMMU_CMD_TLBI_EL2_ASID:
	case SMMU_CMD_TLBI_NH_ASID:
		i->by_asid = true;
		i->keep_global = true;
		break;
	case SMMU_CMD_TLBI_EL2_VA:
	case SMMU_CMD_TLBI_NH_VA:
		/* EL2 without E2H has no ASIDs. */
		i->by_asid = op == SMMU_CMD_TLBI_NH_VA ||
			     (atomic_load(&s->cr2) & SMMU_CR2_E2H);
		tlbi_by_addr(s, w, false, r);
		break;
	case SMMU_CMD_TLBI_EL2_VAA:
	case SMMU_CMD_TLBI_NH_VAA:
		tlbi_by_addr(s, w, false, r);
		break;
	default:
		break;
	}
	if (op >= SMMU_CMD_TLBI_EL2_ALL && op <= SMMU_CMD_TLBI_EL2_VAA)
		i->kind = SMMU_SPACE_EL2;
}

/* Is it like the last one, but for the address? Then it is as legal, and names the same spaces. */
static bool tlbi_is_like(const struct tlbi_run *r, const uint64_t w[2])
{
	return r->locked && w[0] == r->w0 && (w[1] & TLBI1_LOW) == r->low;
}

static void tlbi_like(struct iom_smmuv3_dev *s, const uint64_t w[2], struct tlbi_run *r)
{
	if (r->i.by_addr)
		set_addr(r, w[1]);
	iomi_smmuv3_dev_tlbi_again(s, &r->i, &r->found);
}

static inline __attribute__((always_inline)) void
tlbi(struct iom_smmuv3_dev *s, unsigned int op, const uint64_t w[2], struct tlbi_run *r)
{
	if (!r->locked)
		iomi_smmuv3_dev_tlbi_begin(s);
	r->locked = true;
	take_apart(s, op, w, r);
	if (r->i.by_addr)
		set_addr(r, w[1]);
	iomi_smmuv3_dev_tlbi_first(s, &r->i, &r->found);
}

static void tlbi_over(struct iom_smmuv3_dev *s, struct tlbi_run *r)
{
	if (r->locked)
		iomi_smmuv3_dev_tlbi_end(s);
	r->locked = false;
}

/* --- 4.7 CMD_SYNC --- */

static void sync_complete(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	uint64_t addr = w[1] & SMMU_CMD_SYNC1_MSIADDR_ADDR;
	unsigned int cs = (unsigned int)IOM_FIELD_GET(SMMU_CMD_SYNC0_CS, w[0]);
	struct iom_gmem *gmem = s->cfg.gmem;

	/* CONS first: who is told by the interrupt or the message looks at it. */
	advance(s, 1);
	s->nr_syncs++;
	if (s->stalls.nr)
		iomi_smmuv3_dev_stall_synced(s);
	if (cs == SMMU_SYNC_CS_SEV && s->cfg.sev && (s->cfg.idr[0] & SMMU_IDR0_SEV))
		s->cfg.sev(s->cfg.arg);
	if (cs != SMMU_SYNC_CS_IRQ)
		return;
	if (iom_gmem_begin(gmem)) {
		iomi_smmuv3_dev_gerror(s, NULL, addr ? SMMU_GERROR_MSI_CMDQ_ABT : 0);
		return;
	}
	iomi_smmuv3_dev_sync_irq(s, gmem, addr,
				 (uint32_t)IOM_FIELD_GET(SMMU_CMD_SYNC0_MSIDATA, w[0]));
	iom_gmem_end(gmem);
}

/*
 * 4.5.1, 3.9.1.4: the endpoints' answers to ATC_INV come first; who answers late may
 * have let accesses begin until then. False: not all have answered.
 */
static bool sync_inv_done(struct iom_smmuv3_dev *s)
{
	int rc = iomi_smmuv3_dev_inv_poll(s);

	if (rc == IOM_EBUSY)
		return false;
	s->sync_inv = false;
	if (rc) {
		s->sync_pending = false;
		command_error(s, SMMU_CERROR_ATC_INV_SYNC);
	} else {
		s->sync_ticket = iom_access_ticket(&s->gate);
	}
	return true;
}

/*
 * False: accesses under what was there before are still open. Out of line, so
 * that a queue without a CMD_SYNC saves no registers for it.
 */
static __attribute__((noinline)) bool sync_done(struct iom_smmuv3_dev *s)
{
	if (s->sync_inv && !sync_inv_done(s))
		return false;
	if (!s->sync_pending)
		return true;
	if (!iom_access_passed(&s->gate, s->sync_ticket))
		return false;
	s->sync_pending = false;
	sync_complete(s, s->sync_cmd);
	return true;
}

/* --- processing --- */

/* Waits for open accesses; CONS moves when it is complete. */
static void sync_begin(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	s->sync_pending = true;
	s->sync_inv = iomi_smmuv3_dev_inv_any(s);
	s->sync_ticket = iom_access_ticket(&s->gate);
	s->sync_cmd[0] = w[0];
	s->sync_cmd[1] = w[1];
}

/* 4.6 RESUME. With TERM_MODEL there is abort only. */
static enum iom_smmuv3_resume answer(const struct iom_smmuv3_dev *s, uint64_t w0)
{
	if (w0 & SMMU_CMD_RESUME0_AC)
		return IOM_SMMUV3_RETRY;
	return (w0 & SMMU_CMD_RESUME0_AB) || s->caps.term_model ? IOM_SMMUV3_ABORT :
								  IOM_SMMUV3_TERMINATE;
}

/* Any that is neither a TLBI nor a CMD_SYNC. */
static void execute(struct iom_smmuv3_dev *s, unsigned int op, const uint64_t w[2])
{
	uint32_t sid = (uint32_t)IOM_FIELD_GET(SMMU_CMD0_SID, w[0]);

	switch (op) {
	case SMMU_CMD_CFGI_STE:
		iomi_smmuv3_dev_cfgi_ste(s, sid, sid);
		break;
	case SMMU_CMD_CFGI_STE_RANGE:
		cfgi_range(s, w);
		break;
	case SMMU_CMD_CFGI_CD:
		iomi_smmuv3_dev_cfgi_cd(s, sid, (uint32_t)IOM_FIELD_GET(SMMU_CMD0_SSID, w[0]),
					false);
		break;
	case SMMU_CMD_CFGI_CD_ALL:
		iomi_smmuv3_dev_cfgi_cd(s, sid, 0, true);
		break;
	case SMMU_CMD_ATC_INV:
		iomi_smmuv3_dev_atc_inv(s, w);
		break;
	case SMMU_CMD_PRI_RESP:
		iomi_smmuv3_dev_pri_resp(s, w);
		break;
	case SMMU_CMD_RESUME:
		iomi_smmuv3_dev_resume(s, sid,
				       (uint16_t)IOM_FIELD_GET(SMMU_CMD_RESUME1_STAG, w[1]),
				       answer(s, w[0]));
		break;
	case SMMU_CMD_STALL_TERM:
		iomi_smmuv3_dev_stall_term(s, sid);
		break;
	default:
		break;		/* PREFETCH is a hint, and no VMS is cached (CFGI_VMS_PIDM) */
	}
}

static bool is_tlbi(unsigned int op)
{
	return op >= SMMU_CMD_TLBI_NH_ALL && op <= SMMU_CMD_TLBI_NSNH_ALL;
}

/* May a command be taken now? */
static bool ready(const struct iom_smmuv3_dev *s)
{
	uint32_t pos = pos_mask(s);

	return (s->cr0ack & SMMU_CR0_CMDQEN) &&
	       !((s->gerror ^ s->gerrorn) & SMMU_GERROR_CMDQ) &&
	       (s->cmdq.prod & pos) != (s->cmdq.cons & pos);
}

/* Commands from CONS, until max, an error or a CMD_SYNC; returns how many were taken. */
static unsigned int burst(struct iom_smmuv3_dev *s, unsigned int max)
{
	struct smmu_cmd cmd[PER_FETCH];
	unsigned int n = pending(s, max < PER_FETCH ? max : PER_FETCH), i, op;
	struct tlbi_run run;
	bool legal = true;
	uint64_t w[2];

	/* If not all can be read, the first may still be good. */
	if (fetch(s, cmd, n) && (n == 1 || fetch(s, cmd, n = 1))) {
		command_error(s, SMMU_CERROR_ABT);
		return 1;
	}
	run.locked = false;
	for (i = 0; i < n; i++) {
		w[0] = iom_le64_get(cmd[i].w[0]);
		w[1] = iom_le64_get(cmd[i].w[1]);
		if (tlbi_is_like(&run, w)) {
			tlbi_like(s, w, &run);
			continue;
		}
		legal = !iomi_smmuv3_rules_cmd(w, &s->caps, NULL);
		op = (unsigned int)IOM_FIELD_GET(SMMU_CMD0_OPCODE, w[0]);
		if (legal && is_tlbi(op)) {
			tlbi(s, op, w, &run);
			continue;
		}
		tlbi_over(s, &run);
		if (!legal || op == SMMU_CMD_SYNC)
			break;
		execute(s, op, w);
	}
	tlbi_over(s, &run);
	advance(s, i);
	if (i == n)
		return n;
	if (legal)
		sync_begin(s, w);
	else
		command_error(s, SMMU_CERROR_ILL);
	return i + 1;
}

/* --- one by one --- */

bool iomi_smmuv3_dev_cmdq_ready(const struct iom_smmuv3_dev *s)
{
	return ready(s);
}

void iomi_smmuv3_dev_cmdq_carry_out(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	unsigned int op = (unsigned int)IOM_FIELD_GET(SMMU_CMD0_OPCODE, w[0]);
	struct tlbi_run run = { .locked = false };

	if (is_tlbi(op)) {
		tlbi(s, op, w, &run);
		tlbi_over(s, &run);
	} else {
		execute(s, op, w);
	}
	advance(s, 1);
}

void iomi_smmuv3_dev_cmdq_error(struct iom_smmuv3_dev *s, uint32_t err)
{
	command_error(s, err);
}

void iomi_smmuv3_dev_cmdq_sync(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	sync_begin(s, w);
}

bool iomi_smmuv3_dev_cmdq_synced(struct iom_smmuv3_dev *s)
{
	return sync_done(s);
}

/* --- the loop --- */

int iomi_smmuv3_dev_cmdq_run(struct iom_smmuv3_dev *s, unsigned int budget)
{
	for (;;) {
		if (s->ack_pending) {
			if (!iom_access_passed(&s->gate, s->ack_ticket))
				return IOM_EBUSY;
			s->ack_pending = false;
			s->cr0ack = s->cr0_written;
		}
		if (SMMU_STRICT(s))
			return iomi_smmuv3_strict_cmd_run(s, budget);
		if (s->sync_pending && !sync_done(s))
			return IOM_EBUSY;
		if (!ready(s))
			return IOM_OK;
		if (!budget)
			return IOM_EAGAIN;
		budget -= burst(s, budget);
	}
}

int iomi_smmuv3_dev_cmdq_wait(struct iom_smmuv3_dev *s, unsigned int budget)
{
	unsigned int turn = 0;
	int rc;

	for (;;) {
		iom_plat_lock(s->plat, &s->lock);
		rc = iomi_smmuv3_dev_cmdq_run(s, budget);
		iom_plat_unlock(s->plat, &s->lock);
		if (rc != IOM_EBUSY)
			return rc;
		s->plat->ops.relax(s->plat, turn++);
	}
}

int iom_smmuv3_dev_run(struct iom_smmuv3_dev *s)
{
	int rc;

	if (SMMU_STRICT(s))
		iomi_smmuv3_strict_run(s);
	if (s->cfg.mode != IOM_SMMUV3_STEP)
		return iomi_smmuv3_dev_cmdq_wait(s, PER_RUN);
	iom_plat_lock(s->plat, &s->lock);
	rc = iomi_smmuv3_dev_cmdq_run(s, PER_RUN);
	iom_plat_unlock(s->plat, &s->lock);
	return rc ? IOM_EAGAIN : IOM_OK;
}
