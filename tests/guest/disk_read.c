/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs in a guest: times direct reads of a disk.
 *
 *   disk_read DEVICE ROUNDS SEQUENTIAL_MIB RANDOM_READS SEED
 *
 * A round reads SEQUENTIAL_MIB in 1 MiB pieces from the start, then
 * RANDOM_READS pieces of 4 KiB at random places, one at a time. Prints
 * seq_us=, rnd_us= a round, sum= of all bytes read, and end=ok.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB	(1u << 20)

static uint64_t sum;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void read_at(int fd, uint64_t *buf, size_t len, uint64_t at)
{
	if (pread(fd, buf, len, (off_t)at) != (ssize_t)len) {
		printf("error=read at %" PRIu64 ": %s\nend=failed\n", at,
		       strerror(errno));
		exit(1);
	}
	sum += buf[0] ^ buf[len / 8 - 1];
}

int main(int argc, char **argv)
{
	uint64_t *buf, rng, mib, n, i;
	unsigned long rounds;
	double t;
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 6)
		return 2;
	fd = open(argv[1], O_RDONLY | O_DIRECT);
	buf = aligned_alloc(4096, MIB);
	if (fd < 0 || !buf) {
		printf("error=%s: %s\nend=failed\n", argv[1], strerror(errno));
		return 1;
	}
	memset(buf, 1, MIB);
	rounds = strtoul(argv[2], NULL, 0);
	mib = strtoull(argv[3], NULL, 0);
	n = strtoull(argv[4], NULL, 0);
	rng = strtoull(argv[5], NULL, 0) | 1;
	for (; rounds; rounds--) {
		t = now_us();
		for (i = 0; i < mib; i++)
			read_at(fd, buf, MIB, i * MIB);
		printf("seq_us=%.0f\n", now_us() - t);
		t = now_us();
		for (i = 0; i < n; i++) {
			rng ^= rng << 13;
			rng ^= rng >> 7;
			rng ^= rng << 17;
			read_at(fd, buf, 4096, rng % (mib * 256) * 4096);
		}
		printf("rnd_us=%.0f\n", now_us() - t);
	}
	printf("sum=0x%" PRIx64 "\nend=ok\n", sum);
	return 0;
}
