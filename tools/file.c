/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files and filters of the tool. Everything is bounded by IOM_TOOL_MAX_FILE.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "iom.h"

extern char **environ;

static int fail(const char *file, const char *what)
{
	fprintf(stderr, "iom: %s: %s\n", file, what);
	return IOM_TOOL_USAGE;
}

/* Reads fd to its end, whatever it is. */
static int slurp(const char *file, int fd, struct iom_tool_buf *out)
{
	size_t len = 0, cap = 1 << 16;
	char *p = malloc(cap), *q;
	ssize_t n;

	while (p) {
		n = read(fd, p + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(p);
			return fail(file, strerror(errno));
		}
		if (!n) {
			out->data = p;
			out->len = len;
			return IOM_TOOL_OK;
		}
		len += (size_t)n;
		if (len < cap)
			continue;
		if (cap >= IOM_TOOL_MAX_FILE) {
			free(p);
			return fail(file, "too large; 16 MiB is the most we read");
		}
		cap *= 2;
		q = realloc(p, cap);
		if (!q)
			free(p);
		p = q;
	}
	fail(file, "out of memory");
	return IOM_TOOL_FAIL;
}

int iom_tool_read(const char *file, struct iom_tool_buf *out)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return fail(file, strerror(errno));
	rc = slurp(file, fd, out);
	close(fd);
	return rc;
}

static int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Into a new file in the same folder, which rename() puts in place of file. */
static int write_beside(const char *file, const void *data, size_t len)
{
	char *tmp = NULL;
	int fd = -1, rc = -1;

	if (asprintf(&tmp, "%s.%ld.new", file, (long)getpid()) < 0)
		return -1;
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0) {
		rc = write_all(fd, data, len);
		if (close(fd))
			rc = -1;
		if (!rc)
			rc = rename(tmp, file);
		if (rc)
			unlink(tmp);
	}
	free(tmp);
	return rc;
}

int iom_tool_write(const char *file, const void *data, size_t len)
{
	struct stat st;
	int fd, rc;

	if (!strcmp(file, "-")) {
		rc = fflush(stdout) ? -1 : write_all(STDOUT_FILENO, data, len);
	} else if (!stat(file, &st) && !S_ISREG(st.st_mode)) {
		/* A pipe or a terminal is written to, not replaced. */
		fd = open(file, O_WRONLY | O_CLOEXEC);
		rc = fd < 0 ? -1 : write_all(fd, data, len);
		if (fd >= 0)
			close(fd);
	} else {
		rc = write_beside(file, data, len);
	}
	if (!rc)
		return IOM_TOOL_OK;
	fail(file, strerror(errno));
	return IOM_TOOL_FAIL;
}

/* --- filters --------------------------------------------------------------- */

static int spawn(char *const argv[], int in, int out, int err, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	int rc = posix_spawn_file_actions_init(&fa);

	if (rc)
		return rc;
	rc = posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&fa, err, STDERR_FILENO);
	if (!rc)
		rc = posix_spawnp(pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The first line of what the program complained about. */
static void complain_of(const char *file, const char *program, FILE *err)
{
	char line[256] = "";

	rewind(err);
	if (!fgets(line, sizeof(line), err) || line[0] == '\n')
		snprintf(line, sizeof(line), "failed without a word");
	line[strcspn(line, "\n")] = '\0';
	fprintf(stderr, "iom: %s: %s: %s\n", file, program, line);
}

/* Files, not pipes, so that no program waits for the other. */
static int run(const char *file, char *const argv[], const struct iom_tool_buf *in,
	       FILE *f[3], struct iom_tool_buf *out)
{
	pid_t pid;
	int rc;

	if (in && (fwrite(in->data, 1, in->len, f[0]) != in->len || fflush(f[0]) ||
		   fseek(f[0], 0, SEEK_SET)))
		return fail(file, "cannot write a temporary file"), IOM_TOOL_FAIL;
	rc = spawn(argv, fileno(f[0]), fileno(f[1]), fileno(f[2]), &pid);
	if (rc) {
		fprintf(stderr, "iom: %s: cannot run %s: %s; see docs/dependencies.md\n",
			file, argv[0], strerror(rc));
		return IOM_TOOL_FAIL;
	}
	if (wait_for(pid)) {
		complain_of(file, argv[0], f[2]);
		return IOM_TOOL_USAGE;
	}
	if (lseek(fileno(f[1]), 0, SEEK_SET) < 0)
		return fail(file, strerror(errno)), IOM_TOOL_FAIL;
	return slurp(file, fileno(f[1]), out);
}

int iom_tool_filter(const char *file, char *const argv[],
		    const struct iom_tool_buf *in, struct iom_tool_buf *out)
{
	FILE *f[3] = { tmpfile(), tmpfile(), tmpfile() };
	int rc = IOM_TOOL_FAIL, i;

	if (f[0] && f[1] && f[2])
		rc = run(file, argv, in, f, out);
	else
		fail(file, "cannot make a temporary file");
	for (i = 0; i < 3; i++) {
		if (f[i])
			fclose(f[i]);
	}
	return rc;
}

void iom_tool_complain(const char *file, const struct iom_diag *d)
{
	fprintf(stderr, "iom: %s: %s%s%s%s%s\n", file, d->node, *d->node ? ": " : "",
		d->prop, *d->prop ? ": " : "", d->what);
}
