/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes of the document and bytes of a real driver:
 * - tests/vectors/virtio-iommu.txt, written by hand, must get exactly the bytes
 *   written beside it, through the rings, split and packed;
 * - tests/data/virtio-iommu/ are requests that Linux made, recorded on another
 *   device; each must get the recorded reply and used length, and at the end
 *   exactly the mappings are there that the requests leave.
 * Run from the top folder.
 */
#include <ctype.h>

#include "lib/test.h"
#include "lib/viommu_ring.h"

#define LINE_MAX_LEN 4096u

/* Hex with spaces and *N, from *s on up to a character that is neither. */
static size_t parse_bytes(const char **s, uint8_t *out, size_t cap)
{
	size_t n = 0, zeroes;
	char *end;

	for (;; ) {
		*s += strspn(*s, " \t\n");
		if (**s == '*') {
			zeroes = strtoul(*s + 1, &end, 10);
			assert_true(n + zeroes <= cap);
			memset(out + n, 0, zeroes);
			n += zeroes;
			*s = end;
		} else if (isxdigit((unsigned char)(*s)[0]) && isxdigit((unsigned char)(*s)[1])) {
			const char byte[3] = { (*s)[0], (*s)[1], 0 };

			assert_true(n < cap);
			out[n++] = (uint8_t)strtoul(byte, NULL, 16);
			*s += 2;
		} else {
			return n;
		}
	}
}

static FILE *open_text(const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f)
		print_error("%s: not there; run from the top folder\n", path);
	assert_non_null(f);
	return f;
}

static void compare(const uint8_t *got, size_t n, const uint8_t *want, size_t want_n,
		    const char *line)
{
	if (n == want_n && !memcmp(got, want, n))
		return;
	print_error("%s: differs, %zu bytes\n", line, n);
	assert_int_equal(n, want_n);
	assert_memory_equal(got, want, n);
}

static void one_request(struct vtq *t, const char *s, const char *line)
{
	const uint8_t *out = t->mem + VTQ_BUFS + 1024;
	uint8_t want[1024];
	struct vt_req r;
	size_t n;
	int status;
	char *end;

	memset(&r, 0, sizeof(r));
	r.in_len = parse_bytes(&s, r.in, sizeof(r.in));
	assert_int_equal(*s, '+');
	r.out_len = strtoul(s + 1, &end, 10);
	s = end + strspn(end, " ");
	assert_int_equal(*s++, '=');
	n = parse_bytes(&s, want, sizeof(want));
	status = vtq_send(t, &r);
	compare(out, status == S_NONE ? 0 : r.out_len, want, n, line);
}

static void one_fault(struct vtq *t, const char *s, const char *line)
{
	char *end;
	unsigned long id = strtoul(s, &end, 0);
	uint64_t iova = strtoull(end, &end, 0);
	uint8_t want[64], rec[64];
	struct iom_run run;
	uint32_t len;
	size_t n;

	end += strspn(end, " ");
	assert_non_null(s = strchr(end, '='));
	s++;
	n = parse_bytes(&s, want, sizeof(want));
	vtq_post_event(t, 0, 24);
	assert_int_not_equal(vtq_translate(t, id == 8 ? 0 : 1, iova, 1, *end == 'w' ?
			     IOM_ACCESS_WRITE : IOM_ACCESS_READ, &run), IOM_OK);
	assert_int_equal(vtq_run(t), IOM_OK);
	assert_true(vtq_get_event(t, rec, &len));
	compare(rec, len, want, n, line);
}

static void one_config(struct vtq *t, const char *s, const char *line)
{
	uint8_t want[64], got[64];
	size_t n, i;

	assert_non_null(s = strchr(s, '='));
	s++;
	n = parse_bytes(&s, want, sizeof(want));
	assert_int_equal(n, 40);
	/* 4.1.3.1: by width of the fields; and byte by byte. */
	for (i = 0; i < 36; i += 4)
		assert_int_equal(iom_pci_bar_read(&t->pci.fn, 0, t->devcfg + i, got + i, 4), 0);
	assert_int_equal(iom_pci_bar_read(&t->pci.fn, 0, t->devcfg + 36, got + 36, 1), 0);
	memset(got + 37, 0, 3);
	compare(got, 40, want, n, line);
	for (i = 0; i < 40; i++)
		assert_int_equal(iom_pci_bar_read(&t->pci.fn, 0, t->devcfg + i, got + i, 1), 0);
	compare(got, 40, want, n, line);
}

static void hand_written(bool packed)
{
	struct vtq_cfg cfg = { .packed = packed, .dev = vt_cfg() };
	const struct iom_viommu_ep_cfg a = { .id = 8, .nr_resv = 2, .resv = {
		{ { 0x100000, 0x1fffff }, false }, { { 0xfee00000, 0xfeefffff }, true } } };
	const struct iom_viommu_ep_cfg b = { .id = 0x10009 };
	char line[LINE_MAX_LEN];
	struct vtq t;
	unsigned int n = 0;
	FILE *f = open_text("tests/vectors/virtio-iommu.txt");

	cfg.dev.input.last = 0xffffffffffff;
	cfg.dev.domain_start = 0x10;
	cfg.dev.domain_last = 0x1ff;
	cfg.dev.probe_size = 128;
	vtq_open(&t, &cfg);
	vtq_add(&t, &a);
	vtq_add(&t, &b);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "#\n")] = 0;
		if (!line[0])
			continue;
		n++;
		if (!strncmp(line, "config ", 7))
			one_config(&t, line, line);
		else if (!strncmp(line, "fault ", 6))
			one_fault(&t, line + 6, line);
		else
			one_request(&t, line, line);
	}
	assert_true(n >= 40);
	fclose(f);
	vtq_close(&t);
}

static void hand_written_split(void **state)
{
	(void)state;
	hand_written(false);
}

static void hand_written_packed(void **state)
{
	(void)state;
	hand_written(true);
}

/* What the recorded requests leave: a list of the maps that no unmap took, simple and slow. */
struct left {
	uint32_t domain;
	uint64_t start, last, gpa;
	uint32_t flags;
};

struct recording {
	struct left left[2048];
	unsigned int nr_left, seen;
	uint32_t domain_of[2];	/* of endpoints 0x18 and the other; UINT32_MAX: none */
};

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

/* A domain whose last endpoint left takes its maps along. */
static void forget(struct recording *rec, uint32_t domain)
{
	unsigned int i, n = 0;

	if (rec->domain_of[0] == domain || rec->domain_of[1] == domain)
		return;
	for (i = 0; i < rec->nr_left; i++)
		if (rec->left[i].domain != domain)
			rec->left[n++] = rec->left[i];
	rec->nr_left = n;
}

static void note(struct recording *rec, const uint8_t *in)
{
	const uint32_t domain = (uint32_t)get(in + 4, 4);
	uint64_t start = get(in + 8, 8), last = get(in + 16, 8);
	unsigned int i, n = 0, ep = get(in + 8, 4) != 0x18;
	uint32_t old;

	switch (in[0]) {
	case 1:
		old = rec->domain_of[ep];
		rec->domain_of[ep] = domain;
		if (old != domain)
			forget(rec, old);
		break;
	case 3:
		assert_true(rec->nr_left < 2048);
		rec->left[rec->nr_left++] = (struct left){ domain, start, last, get(in + 24, 8),
							   (uint32_t)get(in + 32, 4) };
		break;
	case 4:
		for (i = 0; i < rec->nr_left; i++)
			if (rec->left[i].domain != domain || rec->left[i].start < start ||
			    rec->left[i].last > last)
				rec->left[n++] = rec->left[i];
		rec->nr_left = n;
		break;
	}
}

static void is_left(void *arg, const struct iom_viommu_trace *m)
{
	struct recording *rec = arg;
	unsigned int i, found = 0;

	for (i = 0; i < rec->nr_left; i++)
		found += rec->left[i].domain == m->domain && rec->left[i].start == m->iova.start &&
			 rec->left[i].last == m->iova.last && rec->left[i].gpa == m->gpa &&
			 rec->left[i].flags == m->flags;
	assert_int_equal(found, 1);
	rec->seen++;
}

static void replay_line(struct vt *t, struct recording *rec, const char *line)
{
	uint8_t want[VT_OUT_MAX], got[VT_OUT_MAX];
	const char *s = strstr(line, "req=");
	struct vt_req r;
	size_t n, used;

	assert_non_null(s);
	s += 4;
	r.in_len = parse_bytes(&s, r.in, sizeof(r.in));
	assert_non_null(s = strstr(s, "writable="));
	r.out_len = strtoul(s + 9, NULL, 10);
	assert_non_null(s = strstr(s, "rep="));
	s += 4;
	n = parse_bytes(&s, want, sizeof(want));
	assert_non_null(s = strstr(s, "used="));
	assert_int_equal(strtoul(s + 5, NULL, 10), n);
	vt_send_out(t->v, &r, got, &used);
	compare(got, used, want, n, line);
	note(rec, r.in);
}

/* "event rep=": a DMA that faulted on the recorded device must fault here. */
static void replay_event(struct vt *t, const char *line)
{
	const char *s = strstr(line, "rep=") + 4;
	uint8_t e[32];

	assert_int_equal(parse_bytes(&s, e, sizeof(e)), 24);
	assert_int_equal(get(e + 8, 4), 0x18);
	assert_true(vt_faults(t, 0, get(e + 16, 8), (unsigned int)get(e + 4, 4) & 3, e[0]));
}

static void replay(const char *path, uint32_t second_ep, unsigned int requests)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_ep_cfg e = { .id = 0x18, .nr_resv = 1,
		.resv[0] = { { 0xfee00000, 0xfeefffff }, true } };
	static struct recording rec;
	uint8_t want[64], got[40];
	char line[LINE_MAX_LEN];
	unsigned int i, n = 0;
	struct iom_run run;
	const char *s;
	struct vt t;
	FILE *f = open_text(path);

	memset(&rec, 0, sizeof(rec));
	rec.domain_of[0] = rec.domain_of[1] = UINT32_MAX;
	cfg.mmio = false;
	cfg.boot_bypass = true;
	cfg.input.last = 0xffffffffffff;
	/* The recording has DOMAIN_RANGE with the whole range: a bit more than is needed. */
	vt_open(&t, &cfg);
	vt_add(&t, &e);
	e.id = second_ep;
	vt_add(&t, &e);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#') {
			assert_non_null(s = strstr(line, "config "));
			s += 7;
			assert_int_equal(parse_bytes(&s, want, sizeof(want)), 40);
			iom_viommu_dev_config_read(t.v, 0, got, 40);
			compare(got, 40, want, 40, "config");
		} else if (!strncmp(line, "event", 5)) {
			replay_event(&t, line);
		} else {
			replay_line(&t, &rec, line);
			n++;
		}
	}
	fclose(f);
	assert_int_equal(n, requests);

	for (i = 0; i < 2; i++)
		if (rec.domain_of[i] != UINT32_MAX && (!i || rec.domain_of[1] != rec.domain_of[0]))
			assert_int_equal(iom_viommu_dev_for_each_mapping(t.v, rec.domain_of[i],
					 is_left, &rec), IOM_OK);
	assert_int_equal(rec.seen, rec.nr_left);
	for (i = 0; i < rec.nr_left; i++) {
		const struct left *l = &rec.left[i];
		uint64_t len = l->last - l->start + 1;
		struct iom_xlate *x = iom_viommu_dev_xlate(t.ep[rec.domain_of[0] != l->domain]);
		struct iom_run runs[64];
		uint64_t done;
		size_t nr;

		iom_access_begin(&t.access);
		assert_int_equal(iom_xlate_runs(x, l->start, len, l->flags & 3, runs, 64, &nr,
						&done), IOM_OK);
		iom_access_end(&t.access);
		assert_true(nr == 1 && done == len && runs[0].gpa == l->gpa);
	}
	if (!rec.nr_left)
		assert_int_equal(vt_translate(&t, 0, 0x1000, 1, IOM_ACCESS_WRITE, &run), IOM_OK);
	print_message("%s: %u requests, %u mappings left\n", path, n, rec.nr_left);
	vt_close(&t);
}

static void linux_boot_blk_rng(void **state)
{
	(void)state;
	replay("tests/data/virtio-iommu/x86-boot-blk-rng.txt", 0x19, 2000);
}

static void linux_vfio(void **state)
{
	(void)state;
	replay("tests/data/virtio-iommu/x86-vfio.txt", 0x19, 2000);
}

static void linux_passthrough(void **state)
{
	(void)state;
	replay("tests/data/virtio-iommu/x86-passthrough.txt", 0x20, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hand_written_split),
		cmocka_unit_test(hand_written_packed),
		cmocka_unit_test(linux_boot_blk_rng),
		cmocka_unit_test(linux_vfio),
		cmocka_unit_test(linux_passthrough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
