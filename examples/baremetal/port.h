/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libiom is given here: plat.c is the port, a model for others. It owns the
 * memory that it is told of and the console, nothing else. One CPU.
 */
#ifndef BAREMETAL_PORT_H
#define BAREMETAL_PORT_H

#include <stdint.h>

#include <iom/base/range.h>
#include <iom/plat/dmem.h>
#include <iom/plat/mmio.h>
#include <iom/plat/plat.h>

struct port {
	struct iom_plat plat;
	struct iom_dmem dmem;	/* from the same memory */
};
extern struct port port;

/* ram: whole pages, nobody else's from now on. */
void port_init(struct iom_range ram);
uint64_t port_live_bytes(void);		/* given out and not given back */
uint64_t port_now_ns(void);

/* Registers at a physical address. */
struct port_mmio {
	struct iom_mmio mmio;
	uint64_t base;
};
void port_mmio_init(struct port_mmio *m, uint64_t base);

/* %s %c %u %x %lu %lx, and %d, on the console. */
__attribute__((format(printf, 1, 2)))
void port_print(const char *fmt, ...);

_Noreturn void port_exit(uint64_t code);
_Noreturn void port_exception(uint64_t esr, uint64_t elr, uint64_t far);

/* Registers of a device. */
static inline uint32_t port_read32(uint64_t addr)
{
	return *(volatile uint32_t *)addr;
}

static inline void port_write32(uint64_t addr, uint32_t val)
{
	*(volatile uint32_t *)addr = val;
}

static inline uint64_t port_read64(uint64_t addr)
{
	return *(volatile uint64_t *)addr;
}

static inline void port_write64(uint64_t addr, uint64_t val)
{
	*(volatile uint64_t *)addr = val;
}

/* Memory and device registers, in the order of the program. */
static inline void port_barrier(void)
{
	__asm__ volatile("dmb osh" ::: "memory");
}

#endif
