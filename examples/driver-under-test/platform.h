/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver finds on its platform; here main.c has it. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdint.h>

/* Registers: no barrier in them. */
uint32_t read32(uintptr_t addr);
void write32(uintptr_t addr, uint32_t val);
void write64(uintptr_t addr, uint64_t val);

/* Memory stored before is visible to the SMMU before what is stored after. */
void dma_wmb(void);

/* n pages of 4 KiB, aligned to all of them, zeroed, the zeros visible to the SMMU. Or NULL. */
void *pages_alloc(unsigned int n);
void pages_free(volatile void *mem, unsigned int n);

/* 1 if the mistake of that name is to be made. */
unsigned int planted(const char *bug);
#define BUG(name) planted(name)

#endif
