/* SPDX-License-Identifier: BSD-2-Clause */
/* The SMMUs under libiom's driver, the functions behind them, and what was refused. */
#ifndef BAREMETAL_WORLD_H
#define BAREMETAL_WORLD_H

#include <iom/drv/domain.h>
#include <iom/drv/smmuv3_drv.h>

#include "machine.h"
#include "port.h"

#define FAULTS	16u

struct world {
	struct machine m;
	struct port_mmio regs[MACHINE_SMMUS];
	struct iom_smmuv3_drv *smmu[MACHINE_SMMUS];
	struct iom_smmuv3_drv_caps caps[MACHINE_SMMUS];
	struct pci_fn fn[MACHINE_FNS];
	struct iom_smmuv3_stream stream[MACHINE_FNS];
	unsigned int nr_fns;
	/* Faults since world_faults(), the first ones. */
	struct iom_fault fault[FAULTS];
	unsigned int nr_faults;
};
extern struct world world;

/* Looks at the SMMUs' event queues; how many faults there were since the last time. */
unsigned int world_faults(void);
/* The first function with this ID, or this class; NULL. */
struct pci_fn *world_find(uint32_t id, uint32_t class);
struct iom_smmuv3_stream *world_stream(const struct pci_fn *fn);

/* A domain of this stage, with 4 KiB pages, for every SMMU that there is. */
int world_domain(unsigned int stage, struct iom_domain **out);

/* Ends the image, and says where and in which scenario. */
_Noreturn void world_fail(const char *file, unsigned int line, const char *what);
#define CHECK(cond)	((cond) ? (void)0 : world_fail(__FILE__, __LINE__, #cond))

/* disk.c */
void disk_run(struct pci_fn *fn, unsigned int stage);
/* scenario.c: n generated ones; the first one's seed is seed, and so on. */
void scenario_run(uint64_t seed, unsigned int n);
void scenario_where(void);		/* for a message of failure */

#endif
