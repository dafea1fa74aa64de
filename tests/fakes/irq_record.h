/* SPDX-License-Identifier: BSD-2-Clause */
/* An embedder's interrupts for tests: remembers what it was told. */
#ifndef TESTS_FAKES_IRQ_RECORD_H
#define TESTS_FAKES_IRQ_RECORD_H

#include <iom/plat/irq.h>

#define IRQ_RECORD_MSGS 256u

struct irq_record {
	struct iom_irq irq;
	struct irq_record_msg {
		bool msix;
		unsigned int vector;
		uint64_t addr;
		uint32_t data;
	} msg[IRQ_RECORD_MSGS];		/* the first ones */
	unsigned int nr_msgs;		/* all; the test sets it back to 0 */
	unsigned int nr_intx;
	bool line;
};

void irq_record_init(struct irq_record *t);

#endif
