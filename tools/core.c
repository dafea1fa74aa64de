/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF64 cores. Every offset is compared with the file's length before use. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"
#include "file.h"
#include "iom.h"

static int refuse(const struct iom_tool_core *c, uint64_t offset, const char *what)
{
	fprintf(stderr, "iom: %s: offset 0x%" PRIx64 ": %s\n", c->file, offset, what);
	return IOM_TOOL_USAGE;
}

static int fail(const char *file, const char *what)
{
	fprintf(stderr, "iom: %s: %s\n", file, what);
	return IOM_TOOL_USAGE;
}

/* --- the file -------------------------------------------------------------- */

/* Cores may be as large as the machine: they are mapped, not read. */
static int map_file(const char *file, struct iom_tool_core *c)
{
	struct stat st;
	void *p;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(file, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(Elf64_Ehdr)) {
		close(fd);
		return fail(file, "no file as long as an ELF header");
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return fail(file, strerror(errno));
	c->data = p;
	c->len = (size_t)st.st_size;
	c->mapped = true;
	return IOM_TOOL_OK;
}

static int unpack(struct iom_tool_core *c)
{
	char *gzip[] = { "gzip", "-dc", NULL };
	struct iom_tool_buf in, out;
	int rc;

	rc = iom_tool_read(c->file, &in);
	if (rc)
		return rc;
	rc = iom_tool_filter(c->file, gzip, &in, &out);
	free(in.data);
	if (rc)
		return rc;
	munmap((void *)(uintptr_t)c->data, c->len);
	c->data = out.data;
	c->len = out.len;
	c->mapped = false;
	return IOM_TOOL_OK;
}

/* --- ELF ------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	const struct iom_tool_segment *x = a, *y = b;

	return x->pa < y->pa ? -1 : x->pa > y->pa;
}

static int add_segment(struct iom_tool_core *c, uint64_t at)
{
	struct iom_tool_segment *s = &c->segs[c->n_segs];
	Elf64_Phdr ph;

	memcpy(&ph, c->data + at, sizeof(ph));
	if (ph.p_type != PT_LOAD || !ph.p_filesz)
		return IOM_TOOL_OK;
	if (ph.p_offset > c->len || ph.p_filesz > c->len - ph.p_offset)
		return refuse(c, at, "a segment ends behind the end of the file");
	if (ph.p_paddr + (ph.p_filesz - 1) < ph.p_paddr)
		return refuse(c, at, "a segment ends above the top of memory");
	s->pa = ph.p_paddr;
	s->last = ph.p_paddr + (ph.p_filesz - 1);
	s->offset = ph.p_offset;
	c->n_segs++;
	return IOM_TOOL_OK;
}

/* More than 65534 program headers: their number is in section header 0. */
static int count_headers(struct iom_tool_core *c, const Elf64_Ehdr *eh, uint64_t *n)
{
	Elf64_Shdr sh;

	*n = eh->e_phnum;
	if (eh->e_phnum != PN_XNUM)
		return IOM_TOOL_OK;
	if (eh->e_shoff > c->len || sizeof(sh) > c->len - eh->e_shoff)
		return refuse(c, eh->e_shoff, "section header 0 is not in the file");
	memcpy(&sh, c->data + eh->e_shoff, sizeof(sh));
	*n = sh.sh_info;
	return IOM_TOOL_OK;
}

static int read_headers(struct iom_tool_core *c, const Elf64_Ehdr *eh)
{
	uint64_t n, i;
	int rc = count_headers(c, eh, &n);

	if (rc)
		return rc;
	if (eh->e_phentsize != sizeof(Elf64_Phdr))
		return refuse(c, offsetof(Elf64_Ehdr, e_phentsize), "odd size of program headers");
	if (eh->e_phoff > c->len || n > (c->len - eh->e_phoff) / sizeof(Elf64_Phdr))
		return refuse(c, eh->e_phoff, "program headers end behind the end of the file");
	c->segs = calloc(n ? n : 1, sizeof(*c->segs));
	if (!c->segs) {
		fail(c->file, "out of memory");
		return IOM_TOOL_FAIL;
	}
	for (i = 0; i < n && !rc; i++)
		rc = add_segment(c, eh->e_phoff + i * sizeof(Elf64_Phdr));
	if (rc)
		return rc;
	if (!c->n_segs)
		return refuse(c, eh->e_phoff, "no PT_LOAD segment with contents");
	qsort(c->segs, c->n_segs, sizeof(*c->segs), by_address);
	for (i = 1; i < c->n_segs; i++) {
		if (c->segs[i].pa <= c->segs[i - 1].last)
			return refuse(c, eh->e_phoff, "two segments have the same address");
	}
	return IOM_TOOL_OK;
}

static int parse(struct iom_tool_core *c)
{
	Elf64_Ehdr eh;

	if (c->len < sizeof(eh) || memcmp(c->data, ELFMAG, SELFMAG))
		return refuse(c, 0, "not an ELF file");
	memcpy(&eh, c->data, sizeof(eh));
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse(c, EI_CLASS, "not a 64-bit little-endian ELF file");
	if (eh.e_type != ET_CORE)
		return refuse(c, offsetof(Elf64_Ehdr, e_type), "not a core");
	return read_headers(c, &eh);
}

int iom_tool_core_open(const char *file, struct iom_tool_core *out)
{
	int rc;

	memset(out, 0, sizeof(*out));
	out->file = file;
	rc = map_file(file, out);
	if (!rc && out->data[0] == 0x1f && out->data[1] == 0x8b)
		rc = unpack(out);
	if (!rc)
		rc = parse(out);
	if (rc)
		iom_tool_core_close(out);
	return rc;
}

void iom_tool_core_close(struct iom_tool_core *c)
{
	if (c->mapped)
		munmap((void *)(uintptr_t)c->data, c->len);
	else
		free((void *)(uintptr_t)c->data);
	free(c->segs);
	memset(c, 0, sizeof(*c));
}

/* --- memory ---------------------------------------------------------------- */

static const struct iom_tool_segment *find(const struct iom_tool_core *c, uint64_t pa)
{
	size_t lo = 0, hi = c->n_segs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (pa > c->segs[mid].last)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n_segs && c->segs[lo].pa <= pa ? &c->segs[lo] : NULL;
}

bool iom_tool_core_read(const struct iom_tool_core *c, uint64_t pa, void *buf, size_t len)
{
	const struct iom_tool_segment *s;
	uint64_t run;

	while (len) {
		s = find(c, pa);
		if (!s)
			return false;
		run = s->last - pa;		/* bytes minus one */
		run = run < len - 1 ? run + 1 : len;
		memcpy(buf, c->data + s->offset + (pa - s->pa), run);
		buf = (uint8_t *)buf + run;
		len -= run;
		if (len && pa + run < pa)
			return false;
		pa += run;
	}
	return true;
}

uint64_t iom_tool_core_offset(const struct iom_tool_core *c, uint64_t pa)
{
	const struct iom_tool_segment *s = find(c, pa);

	return s ? s->offset + (pa - s->pa) : 0;
}
