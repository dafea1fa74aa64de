/* SPDX-License-Identifier: BSD-2-Clause */
/* The polled registers. See polled_smmu.h. */
#include <string.h>
#include <time.h>

#include <iom/spec/smmuv3.h>

#include "guest/polled_smmu.h"

/* How long to look without a pause after there was something, and the pause. */
#define SPINS		2000u
#define PAUSE_NS	20000

struct reg {
	uint32_t off;
	uint8_t len;
};

/*
 * What the guest writes. CR0 is read first and written last: when it enables
 * something, all that was written before it counts.
 */
static const struct reg written[POLLED_WRITTEN] = {
	{ SMMU_CR0, 4 }, { SMMU_CR1, 4 }, { SMMU_CR2, 4 }, { SMMU_GBPA, 4 },
	{ SMMU_STRTAB_BASE, 8 }, { SMMU_STRTAB_BASE_CFG, 4 },
	{ SMMU_CMDQ_BASE, 8 }, { SMMU_EVENTQ_BASE, 8 }, { SMMU_EVENTQ_CONS, 4 },
	{ SMMU_GERROR_IRQ_CFG0, 8 }, { SMMU_GERROR_IRQ_CFG1, 4 }, { SMMU_GERROR_IRQ_CFG2, 4 },
	{ SMMU_EVENTQ_IRQ_CFG0, 8 }, { SMMU_EVENTQ_IRQ_CFG1, 4 }, { SMMU_EVENTQ_IRQ_CFG2, 4 },
	{ SMMU_IRQ_CTRL, 4 }, { SMMU_GERRORN, 4 }, { SMMU_CMDQ_PROD, 4 },
};

static const uint32_t shown[POLLED_SHOWN] = {
	SMMU_CR0ACK, SMMU_IRQ_CTRLACK, SMMU_GERROR, SMMU_CMDQ_CONS, SMMU_EVENTQ_PROD,
};

static uint8_t *reg_at(const struct polled_smmu *p, uint32_t off)
{
	return p->cfg.ram + (p->cfg.regs - p->cfg.base) + off;
}

static uint64_t load(const struct polled_smmu *p, const struct reg *r)
{
	void *at = reg_at(p, r->off);

	return r->len == 8 ? atomic_load((_Atomic uint64_t *)at) :
			     atomic_load((_Atomic uint32_t *)at);
}

static void show(struct polled_smmu *p, uint32_t off, uint32_t val)
{
	void *at = reg_at(p, off);

	atomic_store((_Atomic uint32_t *)at, val);
}

static uint32_t model_read(struct polled_smmu *p, uint32_t off)
{
	uint64_t val = 0;

	(void)iom_smmuv3_dev_read(p->s, off, 4, &val);
	return (uint32_t)val;
}

/* --- memory and messages -------------------------------------------------------- */

static struct polled_gmem *to_gmem(struct iom_gmem *g)
{
	return IOM_CONTAINER_OF(g, struct polled_gmem, g);
}

static bool in_ram(const struct polled_gmem *m, uint64_t addr)
{
	return addr - m->ram.base < m->ram.size;
}

/*
 * A message to an interrupt controller. It must not arrive before what it
 * tells of is to be seen in the registers, so it waits for the next round.
 */
static int keep_msi(struct polled_smmu *p, uint64_t addr, uint64_t data)
{
	pthread_mutex_lock(&p->msi_lock);
	if (p->cfg.at_once) {
		p->cfg.post(p->cfg.arg, addr, (uint32_t)data);
		p->msis++;
	} else if (p->nr_msis < POLLED_MSIS) {
		p->msi[p->nr_msis].addr = addr;
		p->msi[p->nr_msis++].data = (uint32_t)data;
	} else {
		p->msis_lost++;
	}
	pthread_mutex_unlock(&p->msi_lock);
	return IOM_OK;
}

static int m_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	struct polled_gmem *m = to_gmem(g);

	return m->ram.g.ops.read(&m->ram.g, addr, buf, len);
}

static int m_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	struct polled_gmem *m = to_gmem(g);

	return m->ram.g.ops.write(&m->ram.g, addr, buf, len);
}

static int m_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	struct polled_gmem *m = to_gmem(g);

	return m->ram.g.ops.load(&m->ram.g, addr, size, val);
}

static int m_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	struct polled_gmem *m = to_gmem(g);

	if (size == 4 && !in_ram(m, addr))
		return keep_msi(m->p, addr, val);
	return m->ram.g.ops.store(&m->ram.g, addr, size, val);
}

int polled_gmem_init(struct polled_gmem *m, struct polled_smmu *p)
{
	static const struct iom_gmem_ops ops = {
		.read = m_read, .write = m_write, .load = m_load, .store = m_store,
	};
	int rc = iom_gmem_flat_init(&m->ram, p->cfg.base, p->cfg.ram, p->cfg.size);

	m->p = p;
	return rc ? rc : iom_gmem_init(&m->g, &ops);
}

static unsigned int waiting_msis(struct polled_smmu *p)
{
	unsigned int n;

	pthread_mutex_lock(&p->msi_lock);
	n = p->nr_msis;
	pthread_mutex_unlock(&p->msi_lock);
	return n;
}

static void post_msis(struct polled_smmu *p, unsigned int n)
{
	unsigned int i;

	if (!n)
		return;
	pthread_mutex_lock(&p->msi_lock);
	for (i = 0; i < n; i++)
		p->cfg.post(p->cfg.arg, p->msi[i].addr, p->msi[i].data);
	p->msis += n;
	p->nr_msis -= n;
	memmove(p->msi, p->msi + n, p->nr_msis * sizeof(p->msi[0]));
	pthread_mutex_unlock(&p->msi_lock);
}

/* --- a round --------------------------------------------------------------------- */

static bool take(struct polled_smmu *p, unsigned int i, uint64_t val)
{
	if (val == p->written[i])
		return false;
	p->written[i] = val;
	if (p->cfg.strict)
		smmu_strict_before(p->cfg.strict, written[i].off, val);
	(void)iom_smmuv3_dev_write(p->s, written[i].off, written[i].len, val);
	if (written[i].off == SMMU_GBPA) {
		/* Two writers: UPDATE goes back to 0. */
		p->written[i] = model_read(p, SMMU_GBPA);
		show(p, SMMU_GBPA, (uint32_t)p->written[i]);
	}
	return true;
}

bool polled_smmu_poll(struct polled_smmu *p)
{
	uint64_t cr0 = load(p, &written[0]);
	/* Their news is in the model's registers already, so it is shown below. */
	unsigned int msis = waiting_msis(p), i;
	bool busy = msis != 0;
	uint32_t val;

	for (i = 1; i < POLLED_WRITTEN; i++)
		busy |= take(p, i, load(p, &written[i]));
	busy |= take(p, 0, cr0);
	for (i = 0; i < POLLED_SHOWN; i++) {
		val = model_read(p, shown[i]);
		if (val == p->shown[i])
			continue;
		show(p, shown[i], val);
		p->shown[i] = val;
		busy = true;
	}
	post_msis(p, msis);
	return busy;
}

static void *poll_main(void *arg)
{
	const struct timespec nap = { 0, PAUSE_NS };
	struct polled_smmu *p = arg;
	unsigned int idle = 0;

	while (!atomic_load(&p->stop)) {
		if (polled_smmu_poll(p))
			idle = 0;
		else if (idle++ >= SPINS)
			nanosleep(&nap, NULL);
	}
	return NULL;
}

/* --- life --------------------------------------------------------------------------- */

int polled_smmu_init(struct polled_smmu *p, const struct polled_smmu_cfg *cfg,
		     struct iom_smmuv3_diag *diag)
{
	struct iom_smmuv3_dev_cfg dev = {
		.plat = iom_host_plat(),
		.gmem = &p->queues.g,
		.mode = IOM_SMMUV3_INLINE,
		.aidr = 2,
	};
	uint32_t off;
	int rc;

	memset(p, 0, sizeof(*p));
	p->cfg = *cfg;
	memcpy(dev.idr, cfg->idr, sizeof(dev.idr));
	pthread_mutex_init(&p->msi_lock, NULL);
	if (cfg->strict)
		dev.strict = smmu_strict_cfg(cfg->strict);
	rc = polled_gmem_init(&p->queues, p);
	if (!rc)
		rc = iom_smmuv3_dev_create(&dev, &p->s, diag);
	if (rc)
		return rc;
	if (cfg->strict)
		cfg->strict->s = p->s;
	memset(reg_at(p, 0), 0, SMMU_REGS_SIZE);
	for (off = SMMU_IDR0; off <= SMMU_AIDR; off += 4)
		show(p, off, model_read(p, off));
	p->written[3] = model_read(p, SMMU_GBPA);
	show(p, SMMU_GBPA, (uint32_t)p->written[3]);
	return IOM_OK;
}

int polled_smmu_start(struct polled_smmu *p)
{
	if (pthread_create(&p->thread, NULL, poll_main, p))
		return IOM_ENOMEM;
	p->runs = true;
	return IOM_OK;
}

void polled_smmu_fini(struct polled_smmu *p)
{
	if (p->runs) {
		atomic_store(&p->stop, true);
		pthread_join(p->thread, NULL);
	}
	if (p->s)
		(void)iom_smmuv3_dev_destroy(p->s);
	pthread_mutex_destroy(&p->msi_lock);
}
