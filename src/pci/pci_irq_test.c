/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of a PCI function's interrupts: a message or a level leaves exactly when
 * a model of two dozen lines says so, with the address and data that the driver
 * wrote; what cannot be sent is in the PBA.
 */
#include <iom/base/endian.h>
#include <iom/pci/pci.h>
#include <iom/spec/pci.h>

#include "fakes/pci_owner.h"
#include "lib/test.h"

#define rd		pci_owner_rd
#define wr		pci_owner_wr
#define find_cap	pci_owner_find_cap
#define start		pci_owner_start
#define stop		pci_owner_stop

static void intx_follows_level_disable_and_mode(void **state)
{
	struct pci_owner t;
	struct test_rng rng;
	unsigned int msi, msix, step, cmd = 0, n = 0;
	bool level = false, m = false, x = false, line;

	(void)state;
	test_rng_init(&rng);
	start(&t);
	msi = find_cap(&t, 5);
	msix = find_cap(&t, 0x11);
	for (step = 0; step < 20000; step++) {
		switch (test_rng_below(&rng, 4)) {
		case 0:
			level = test_rng_below(&rng, 2);
			iom_pci_intx(&t.fn, level);
			break;
		case 1:
			cmd = (unsigned int)test_rng_below(&rng, 2) << 10;
			wr(&t, 4, cmd, 2);
			break;
		case 2:
			m = test_rng_below(&rng, 2);
			wr(&t, msi + 2, m, 2);
			break;
		default:
			x = test_rng_below(&rng, 2);
			wr(&t, msix + 2, x ? 0x8000 : 0, 2);
		}
		line = level && !cmd && !m && !x;
		assert_int_equal(t.irq.line, line);
		/* 6.2.3: the status bit shows the pin even if INTx is disabled */
		assert_int_equal(rd(&t, 6, 2), 0x10 | (level ? 8 : 0));
		assert_int_equal(rd(&t, 6, 1) & 8, level ? 8 : 0);
		assert_int_equal(iom_pci_msi_enabled(&t.fn), m || x);
		assert_true(t.irq.nr_intx >= n);
		n = t.irq.nr_intx;
	}
	stop(&t);
}

static void msi_sends_what_the_driver_wrote(void **state)
{
	struct pci_owner t;
	uint8_t b[8];
	unsigned int msi, v, mme, n;

	(void)state;
	start(&t);
	msi = find_cap(&t, 5);
	wr(&t, 4, 4, 2);
	assert_false(iom_pci_irq(&t.fn, 0));
	wr(&t, msi + 4, 0xfee0100f, 4);		/* low bits are reserved */
	wr(&t, msi + 8, 0x12, 4);
	wr(&t, msi + 12, 0x4047, 2);
	for (mme = 0; mme < 8; mme++) {
		wr(&t, msi + 2, 1 | mme << 4, 2);
		n = mme < 3 ? 1u << mme : 8;
		for (v = 0; v < 10; v++) {
			t.irq.nr_msgs = 0;
			assert_true(iom_pci_irq(&t.fn, v));
			assert_int_equal(t.irq.nr_msgs, 1);
			assert_false(t.irq.msg[0].msix);
			assert_int_equal(t.irq.msg[0].vector, v < n ? v : 0);
			assert_true(t.irq.msg[0].addr == 0x12fee0100c);
			assert_int_equal(t.irq.msg[0].data, (0x4047 & ~(n - 1)) | (v < n ? v : 0));
		}
	}
	/* Without bus mastering it waits, once a vector, and is forgotten with MSI. */
	wr(&t, 4, 0, 2);
	t.irq.nr_msgs = 0;
	iom_pci_irq(&t.fn, 3);
	iom_pci_irq(&t.fn, 1);
	iom_pci_irq(&t.fn, 3);
	assert_int_equal(t.irq.nr_msgs, 0);
	wr(&t, 4, 4, 2);
	assert_int_equal(t.irq.nr_msgs, 2);
	assert_int_equal(t.irq.msg[0].vector, 1);
	assert_int_equal(t.irq.msg[1].vector, 3);
	wr(&t, 4, 0, 2);
	iom_pci_irq(&t.fn, 3);
	wr(&t, msi + 2, 0, 2);
	wr(&t, msi + 2, 1, 2);
	wr(&t, 4, 4, 2);
	assert_int_equal(t.irq.nr_msgs, 2);
	/* Nor does it leave as a message of the other mode. */
	wr(&t, 4, 0, 2);
	iom_pci_irq(&t.fn, 3);
	wr(&t, find_cap(&t, 0x11) + 2, 0x8000, 2);
	iom_pci_bar_read(&t.fn, 1, 0x800, b, 8);
	assert_true(iom_get_le64(b) == 0);
	stop(&t);
}

/* The model: what MSI-X is, with one word a vector. */
struct msix_model {
	bool enable, fmask, master;
	bool mask[5], pending[5];
	uint64_t addr[5];
	uint32_t data[5];
	unsigned int sent[5];
};

static void model_flush(struct msix_model *m)
{
	unsigned int v;

	for (v = 0; v < 5; v++) {
		if (!m->enable)
			m->pending[v] = false;
		if (m->pending[v] && m->master && !m->fmask && !m->mask[v]) {
			m->pending[v] = false;
			m->sent[v]++;
		}
	}
}

static void msix_step(struct pci_owner *t, struct msix_model *m, struct test_rng *rng,
		      unsigned int msix)
{
	unsigned int v = (unsigned int)test_rng_below(rng, 5), what;
	uint8_t b[8];

	switch (what = (unsigned int)test_rng_below(rng, 8)) {
	case 0:
	case 1:
		assert_int_equal(iom_pci_irq(&t->fn, v), m->enable);
		m->pending[v] = m->enable;
		break;
	case 2:
		assert_int_equal(iom_pci_irq(&t->fn, 5 + v), m->enable);
		break;
	case 3:
		m->mask[v] = test_rng_below(rng, 2);
		iom_put_le32(b, 0xfffffffeu | m->mask[v]);
		assert_int_equal(iom_pci_bar_write(&t->fn, 1, v * 16 + 12, b, 4), IOM_OK);
		break;
	case 4:
		m->fmask = test_rng_below(rng, 2);
		m->enable = test_rng_below(rng, 8);
		wr(t, msix + 2, (m->enable ? 0x8000u : 0) | (m->fmask ? 0x4000u : 0), 2);
		break;
	case 5:
		m->master = test_rng_below(rng, 4);
		wr(t, 4, m->master ? 4 : 0, 2);
		break;
	case 6:
		m->addr[v] = test_rng_u64(rng);
		iom_put_le64(b, m->addr[v]);
		m->addr[v] &= ~UINT64_C(3);
		assert_int_equal(iom_pci_bar_write(&t->fn, 1, v * 16, b, 8), IOM_OK);
		break;
	default:
		m->data[v] = (uint32_t)test_rng_u64(rng);
		m->mask[v] = test_rng_below(rng, 2);
		iom_put_le32(b, m->data[v]);
		iom_put_le32(b + 4, m->mask[v]);
		assert_int_equal(iom_pci_bar_write(&t->fn, 1, v * 16 + 8, b, 8), IOM_OK);
	}
	model_flush(m);
}

static void msix_agrees(struct pci_owner *t, const struct msix_model *m)
{
	uint64_t pba = 0;
	unsigned int i, v, sent[5] = { 0 };
	uint8_t b[8];

	for (i = 0; i < t->irq.nr_msgs; i++) {
		v = t->irq.msg[i].vector;
		assert_true(t->irq.msg[i].msix && v < 5);
		assert_true(t->irq.msg[i].addr == m->addr[v]);
		assert_int_equal(t->irq.msg[i].data, m->data[v]);
		sent[v]++;
	}
	for (v = 0; v < 5; v++) {
		assert_int_equal(sent[v], m->sent[v]);
		pba |= (uint64_t)m->pending[v] << v;
		iom_pci_bar_read(&t->fn, 1, v * 16, b, 8);
		assert_true(iom_get_le64(b) == m->addr[v]);
		iom_pci_bar_read(&t->fn, 1, v * 16 + 8, b, 4);
		assert_int_equal(iom_get_le32(b), m->data[v]);
		iom_pci_bar_read(&t->fn, 1, v * 16 + 12, b, 4);
		assert_int_equal(iom_get_le32(b), m->mask[v]);
	}
	iom_pci_bar_read(&t->fn, 1, 0x800, b, 8);
	assert_true(iom_get_le64(b) == pba);
	iom_pci_bar_read(&t->fn, 1, 0x800, b, 1);
	assert_int_equal(b[0], pba);
}

/* Masks, function mask, pending bits, PBA; saved and restored in between. */
static void msix_sends_as_the_model_does(void **state)
{
	struct pci_owner t;
	struct msix_model m;
	struct test_rng rng;
	uint8_t stream[1024];
	size_t len, used;
	unsigned int msix, step, v;

	(void)state;
	test_rng_init(&rng);
	start(&t);
	msix = find_cap(&t, 0x11);
	memset(&m, 0, sizeof(m));
	for (v = 0; v < 5; v++)
		m.mask[v] = true;
	for (step = 0; step < 40000; step++) {
		t.irq.nr_msgs = 0;
		memset(m.sent, 0, sizeof(m.sent));
		msix_step(&t, &m, &rng, msix);
		msix_agrees(&t, &m);
		if (test_rng_below(&rng, 64))
			continue;
		t.irq.nr_msgs = 0;
		memset(m.sent, 0, sizeof(m.sent));
		assert_int_equal(iom_pci_save(&t.fn, stream, sizeof(stream), &len), IOM_OK);
		iom_pci_reset(&t.fn);
		assert_int_equal(iom_pci_restore(&t.fn, stream, len, &used), IOM_OK);
		assert_int_equal(used, len);
		assert_int_equal(t.bm, m.master);
		msix_agrees(&t, &m);
	}
	stop(&t);
}

static void msix_table_takes_only_whole_words(void **state)
{
	struct pci_owner t;
	uint8_t b[8], all[8];
	unsigned int off;

	(void)state;
	start(&t);
	memset(all, 0xff, sizeof(all));
	for (off = 0; off < 80; off++) {
		iom_pci_bar_write(&t.fn, 1, off, all, 1);
		iom_pci_bar_write(&t.fn, 1, off, all, 2);
		if (off % 4)
			iom_pci_bar_write(&t.fn, 1, off, all, 4);
		if (off % 8)
			iom_pci_bar_write(&t.fn, 1, off, all, 8);
	}
	for (off = 0x800 - 7; off < 0x808; off++)
		iom_pci_bar_write(&t.fn, 1, off, all, 8);
	for (off = 0; off < 80; off += 8) {
		iom_pci_bar_read(&t.fn, 1, off, b, 8);
		assert_true(iom_get_le64(b) == (off % 16 ? UINT64_C(1) << 32 : 0));
	}
	iom_pci_bar_read(&t.fn, 1, 0x800, b, 8);
	assert_true(iom_get_le64(b) == 0);
	/* The rest of the BAR belongs to the owner. */
	memset(t.bar, 0x77, sizeof(t.bar));
	iom_pci_bar_read(&t.fn, 1, 80, b, 4);
	assert_int_equal(iom_get_le32(b), 0x3c3c3c3c);
	iom_pci_bar_read(&t.fn, 1, 0x7fc, b, 4);
	assert_int_equal(iom_get_le32(b), 0x3c3c3c3c);
	iom_pci_bar_read(&t.fn, 1, 0x808, b, 1);
	assert_int_equal(b[0], 0x3c);
	iom_pci_bar_read(&t.fn, 0, 8, b, 4);
	assert_int_equal(iom_get_le32(b), 0x77777777);
	stop(&t);
}

/* The vfio-user case: QEMU keeps the table, only the enable bit reaches us. */
static void external_table_sends_every_vector(void **state)
{
	struct pci_owner t;
	struct iom_pci_cfg cfg;
	unsigned int msix, v;
	uint8_t b[8];

	(void)state;
	pci_owner_blank(&t);
	cfg = pci_owner_cfg(&t);
	cfg.msix_table_extern = true;
	assert_int_equal(pci_owner_init_fn(&t, &cfg), IOM_OK);
	msix = find_cap(&t, 0x11);
	assert_false(iom_pci_irq(&t.fn, 2));
	wr(&t, msix + 2, 0xc000, 2);
	for (v = 0; v < 7; v++)
		assert_true(iom_pci_irq(&t.fn, v));
	assert_int_equal(t.irq.nr_msgs, 5);
	for (v = 0; v < 5; v++) {
		assert_int_equal(t.irq.msg[v].vector, v);
		assert_true(t.irq.msg[v].msix && !t.irq.msg[v].addr && !t.irq.msg[v].data);
	}
	iom_pci_bar_read(&t.fn, 1, 0x800, b, 8);
	assert_true(iom_get_le64(b) == 0);
	/* Both modes on is the driver's mistake; MSI-X wins. */
	wr(&t, find_cap(&t, 5) + 2, 1, 2);
	iom_pci_irq(&t.fn, 1);
	assert_true(t.irq.nr_msgs == 6 && t.irq.msg[5].msix);
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intx_follows_level_disable_and_mode),
		cmocka_unit_test(msi_sends_what_the_driver_wrote),
		cmocka_unit_test(msix_sends_as_the_model_does),
		cmocka_unit_test(msix_table_takes_only_whole_words),
		cmocka_unit_test(external_table_sends_every_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
