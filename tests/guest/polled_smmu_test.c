/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom serve` behind libiom's SMMUv3, for a guest whose memory is a file: the
 * registers lie in that memory and are polled (polled_smmu.h). Every function
 * has its bus, device and function as StreamID, and each of its translations is
 * compared with a fresh walk, unless the SMMU is strict (smmu_strict.h has that
 * environment). tests/guest/smmu.py runs it with
 *
 *	POLLED_RAM	the file; DRAM of QEMU's virt, from 0x40000000
 *	POLLED_REGS	address of the registers
 *	POLLED_STAGES	1, 2 or 12: what IDR0 says
 *	POLLED_LINEAR	set: no two-level stream tables
 *	POLLED_BAR	set: nothing is polled; the registers are the BAR of a
 *			vfio-user function at this socket
 *
 * and the arguments of iom serve. Without arguments it is a unit test.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include <iom/spec/smmuv3.h>

#include "lib/test.h"

#include "guest/polled_smmu.h"
#include "guest/smmu_bar.h"
#include "serve.h"

#define RAM_BASE	0x40000000ull
#define ENDS_MAX	16u

/* A port whose answers are compared with a fresh walk. */
struct end {
	struct iom_xlate x;
	struct iom_smmuv3_port port;
	struct polled_gmem memory;
	bool strict;		/* may go by what memory has no more: nothing to compare */
	atomic_ulong compared, different;
};

struct front {
	struct serve_front f;
	struct polled_smmu smmu;
	struct polled_smmu_cfg cfg;
	struct smmu_bar bar;
	struct smmu_strict_run strict;
	struct end end[ENDS_MAX];
	unsigned int nr_ends;
	pthread_mutex_t lock;
	struct iom_vfu *v;	/* under lock: the way to the guest's bus */
	bool built;
};

/* --- translation, compared ----------------------------------------------------------- */

static int end_translate(struct iom_xlate *x, uint64_t iova, uint64_t len, unsigned int access,
			 struct iom_run *run)
{
	struct end *e = IOM_CONTAINER_OF(x, struct end, x);
	struct iom_smmuv3_result walked = { 0 };
	uint64_t ev[4];
	int rc, walk_rc;

	rc = iom_xlate_translate(&e->port.x, iova, len, access, run);
	if (e->strict) {
		atomic_fetch_add(&e->compared, 1);
		return rc;
	}
	walk_rc = iom_smmuv3_dev_walk(&e->port, iova, len, access, &walked, ev);
	atomic_fetch_add(&e->compared, 1);
	if (rc != walk_rc || (!rc && run->gpa != walked.pa)) {
		atomic_fetch_add(&e->different, 1);
		fprintf(stderr, "iom: stream %#x at %#" PRIx64 ": %d %#" PRIx64
			", but a fresh walk gives %d %#" PRIx64 "\n", e->port.sid, iova, rc,
			rc ? 0 : run->gpa, walk_rc, walked.pa);
	}
	return rc;
}

static const struct iom_xlate_ops end_ops = { .translate = end_translate };

static int end_init(struct front *fr, uint32_t sid, struct iom_xlate **out)
{
	struct end *e = &fr->end[fr->nr_ends];
	int rc;

	if (fr->nr_ends == ENDS_MAX)
		return IOM_ENOSPC;
	rc = polled_gmem_init(&e->memory, &fr->smmu);
	if (!rc)
		rc = iom_smmuv3_dev_port_init(&e->port, fr->smmu.s, sid, &e->memory.g);
	if (rc)
		return rc;
	fr->nr_ends++;
	e->strict = fr->strict.served;
	e->x.ops = &end_ops;
	e->x.gate = iom_smmuv3_dev_gate(fr->smmu.s);
	*out = &e->x;
	return IOM_OK;
}

/* --- in front of iom serve -------------------------------------------------------------- */

static struct front *to_front(struct serve_front *f)
{
	return IOM_CONTAINER_OF(f, struct front, f);
}

static void post(void *arg, uint64_t addr, uint32_t data)
{
	struct iom_le32 msg = iom_le32_make(data);
	struct front *fr = arg;

	pthread_mutex_lock(&fr->lock);
	if (fr->v)
		(void)iom_vfu_post(fr->v, addr, &msg, sizeof(msg));
	pthread_mutex_unlock(&fr->lock);
}

static int front_build(struct front *fr)
{
	struct iom_smmuv3_diag diag = { 0 };
	char why[IOM_VFU_WHY];
	int rc = polled_smmu_init(&fr->smmu, &fr->cfg, &diag);

	if (rc) {
		fprintf(stderr, "iom: SMMU: %s: %s\n", diag.field ? diag.field : "",
			diag.why ? diag.why : iom_err_str(rc));
		return rc;
	}
	fr->built = true;
	if (!fr->cfg.at_once)
		return polled_smmu_start(&fr->smmu);
	fr->bar.strict = &fr->strict;
	rc = smmu_bar_start(&fr->bar, fr->smmu.s, getenv("POLLED_BAR"), why);
	if (rc)
		fprintf(stderr, "iom: SMMU: %s\n", why);
	return rc;
}

static int front_attach(struct serve_front *f, struct serve_fn *fn)
{
	struct front *fr = to_front(f);
	int rc = IOM_OK;

	if (!fr->built)
		rc = front_build(fr);
	if (!rc)
		rc = end_init(fr, fn->m->bdf, &fn->xlate);
	if (!rc)
		rc = end_init(fr, fn->m->bdf, &fn->msi_xlate);
	if (rc)
		return rc;
	pthread_mutex_lock(&fr->lock);
	if (!fr->v)
		fr->v = fn->v;
	pthread_mutex_unlock(&fr->lock);
	return IOM_OK;
}

static void front_detach(struct serve_front *f, struct serve_fn *fn)
{
	struct front *fr = to_front(f);
	struct iom_xlate *x[2] = { fn->xlate, fn->msi_xlate };
	unsigned int i;

	pthread_mutex_lock(&fr->lock);
	if (fr->v == fn->v)
		fr->v = NULL;
	pthread_mutex_unlock(&fr->lock);
	for (i = 0; i < 2; i++)
		iom_smmuv3_dev_port_fini(&IOM_CONTAINER_OF(x[i], struct end, x)->port);
}

static void put(struct json_object *o, const char *key, uint64_t val)
{
	json_object_object_add(o, key, json_object_new_uint64(val));
}

static struct json_object *strict_report(struct smmu_strict_run *r)
{
	struct json_object *o = json_object_new_object();
	struct iom_smmuv3_strict_stats st = { 0 };

	smmu_strict_fini(r, &st);
	put(o, "seeds", r->served);
	put(o, "spoilt", r->spoilt);
	put(o, "steps", st.steps);
	put(o, "reports", st.reports);
	put(o, "held_uses", st.held_uses);
	put(o, "stale_uses", st.stale_uses);
	put(o, "prefetches", st.prefetches);
	put(o, "late_syncs", st.late_syncs);
	put(o, "late_cmds", st.late_cmds);
	put(o, "late_events", st.late_events);
	put(o, "merged_events", st.merged_events);
	return o;
}

static void front_report(struct serve_front *f, struct json_object *o)
{
	struct json_object *s = json_object_new_object();
	struct front *fr = to_front(f);
	uint64_t compared = 0, different = 0;
	struct iom_smmuv3_stats st;
	unsigned int i;

	if (!fr->built)
		return;
	for (i = 0; i < fr->nr_ends; i++) {
		compared += atomic_load(&fr->end[i].compared);
		different += atomic_load(&fr->end[i].different);
	}
	iom_smmuv3_dev_stats(fr->smmu.s, &st);
	put(s, "commands", st.commands);
	put(s, "syncs", st.syncs);
	put(s, "command_errors", st.command_errors);
	put(s, "tlb_misses", st.tlb_misses);
	put(s, "events", st.events);
	put(s, "events_lost", st.events_lost);
	put(s, "refused", st.translations_refused);
	put(s, "translations", compared);
	put(s, "unlike_a_walk", different);
	put(s, "msis", fr->smmu.msis);
	put(s, "msis_lost", fr->smmu.msis_lost);
	put(s, "accesses_32", atomic_load(&fr->bar.accesses_32));
	put(s, "accesses_64", atomic_load(&fr->bar.accesses_64));
	put(s, "accesses_refused", atomic_load(&fr->bar.refused));
	if (fr->strict.served)
		json_object_object_add(s, "strict", strict_report(&fr->strict));
	json_object_object_add(o, "smmu", s);
}

/* --- set up --------------------------------------------------------------------------------- */

/* The largest set, without the stages and tables not wanted. */
static void choose_idr(uint32_t idr[6], bool s1, bool s2, bool linear)
{
	iom_smmuv3_dev_default_idr(idr);
	/* No function here does ATS, but Linux sets up what the SMMU says it has. */
	if (getenv("POLLED_ATS"))
		iom_smmuv3_dev_ats_idr(idr);
	if (!s1) {
		idr[0] &= ~(SMMU_IDR0_S1P | SMMU_IDR0_ASID16 | SMMU_IDR0_HYP | SMMU_IDR0_CD2L);
		idr[1] &= ~SMMU_IDR1_SSIDSIZE;
	}
	if (!s2) {
		idr[0] &= ~(SMMU_IDR0_S2P | SMMU_IDR0_VMID16);
		idr[3] &= ~(SMMU_IDR3_FWB | SMMU_IDR3_XNX);
	}
	/*
	 * Linux may place a large linear table at less than its own size, and
	 * then the SMMU ignores address bits (6.3.24): a small one is right.
	 */
	if (linear) {
		idr[0] &= ~SMMU_IDR0_ST_LEVEL;
		idr[1] = (idr[1] & ~SMMU_IDR1_SIDSIZE) |
			 IOM_FIELD_PREP(SMMU_IDR1_SIDSIZE, 8u);
	}
}

static int map_ram(struct front *fr)
{
	const char *path = getenv("POLLED_RAM");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct stat st;
	void *ram;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	ram = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (ram == MAP_FAILED)
		return -1;
	fr->cfg.ram = ram;
	fr->cfg.base = RAM_BASE;
	fr->cfg.size = (uint64_t)st.st_size;
	return 0;
}

static int serve(int argc, char **argv)
{
	static struct front fr = {
		.f = { .attach = front_attach, .detach = front_detach, .report = front_report },
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	const char *regs = getenv("POLLED_REGS"), *stages = getenv("POLLED_STAGES");
	int rc;

	if (!regs || !stages || map_ram(&fr)) {
		fprintf(stderr, "iom: POLLED_RAM, POLLED_REGS and POLLED_STAGES are wanted\n");
		return 2;
	}
	if (!smmu_strict_init(&fr.strict, fr.cfg.ram, fr.cfg.base, fr.cfg.size)) {
		fprintf(stderr, "iom: POLLED_LOG is wanted\n");
		return 2;
	}
	fr.cfg.strict = &fr.strict;
	fr.cfg.regs = strtoull(regs, NULL, 0);
	fr.cfg.at_once = getenv("POLLED_BAR");
	fr.cfg.post = post;
	fr.cfg.arg = &fr;
	choose_idr(fr.cfg.idr, strchr(stages, '1'), strchr(stages, '2'),
		   getenv("POLLED_LINEAR"));
	rc = iom_tool_serve_behind(argc - 1, argv + 1, &fr.f);
	if (fr.built) {
		smmu_bar_stop(&fr.bar);
		polled_smmu_fini(&fr.smmu);
	}
	return rc;
}

/* --- the unit test ---------------------------------------------------------------------------- */

#define TEST_RAM 0x100000u

struct posted {
	uint64_t addr;
	uint32_t data, prod;
	unsigned int n;
	struct polled_smmu *p;
};

static uint32_t *reg(const struct polled_smmu *p, uint32_t off)
{
	return (uint32_t *)(void *)(p->cfg.ram + (p->cfg.regs - p->cfg.base) + off);
}

static void record(void *arg, uint64_t addr, uint32_t data)
{
	struct posted *m = arg;

	m->addr = addr;
	m->data = data;
	m->prod = *reg(m->p, SMMU_EVENTQ_PROD);
	m->n++;
}

static void set64(const struct polled_smmu *p, uint32_t off, uint64_t val)
{
	memcpy(reg(p, off), &val, 8);
}

/* A driver's steps: enable, a command, a fault, and its message after PROD. */
static void test_registers(void **state)
{
	uint8_t *ram = aligned_alloc(0x10000, TEST_RAM);
	struct posted m = { 0 };
	struct polled_smmu p;
	struct polled_smmu_cfg cfg = {
		.ram = ram, .base = 0x1000000, .size = TEST_RAM, .regs = 0x1000000,
		.post = record, .arg = &m,
	};
	struct iom_smmuv3_port port;
	struct polled_gmem memory;
	struct iom_run run;

	(void)state;
	assert_non_null(ram);
	memset(ram, 0, TEST_RAM);
	choose_idr(cfg.idr, true, true, false);
	assert_int_equal(polled_smmu_init(&p, &cfg, NULL), IOM_OK);
	m.p = &p;
	assert_int_equal(*reg(&p, SMMU_IDR0), cfg.idr[0]);
	assert_false(polled_smmu_poll(&p));
	/* All in one go: CR0 counts last. */
	*reg(&p, SMMU_CR2) = SMMU_CR2_RECINVSID;
	set64(&p, SMMU_CMDQ_BASE, 0x1030000 | 4);
	set64(&p, SMMU_EVENTQ_BASE, 0x1040000 | 4);
	set64(&p, SMMU_STRTAB_BASE, 0x1050000);
	set64(&p, SMMU_EVENTQ_IRQ_CFG0, 0x8090040);
	*reg(&p, SMMU_EVENTQ_IRQ_CFG1) = 77;
	*reg(&p, SMMU_IRQ_CTRL) = SMMU_IRQ_CTRL_EVENTQ;
	*reg(&p, SMMU_CR0) = SMMU_CR0_SMMUEN | SMMU_CR0_CMDQEN | SMMU_CR0_EVENTQEN;
	assert_true(polled_smmu_poll(&p));
	assert_int_equal(*reg(&p, SMMU_CR0ACK), *reg(&p, SMMU_CR0));
	assert_int_equal(*reg(&p, SMMU_IRQ_CTRLACK), SMMU_IRQ_CTRL_EVENTQ);
	assert_false(polled_smmu_poll(&p));
	/* A command. */
	ram[0x30000] = SMMU_CMD_SYNC;
	*reg(&p, SMMU_CMDQ_PROD) = 1;
	assert_true(polled_smmu_poll(&p));
	assert_int_equal(*reg(&p, SMMU_CMDQ_CONS), 1);
	/* An event of a stream beyond the table. */
	assert_int_equal(polled_gmem_init(&memory, &p), IOM_OK);
	assert_int_equal(iom_smmuv3_dev_port_init(&port, p.s, 5, &memory.g), IOM_OK);
	assert_int_not_equal(iom_xlate_translate(&port.x, 0x1000, 4, IOM_ACCESS_READ, &run),
			     IOM_OK);
	assert_int_equal(m.n, 0);
	assert_true(polled_smmu_poll(&p));
	assert_int_equal(m.n, 1);
	assert_int_equal(m.addr, 0x8090040);
	assert_int_equal(m.data, 77);
	assert_int_equal(m.prod, 1);
	iom_smmuv3_dev_port_fini(&port);
	polled_smmu_fini(&p);
	free(ram);
}

/* GBPA has two writers. */
static void test_gbpa(void **state)
{
	uint8_t *ram = aligned_alloc(0x10000, TEST_RAM);
	struct polled_smmu p;
	struct polled_smmu_cfg cfg = {
		.ram = ram, .base = 0, .size = TEST_RAM, .regs = 0,
	};

	(void)state;
	assert_non_null(ram);
	memset(ram, 0, TEST_RAM);
	choose_idr(cfg.idr, true, false, true);
	assert_int_equal(polled_smmu_init(&p, &cfg, NULL), IOM_OK);
	*reg(&p, SMMU_GBPA) = SMMU_GBPA_UPDATE | SMMU_GBPA_ABORT;
	assert_true(polled_smmu_poll(&p));
	assert_int_equal(*reg(&p, SMMU_GBPA) & (SMMU_GBPA_UPDATE | SMMU_GBPA_ABORT),
			 SMMU_GBPA_ABORT);
	assert_false(polled_smmu_poll(&p));
	polled_smmu_fini(&p);
	free(ram);
}

/* A seed after the other, and commands spoilt but for the first few. */
static void test_strict(void **state)
{
	uint8_t *ram = aligned_alloc(0x10000, TEST_RAM);
	struct iom_smmuv3_strict_stats st;
	struct smmu_strict_run strict;
	struct polled_smmu p;
	struct polled_smmu_cfg cfg = {
		.ram = ram, .base = 0, .size = TEST_RAM, .regs = 0, .strict = &strict,
	};
	const uint64_t served[] = { 1, 1, 1, 2, 3, 3, 3, 3 };
	uint32_t i, n;

	(void)state;
	assert_non_null(ram);
	memset(ram, 0, TEST_RAM);
	setenv("POLLED_STRICT", "7", 1);
	setenv("POLLED_SEEDS", "3", 1);
	setenv("POLLED_SYNCS", "3,1", 1);
	setenv("POLLED_LOG", "/dev/null", 1);
	setenv("POLLED_SPOIL", "0x30", 1);
	choose_idr(cfg.idr, true, true, false);
	assert_true(smmu_strict_init(&strict, ram, 0, TEST_RAM));
	assert_int_equal(polled_smmu_init(&p, &cfg, NULL), IOM_OK);
	set64(&p, SMMU_CMDQ_BASE, 0x30000 | 5);
	*reg(&p, SMMU_CR0) = SMMU_CR0_CMDQEN;
	assert_true(polled_smmu_poll(&p));
	for (i = 0; i < 8; i++) {
		ram[0x30000 + i * 32] = SMMU_CMD_TLBI_NSNH_ALL;
		ram[0x30000 + i * 32 + 16] = SMMU_CMD_SYNC;
		*reg(&p, SMMU_CMDQ_PROD) = 2 * i + 2;
		/* A CMD_SYNC that nobody is told of may be late. */
		for (n = 0; *reg(&p, SMMU_CMDQ_CONS) != 2 * i + 2 && n < 1000; n++)
			(void)polled_smmu_poll(&p);
		assert_int_equal(*reg(&p, SMMU_CMDQ_CONS), 2 * i + 2);
		assert_int_equal(strict.served, served[i]);
		assert_int_equal(ram[0x30000 + i * 32],
				 i < 4 ? SMMU_CMD_TLBI_NSNH_ALL : SMMU_CMD_PREFETCH_CONFIG);
	}
	smmu_strict_fini(&strict, &st);
	assert_true(st.steps > 16);
	assert_int_equal(strict.spoilt, 4);
	polled_smmu_fini(&p);
	fclose(strict.log);
	free(ram);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_gbpa),
		cmocka_unit_test(test_strict),
	};

	if (argc > 1)
		return serve(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
