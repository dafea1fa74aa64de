/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver finds on its platform; here main.c has it. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

/* Registers: no barrier in them. */
uint32_t read32(uintptr_t addr);
void write32(uintptr_t addr, uint32_t val);
void write64(uintptr_t addr, uint64_t val);

/* Memory stored before is visible to the SMMU before what is stored after. */
void dma_wmb(void);

/* n pages of 4 KiB side by side, zeroed, the zeros visible to the SMMU. Or NULL. */
void *pages_alloc(unsigned int n);
void pages_free(volatile void *mem, unsigned int n);

/* Mistakes made on demand: is this one to be made? Is this command to be forgotten, or changed? */
bool planted(const char *bug);
bool planted_in_command(uint64_t *w0);
#define BUG(name)		planted(name)
#define BUG_IN_COMMAND(w0)	planted_in_command(w0)

#endif
