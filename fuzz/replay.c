/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feeds a fuzz target with files, so that corpora are replayed by any compiler
 * and under any sanitizer, without libFuzzer.
 *
 * Arguments are files or folders; without any, fuzz/corpus/<name of program>.
 * Each input is copied to a buffer of exactly its length, so that a read past
 * its end is seen. No input at all is an error: a test of nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static int replay_file(const char *path, size_t size)
{
	uint8_t *buf = malloc(size);
	FILE *f = fopen(path, "rb");
	int rc = -1;

	if (!f || (size && !buf) || fread(buf, 1, size, f) != size) {
		perror(path);
	} else {
		/* Last words, should the target not come back. */
		fprintf(stderr, "input %s\n", path);
		LLVMFuzzerTestOneInput(buf, size);
		inputs++;
		rc = 0;
	}
	if (f)
		fclose(f);
	free(buf);
	return rc;
}

static int replay(const char *path)
{
	struct dirent **entry;
	struct stat st;
	char sub[4096];
	int i, n, rc = 0;

	if (stat(path, &st)) {
		perror(path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return replay_file(path, (size_t)st.st_size);
	n = scandir(path, &entry, NULL, alphasort);
	for (i = 0; i < n; i++) {
		if (entry[i]->d_name[0] != '.') {
			snprintf(sub, sizeof(sub), "%s/%s", path, entry[i]->d_name);
			rc |= replay(sub);
		}
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return n < 0 ? -1 : rc;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	char corpus[4096];
	int i, rc = 0;

	snprintf(corpus, sizeof(corpus), "fuzz/corpus/%s", slash ? slash + 1 : argv[0]);
	if (argc == 1)
		rc = replay(corpus);
	for (i = 1; i < argc; i++)
		rc |= replay(argv[i]);
	printf("%lu inputs\n", inputs);
	return rc || !inputs;
}
