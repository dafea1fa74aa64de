/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stalls (3.12.2, 4.6, 7.3): a transaction that faulted waits until software
 * answers its record. Owns struct smmu_stalls, all under evt_lock.
 *
 * A STAG stands for one transaction from the record to the answer. A record
 * that finds no room is held, and written before anything else once there is
 * some; software cannot answer it before. If a CMD_SYNC was completed by then,
 * it may be about tables that are no more: instead of its record being written
 * the transaction comes anew (4.7.3). While all STAGs are in use, a port
 * waits without one, and asks again when one is free. So nothing is lost, and
 * nothing that a guest does allocates.
 *
 * A port has one transaction that waits, in `held`:
 *
 *	NONE --fault--> OUT --answer--> ANSWERED(how) --asked again--> NONE
 *	     \--------> OFF --a STAG is free--> NONE
 *
 * Changes are made under evt_lock, but for the last of the first line, which
 * is the port's thread's own. A transaction that is not asked again any more
 * (port_forget) leaves its STAG to be answered: then its slot has no port, nor
 * has it after a restore. The same fault of any port takes such a slot over.
 */
#include <iom/base/mem.h>
#include <iom/base/state.h>

#include "smmuv3_dev_int.h"

enum held {
	HELD_NONE,
	HELD_OUT,		/* has a STAG */
	HELD_OFF,		/* waits for one */
	HELD_ANSWERED,		/* plus enum iom_smmuv3_resume */
};

#define PAGE_OF(iova)	((iova) & ~UINT64_C(4095))

/* --- slots --- */

static void list_init(struct smmu_stall_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_put(struct smmu_stall_list *l, struct smmu_stall *e)
{
	e->next = NULL;
	*l->last = e;
	l->last = &e->next;
}

static struct smmu_stall *list_take(struct smmu_stall_list *l)
{
	struct smmu_stall *e = l->first;

	if (!e)
		return NULL;
	l->first = e->next;
	if (!l->first)
		l->last = &l->first;
	return e;
}

/* All slots free, in the order of their first STAGs. */
static void slots_init(struct smmu_stalls *st)
{
	unsigned int i;

	list_init(&st->free);
	list_init(&st->held);
	st->nr_lost = 0;
	for (i = 0; i < st->nr; i++) {
		memset(&st->pool[i], 0, sizeof(st->pool[i]));
		st->pool[i].stag = (uint16_t)i;
		list_put(&st->free, &st->pool[i]);
	}
}

int iomi_smmuv3_dev_stall_init(struct iom_smmuv3_dev *s)
{
	struct smmu_stalls *st = &s->stalls;
	void *mem;
	int rc;

	if (s->caps.stall_model == SMMU_STALL_MODEL_NONE)
		return IOM_OK;
	st->nr = IOM_FIELD_GET(SMMU_IDR5_STALL_MAX, s->cfg.idr[5]);
	rc = iom_plat_alloc(s->plat, st->nr * sizeof(*st->pool), 64, &mem);
	if (rc)
		return rc;
	st->pool = mem;
	slots_init(st);
	return IOM_OK;
}

void iomi_smmuv3_dev_stall_fini(struct iom_smmuv3_dev *s)
{
	if (s->stalls.nr)
		iom_plat_free(s->plat, s->stalls.pool, s->stalls.nr * sizeof(*s->stalls.pool));
}

/* The next STAG of a slot is another one, so that a late answer does not meet it soon. */
static void slot_free(struct smmu_stalls *st, struct smmu_stall *e)
{
	unsigned int next = e->stag + st->nr;

	if (!e->port)
		st->nr_lost--;
	e->stag = (uint16_t)(next <= UINT16_MAX ? next : (unsigned int)(e - st->pool));
	e->state = SMMU_STALL_FREE;
	e->port = NULL;
	list_put(&st->free, e);
}

/* --- ports --- */

static void set_held(struct iom_smmuv3_port *p, uint32_t held)
{
	atomic_store_explicit(&p->held, held, memory_order_release);
}

static uint32_t get_held(const struct iom_smmuv3_port *p)
{
	return atomic_load_explicit(&p->held, memory_order_acquire);
}

static void tell(struct iom_smmuv3_port *p, enum iom_smmuv3_resume how)
{
	set_held(p, HELD_ANSWERED + (uint32_t)how);
	p->resumed(p, how);
}

/* A STAG is free, or none is needed: all ask again, and some get one. */
static void wake_waiting(struct smmu_stalls *st)
{
	struct iom_smmuv3_port *p;

	while ((p = st->waiting)) {
		st->waiting = p->next_held;
		set_held(p, HELD_NONE);
		p->resumed(p, IOM_SMMUV3_RETRY);
	}
}

static void stop_waiting(struct smmu_stalls *st, struct iom_smmuv3_port *p)
{
	struct iom_smmuv3_port **at = &st->waiting;

	while (*at && *at != p)
		at = &(*at)->next_held;
	if (*at)
		*at = p->next_held;
}

static struct smmu_stall *slot_of(struct smmu_stalls *st, const struct iom_smmuv3_port *p)
{
	return &st->pool[p->stag % st->nr];
}

void iom_smmuv3_dev_port_stalls(struct iom_smmuv3_port *p,
				void (*resumed)(struct iom_smmuv3_port *p,
						enum iom_smmuv3_resume how))
{
	p->resumed = resumed;
}

bool iom_smmuv3_dev_port_waits(const struct iom_smmuv3_port *p)
{
	uint32_t held = get_held(p);

	return held == HELD_OUT || held == HELD_OFF;
}

void iom_smmuv3_dev_port_forget(struct iom_smmuv3_port *p)
{
	struct iom_smmuv3_dev *s = p->s;

	if (!p->resumed)
		return;
	iom_plat_lock(s->plat, &s->evt_lock);
	switch (get_held(p)) {
	case HELD_OUT:
		slot_of(&s->stalls, p)->port = NULL;
		s->stalls.nr_lost++;
		break;
	case HELD_OFF:
		stop_waiting(&s->stalls, p);
		break;
	default:
		break;
	}
	set_held(p, HELD_NONE);
	iom_plat_unlock(s->plat, &s->evt_lock);
}

/* --- a fault --- */

/* Is it the record, but for the STAG, of a transaction that nobody waits for? */
static struct smmu_stall *find_lost(struct smmu_stalls *st, const uint64_t ev[4])
{
	unsigned int i;

	for (i = 0; st->nr_lost && i < st->nr; i++) {
		struct smmu_stall *e = &st->pool[i];

		if (e->state != SMMU_STALL_FREE && !e->port && e->ev[0] == ev[0] &&
		    !((e->ev[1] ^ ev[1]) & ~SMMU_EVT1_STAG) && e->ev[2] == ev[2] &&
		    e->ev[3] == ev[3])
			return e;
	}
	return NULL;
}

static void end_slot(struct smmu_stalls *st, struct smmu_stall *e, enum iom_smmuv3_resume how)
{
	struct iom_smmuv3_port *p = e->port;

	slot_free(st, e);
	if (p)
		tell(p, how);
}

static bool overtaken(const struct smmu_stalls *st, const struct smmu_stall *e)
{
	return e->syncs != st->syncs;
}

/* The oldest of the records that are held is written, or is not needed. False: no room. */
static bool let_go(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, struct smmu_stall *e)
{
	struct smmu_stalls *st = &s->stalls;

	if (!overtaken(st, e)) {
		if (!iomi_smmuv3_dev_evtq_put(s, gmem, e->ev))
			return false;
		list_take(&st->held);
		e->state = SMMU_STALL_OUT;
		return true;
	}
	if (!iomi_smmuv3_dev_evtq_room(s))
		return false;
	list_take(&st->held);
	end_slot(st, e, IOM_SMMUV3_RETRY);
	wake_waiting(st);
	return true;
}

void iomi_smmuv3_dev_stall_records(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct smmu_stall *e;

	iom_plat_assert_held(s->plat, &s->evt_lock);
	while ((e = s->stalls.held.first) && let_go(s, gmem, e))
		;
}

void iomi_smmuv3_dev_stall_synced(struct iom_smmuv3_dev *s)
{
	iom_plat_lock(s->plat, &s->evt_lock);
	s->stalls.syncs++;
	iom_plat_unlock(s->plat, &s->evt_lock);
}

/* A slot for the fault, f->ev is what is new of it. False: there is none. */
static bool take_slot(struct iom_smmuv3_dev *s, struct iom_smmuv3_port *p, struct smmu_fault *f)
{
	struct smmu_stalls *st = &s->stalls;
	struct smmu_stall *e;

	f->ev[1] |= SMMU_EVT1_STALL;
	e = find_lost(st, f->ev);
	if (e) {
		st->nr_lost--;
		memset(f->ev, 0, sizeof(f->ev));
	} else {
		e = list_take(&st->free);
		if (!e)
			return false;
		f->ev[1] |= IOM_FIELD_PREP(SMMU_EVT1_STAG, (uint64_t)e->stag);
		memcpy(e->ev, f->ev, sizeof(e->ev));
		e->state = SMMU_STALL_HELD;
		list_put(&st->held, e);
		st->count++;
	}
	e->syncs = st->syncs;
	e->port = p;
	p->stag = e->stag;
	return true;
}

/* The port has nothing that waits. */
static void hold(struct iom_smmuv3_port *p, uint64_t iova, uint32_t access, struct smmu_fault *f)
{
	struct iom_smmuv3_dev *s = p->s;

	p->held_page = PAGE_OF(iova);
	p->held_access = access;
	if (take_slot(s, p, f)) {
		set_held(p, HELD_OUT);
		iomi_smmuv3_dev_stall_records(s, p->gmem);
		return;
	}
	memset(f->ev, 0, sizeof(f->ev));
	set_held(p, HELD_OFF);
	p->next_held = s->stalls.waiting;
	s->stalls.waiting = p;
}

int iomi_smmuv3_dev_stall(struct iom_smmuv3_port *p, uint64_t iova, uint32_t access,
			  struct smmu_fault *f)
{
	struct iom_smmuv3_dev *s = p->s;
	bool on;

	if (!p->resumed || (access & IOM_ACCESS_QUIET)) {
		iomi_smmuv3_dev_fault_no_stall(f);
		return IOM_OK;
	}
	iom_plat_lock(s->plat, &s->evt_lock);
	on = atomic_load(&s->cr0) & SMMU_CR0_SMMUEN;
	if (on && iom_smmuv3_dev_port_waits(p))
		memset(f->ev, 0, sizeof(f->ev));
	else if (on)
		hold(p, iova, access, f);
	iom_plat_unlock(s->plat, &s->evt_lock);
	if (on) {
		p->gen = 0;
		return IOM_EAGAIN;
	}
	/* It would have been ended at once. */
	memset(f, 0, sizeof(*f));
	f->rc = IOM_EFAULT;
	return IOM_OK;
}

int iomi_smmuv3_dev_stall_again(struct iom_smmuv3_port *p, uint64_t iova, uint32_t access,
				struct smmu_fault *f)
{
	uint32_t held = get_held(p);
	bool same = PAGE_OF(iova) == p->held_page && access == p->held_access;

	if (held == HELD_OUT || held == HELD_OFF)
		return same ? IOM_EAGAIN : IOM_OK;
	if (held == HELD_NONE)
		return IOM_OK;
	if (!same && held != HELD_ANSWERED + IOM_SMMUV3_RETRY)
		return IOM_OK;
	set_held(p, HELD_NONE);
	f->raz_wi = held == HELD_ANSWERED + IOM_SMMUV3_TERMINATE;
	return held == HELD_ANSWERED + IOM_SMMUV3_RETRY ? IOM_OK : f->rc;
}

/* --- answers --- */

static uint32_t sid_of(const struct smmu_stall *e)
{
	return (uint32_t)IOM_FIELD_GET(SMMU_EVT0_SID, e->ev[0]);
}

/* S19: a STAG that software was not told, or of another stream, means nothing. */
void iomi_smmuv3_dev_resume(struct iom_smmuv3_dev *s, uint32_t sid, uint16_t stag,
			    enum iom_smmuv3_resume how)
{
	struct smmu_stalls *st = &s->stalls;
	struct smmu_stall *e;

	iom_plat_lock(s->plat, &s->evt_lock);
	e = &st->pool[stag % st->nr];
	if (e->state == SMMU_STALL_OUT && e->stag == stag && sid_of(e) == sid) {
		end_slot(st, e, how);
		wake_waiting(st);
	}
	iom_plat_unlock(s->plat, &s->evt_lock);
}

/* Those of a stream, or all; a record that was not written yet is not needed any more. */
static void end_many(struct smmu_stalls *st, bool all, uint32_t sid, enum iom_smmuv3_resume how)
{
	struct smmu_stall_list held = st->held;
	struct smmu_stall *e;
	unsigned int i;

	if (!st->nr)
		return;
	/* The end of the list is in st itself as long as it is empty. */
	if (!held.first)
		held.last = &held.first;
	list_init(&st->held);
	while ((e = list_take(&held))) {
		if (!all && sid_of(e) != sid)
			list_put(&st->held, e);
	}
	for (i = 0; i < st->nr; i++) {
		e = &st->pool[i];
		if (e->state != SMMU_STALL_FREE && (all || sid_of(e) == sid))
			end_slot(st, e, how);
	}
}

/* 4.6: with an abort. */
void iomi_smmuv3_dev_stall_term(struct iom_smmuv3_dev *s, uint32_t sid)
{
	iom_plat_lock(s->plat, &s->evt_lock);
	end_many(&s->stalls, false, sid, IOM_SMMUV3_ABORT);
	wake_waiting(&s->stalls);
	iom_plat_unlock(s->plat, &s->evt_lock);
}

void iomi_smmuv3_dev_stall_end(struct iom_smmuv3_dev *s, enum iom_smmuv3_resume how)
{
	struct smmu_stalls *st = &s->stalls;
	struct iom_smmuv3_port *p;

	end_many(st, true, 0, how);
	while ((p = st->waiting)) {
		st->waiting = p->next_held;
		tell(p, how);
	}
}

/* The SMMU's own memory is used under lock only. */
void iomi_smmuv3_dev_stall_room(struct iom_smmuv3_dev *s)
{
	struct iom_gmem *gmem = s->cfg.gmem;
	bool any;

	if (!s->stalls.nr)
		return;
	iom_plat_lock(s->plat, &s->lock);
	iom_plat_lock(s->plat, &s->evt_lock);
	any = s->stalls.held.first;
	iom_plat_unlock(s->plat, &s->evt_lock);
	if (any && !iom_gmem_begin(gmem)) {
		iom_plat_lock(s->plat, &s->evt_lock);
		iomi_smmuv3_dev_stall_records(s, gmem);
		iom_plat_unlock(s->plat, &s->evt_lock);
		iom_gmem_end(gmem);
	}
	iom_plat_unlock(s->plat, &s->lock);
}

/* --- saved state --- */

static void save_slot(struct iom_state_w *w, const struct smmu_stall *e)
{
	unsigned int i;

	iom_state_w_u16(w, e->stag);
	for (i = 0; i < 4; i++)
		iom_state_w_u64(w, e->ev[i]);
}

/* Those that are in the queue, and those that wait for room and are to be written, in order. */
void iomi_smmuv3_dev_stall_save(struct iom_smmuv3_dev *s, struct iom_state_w *w)
{
	struct smmu_stalls *st = &s->stalls;
	struct smmu_stall *e;
	unsigned int i, n = 0;

	iom_plat_assert_held(s->plat, &s->evt_lock);
	for (i = 0; i < st->nr; i++)
		n += st->pool[i].state == SMMU_STALL_OUT;
	iom_state_w_u32(w, n);
	for (i = 0; i < st->nr; i++) {
		if (st->pool[i].state == SMMU_STALL_OUT)
			save_slot(w, &st->pool[i]);
	}
	n = 0;
	for (e = st->held.first; st->nr && e; e = e->next)
		n += !overtaken(st, e);
	iom_state_w_u32(w, n);
	for (e = st->held.first; st->nr && e; e = e->next) {
		if (!overtaken(st, e))
			save_slot(w, e);
	}
}

/* Only what take_slot() can have made. */
static bool plausible(const struct smmu_stall *e)
{
	unsigned int id = (unsigned int)IOM_FIELD_GET(SMMU_EVT0_ID, e->ev[0]);

	return id >= SMMU_EVT_F_TRANSLATION && id <= SMMU_EVT_F_PERMISSION &&
	       (e->ev[1] & SMMU_EVT1_STALL) &&
	       IOM_FIELD_GET(SMMU_EVT1_STAG, e->ev[1]) == e->stag;
}

/* One of the two groups. The slots that were read before are marked. */
static bool read_group(struct smmu_stalls *st, struct iom_state_r *r, bool apply, uint8_t state)
{
	uint32_t n = iom_state_r_u32(r), i, k;
	struct smmu_stall e, *to, *before = NULL;

	if (n > st->nr)
		return false;
	for (i = 0; i < n; i++) {
		memset(&e, 0, sizeof(e));
		e.stag = iom_state_r_u16(r);
		for (k = 0; k < 4; k++)
			e.ev[k] = iom_state_r_u64(r);
		to = &st->pool[e.stag % st->nr];
		/* In the order of the slots, if not in that of the queue. */
		if (!plausible(&e) || to->mark || (state == SMMU_STALL_OUT && to <= before))
			return false;
		before = to;
		to->mark = true;
		if (!apply)
			continue;
		e.state = state;
		e.syncs = st->syncs;
		e.mark = true;
		*to = e;
		if (state == SMMU_STALL_HELD)
			list_put(&st->held, to);
	}
	return true;
}

static bool read_groups(struct smmu_stalls *st, struct iom_state_r *r, bool apply)
{
	unsigned int i;

	for (i = 0; i < st->nr; i++)
		st->pool[i].mark = false;
	return read_group(st, r, apply, SMMU_STALL_OUT) &&
	       read_group(st, r, apply, SMMU_STALL_HELD);
}

bool iomi_smmuv3_dev_stall_check(struct iom_smmuv3_dev *s, struct iom_state_r *r)
{
	bool good;

	iom_plat_lock(s->plat, &s->evt_lock);
	good = read_groups(&s->stalls, r, false);
	iom_plat_unlock(s->plat, &s->evt_lock);
	return good;
}

void iomi_smmuv3_dev_stall_restore(struct iom_smmuv3_dev *s, struct iom_state_r *r)
{
	struct smmu_stalls *st = &s->stalls;
	unsigned int i;

	iomi_smmuv3_dev_stall_end(s, IOM_SMMUV3_RETRY);
	if (!st->nr)
		return;
	slots_init(st);
	read_groups(st, r, true);
	list_init(&st->free);
	for (i = 0; i < st->nr; i++) {
		if (st->pool[i].state == SMMU_STALL_FREE)
			list_put(&st->free, &st->pool[i]);
		else
			st->nr_lost++;
	}
}
