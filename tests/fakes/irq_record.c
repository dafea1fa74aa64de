/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupts of irq_record.h. */
#include <string.h>

#include <iom/base/field.h>

#include "fakes/irq_record.h"

static void got_msi(struct iom_irq *irq, bool msix, unsigned int vector, uint64_t addr,
		    uint32_t data)
{
	struct irq_record *t = IOM_CONTAINER_OF(irq, struct irq_record, irq);
	struct irq_record_msg *m;

	if (t->nr_msgs >= IRQ_RECORD_MSGS) {
		t->nr_msgs++;
		return;
	}
	m = &t->msg[t->nr_msgs++];
	m->msix = msix;
	m->vector = vector;
	m->addr = addr;
	m->data = data;
}

static void got_intx(struct iom_irq *irq, bool level)
{
	struct irq_record *t = IOM_CONTAINER_OF(irq, struct irq_record, irq);

	t->line = level;
	t->nr_intx++;
}

void irq_record_init(struct irq_record *t)
{
	static const struct iom_irq_ops ops = { got_msi, got_intx };

	memset(t, 0, sizeof(*t));
	t->irq.ops = &ops;
}
