/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "lib/smmu_stall.h"


struct iom_smmuv3_dev_cfg st_stall_cfg(unsigned int model, unsigned int max)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	cfg.idr[0] = (cfg.idr[0] & ~(3u << 24)) | model << 24;
	cfg.idr[5] |= max << 16;
	return cfg;
}

static void on_resumed(struct iom_smmuv3_port *p, enum iom_smmuv3_resume how)
{
	struct st_dev *d = (struct st_dev *)((char *)p - offsetof(struct st_dev, port));

	d->told++;
	d->how = how;
}

void st_dev_init(struct st *t, struct st_dev *d, uint32_t sid)
{
	memset(d, 0, sizeof(*d));
	ST_REQUIRE(!iom_gmem_flat_init(&d->gmem, t->base, t->ram, ST_SIZE));
	ST_REQUIRE(!iom_smmuv3_dev_port_init(&d->port, t->s, sid, &d->gmem.g));
	iom_smmuv3_dev_port_stalls(&d->port, on_resumed);
	iom_access_join(&d->access, iom_smmuv3_dev_gate(t->s));
}

void st_dev_fini(struct st_dev *d)
{
	iom_access_leave(&d->access);
	iom_smmuv3_dev_port_fini(&d->port);
}

struct st_out st_dev_go(struct st_dev *d, uint64_t iova, unsigned int access)
{
	struct st_out o;

	memset(&o, 0, sizeof(o));
	ST_REQUIRE(!iom_gmem_begin(&d->gmem.g));
	iom_access_begin(&d->access);
	o.rc = iom_smmuv3_dev_translate(&d->port, iova, 8, access, &o.res, o.ev);
	iom_access_end(&d->access);
	iom_gmem_end(&d->gmem.g);
	return o;
}

void st_resume(struct st *t, uint32_t sid, unsigned int stag, uint64_t how)
{
	st_cmd(t, ST_RESUME | how | (uint64_t)sid << 32, stag);
}

unsigned int st_stalled(struct st *t, uint64_t ev[4])
{
	ST_REQUIRE(st_event(t, ev));
	ST_REQUIRE(st_get(ev, 95, 95) == 1);
	return (unsigned int)st_get(ev, 79, 64);
}

unsigned int st_stag_of(struct st *t)
{
	uint64_t ev[4];

	return st_stalled(t, ev);
}

void st_world_s1(struct st_world *w, unsigned int max)
{
	struct iom_smmuv3_dev_cfg cfg = st_stall_cfg(0, max);

	st_open(&w->t, &cfg, ST_WORLD_BASE);
	st_stream_s1(&w->t, &w->x, 0);
	st_set(w->x.cd, 44, 44, 1);
	st_stream_put(&w->t, &w->x);
	st_dev_init(&w->t, &w->d, 0);
}

void st_world_nested(struct st_world *w)
{
	struct iom_smmuv3_dev_cfg cfg = st_stall_cfg(0, 4);

	st_open(&w->t, &cfg, ST_WORLD_BASE);
	st_stream_nested(&w->t, &w->x, 0);
	st_set(w->x.ste, 185, 185, 1);
	/* Not in the block where the tables are. */
	w->x.cdptr = ST_WORLD_BASE + 0x600000;
	st_set(w->x.ste, 55, 6, (w->x.cdptr - w->x.s1.off) >> 6);
	st_stream_put(&w->t, &w->x);
	st_dev_init(&w->t, &w->d, 0);
}

void st_world_close(struct st_world *w)
{
	st_dev_fini(&w->d);
	st_close(&w->t);
}

void st_small_queue(struct st *t, unsigned int lg2)
{
	st_w(t, ST_CR0, 9);
	st_w(t, ST_EVENTQ_BASE, t->evtq | lg2);
	st_w(t, ST_EVENTQ_PROD, 0);
	st_w(t, ST_EVENTQ_CONS, 0);
	st_w(t, ST_CR0, 13);
}

bool st_take(struct st *t, unsigned int lg2, uint64_t ev[4])
{
	uint32_t prod = (uint32_t)st_r(t, ST_EVENTQ_PROD), cons = (uint32_t)st_r(t, ST_EVENTQ_CONS);
	uint32_t size = 1u << lg2, i;

	if (!((prod ^ cons) & (2 * size - 1)))
		return false;
	for (i = 0; i < 4; i++)
		ev[i] = st_peek(t, t->evtq + 32 * (uint64_t)(cons & (size - 1)) + 8 * i);
	st_w(t, ST_EVENTQ_CONS, ((cons + 1) & (2 * size - 1)) | (prod & 1u << 31));
	return true;
}
