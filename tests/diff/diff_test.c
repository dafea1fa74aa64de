/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same generated cases on libiom's SMMUv3 and on QEMU's, compared result
 * for result and event for event. scripts/check-diff runs it with QEMU:
 *
 *	diff_test --qemu PROGRAM --elf FILE --ram FILE [--stages both|1|2]
 *		[--cases N] [--only N] [-v]
 *
 * IOM_SEED is the seed. --only plays one case of it, -v prints its steps.
 * Without arguments it is a unit test: the cases on libiom's model alone, whose
 * caches must answer as a fresh walk does.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/test.h"

#include "diff/diff_compare.h"
#include "diff/diff_gen.h"
#include "diff/diff_model.h"

#define ALONE_CASES	3000u
#define CASES		2000u

struct run {
	const char *qemu, *elf, *ram_file;
	const struct diff_kind *kind;
	uint32_t cases, only;
	bool verbose;
	uint64_t seed;
	uint8_t *ram;		/* libiom's */
	struct diff_case *made;
	uint32_t nr_made;
	bool *fresh;
};

static uint8_t *at(uint8_t *ram, uint64_t addr)
{
	return ram + (addr - DIFF_RAM);
}

static const uint64_t *script_of(const struct run *r)
{
	return (const uint64_t *)(void *)at(r->ram, DIFF_SCRIPT);
}

static void *anonymous(void)
{
	void *p = mmap(NULL, DIFF_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int make_script(struct run *r)
{
	struct gen g;
	uint32_t i, pass;
	bool room = true;

	if (gen_init(&g, (uint64_t *)(void *)at(r->ram, DIFF_SCRIPT), r->kind->idr[0] & 1))
		return -1;
	gen_start(&g);
	/* QEMU takes no linear stream table once it has had one of two levels. */
	for (pass = 0; pass < 2; pass++) {
		for (i = pass; i < r->cases && room; i += 2) {
			if (r->only != UINT32_MAX && r->only != i)
				continue;
			room = gen_case(&g, r->seed, i, &r->made[r->nr_made]);
			r->nr_made += room;
		}
	}
	gen_end(&g);
	gen_fini(&g);
	return 0;
}

static int with_qemu(struct run *r)
{
	int fd = open(r->ram_file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rc = -1;
	uint8_t *ram;

	if (fd < 0 || ftruncate(fd, (off_t)DIFF_RAM_SIZE)) {
		fprintf(stderr, "%s: %s\n", r->ram_file, strerror(errno));
		return -1;
	}
	ram = mmap(NULL, DIFF_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (ram == MAP_FAILED)
		return -1;
	memcpy(at(ram, DIFF_SCRIPT), at(r->ram, DIFF_SCRIPT), DIFF_SCRIPT_SIZE);
	*(uint64_t *)(void *)at(ram, DIFF_SMMU_BASE) = r->kind->smmu;
	rc = diff_qemu_run(r->kind, r->qemu, r->elf, r->ram_file);
	if (!rc)
		rc = diff_model_run(r->kind, r->ram, r->fresh);
	if (!rc)
		rc = diff_check_fresh(r->fresh, script_of(r), r->made);
	if (!rc)
		rc = diff_compare((const uint64_t *)(void *)at(r->ram, DIFF_LOG),
				  (const uint64_t *)(void *)at(ram, DIFF_LOG),
				  script_of(r), r->made,
				  r->nr_made, r->verbose);
	munmap(ram, DIFF_RAM_SIZE);
	return rc;
}

static int run_init(struct run *r)
{
	struct test_rng rng;

	test_rng_init(&rng);
	r->seed = rng.state;
	r->made = calloc(r->cases, sizeof(*r->made));
	/* An access is two words of the script at least. */
	r->fresh = calloc(DIFF_SCRIPT_SIZE / 16, sizeof(*r->fresh));
	r->ram = anonymous();
	return r->made && r->fresh && r->ram ? 0 : -1;
}

static void run_fini(struct run *r)
{
	free(r->made);
	free(r->fresh);
	if (r->ram)
		munmap(r->ram, DIFF_RAM_SIZE);
}

/* The model alone: every answer is that of a fresh walk, unless commands were left out. */
static void test_alone(void **state)
{
	struct run r = { .cases = ALONE_CASES, .only = UINT32_MAX, .kind = *state };

	assert_int_equal(run_init(&r), 0);
	assert_int_equal(make_script(&r), 0);
	assert_int_equal(r.nr_made, ALONE_CASES);
	assert_int_equal(diff_model_run(r.kind, r.ram, r.fresh), 0);
	assert_int_equal(*(uint64_t *)(void *)at(r.ram, DIFF_LOG), DIFF_DONE);
	assert_int_equal(diff_check_fresh(r.fresh, script_of(&r), r.made), 0);
	run_fini(&r);
}

static int parse(int argc, char **argv, struct run *r)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *val = i + 1 < argc ? argv[i + 1] : NULL;

		if (!strcmp(argv[i], "-v")) {
			r->verbose = true;
			continue;
		}
		if (!val)
			return -1;
		i++;
		if (!strcmp(argv[i - 1], "--qemu"))
			r->qemu = val;
		else if (!strcmp(argv[i - 1], "--elf"))
			r->elf = val;
		else if (!strcmp(argv[i - 1], "--ram"))
			r->ram_file = val;
		else if (!strcmp(argv[i - 1], "--stages"))
			r->kind = diff_kind(val);
		else if (!strcmp(argv[i - 1], "--cases"))
			r->cases = (uint32_t)strtoul(val, NULL, 0);
		else if (!strcmp(argv[i - 1], "--only"))
			r->only = (uint32_t)strtoul(val, NULL, 0);
		else
			return -1;
	}
	if (r->only != UINT32_MAX)
		r->cases = r->only + 1;
	return r->qemu && r->elf && r->ram_file && r->kind ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[] = {
		{ "both stages", test_alone, NULL, NULL, NULL },
		{ "stage 1", test_alone, NULL, NULL, NULL },
		{ "stage 2", test_alone, NULL, NULL, NULL },
	};
	struct run r = { .cases = CASES, .only = UINT32_MAX, .kind = diff_kind("both") };
	int rc;

	tests[0].initial_state = (void *)(uintptr_t)diff_kind("both");
	tests[1].initial_state = (void *)(uintptr_t)diff_kind("1");
	tests[2].initial_state = (void *)(uintptr_t)diff_kind("2");
	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	if (parse(argc, argv, &r)) {
		fprintf(stderr, "diff_test: see the head of tests/diff/diff_test.c\n");
		return 2;
	}
	rc = run_init(&r);
	if (!rc)
		rc = make_script(&r);
	if (!rc)
		rc = with_qemu(&r);
	run_fini(&r);
	return rc ? 1 : 0;
}
