/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory shared with hardware, for tests. Freed memory is filled with a pattern,
 * which must still be there when it is given out again; what is alive is counted;
 * the nth allocation can fail. Any thread. A wrong use ends the program.
 *
 * DMEM_FAKE_IDENTITY: addresses are pointers. Otherwise they begin at 0x10000000.
 * DMEM_FAKE_STALE: hardware does not snoop; it reads by dmem_fake_hw(), which has
 * what was cleaned and nothing else.
 */
#ifndef TESTS_FAKES_DMEM_FAKE_H
#define TESTS_FAKES_DMEM_FAKE_H

#include <pthread.h>
#include <stdint.h>

#include <iom/plat/dmem.h>

#define DMEM_FAKE_IDENTITY	1u
#define DMEM_FAKE_STALE		2u
#define DMEM_FAKE_SIZE		(UINT64_C(1) << 28)
#define DMEM_FAKE_BASE		UINT64_C(0x10000000)

struct dmem_fake {
	struct iom_dmem dmem;
	unsigned int flags;
	pthread_mutex_t lock;
	uint8_t *mem, *hw;	/* as the CPU has it, as hardware does; one without STALE */
	uint64_t base, used;
	void *free[32];		/* by log2 of the size; the first word has the next */
	long live, fail_in;
	unsigned long nr_allocs, nr_cleans;
	bool failed;
	/* Called before and after each clean, the fake's lock not held; may be NULL. */
	void (*cleaning)(struct dmem_fake *f);
	void (*cleaned)(struct dmem_fake *f);
};

void dmem_fake_init(struct dmem_fake *f, unsigned int flags);
void dmem_fake_fini(struct dmem_fake *f);	/* nothing may be alive */
void dmem_fake_fail_nth(struct dmem_fake *f, long n);	/* 0: none */

/* 64 bits at pa, as hardware reads them. */
uint64_t dmem_fake_hw(struct dmem_fake *f, uint64_t pa);
uint8_t *dmem_fake_ptr(struct dmem_fake *f, uint64_t pa);

#endif
