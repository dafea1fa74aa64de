/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the benches share: time, medians, the unit R, and one JSON object a line
 * on standard output. docs/performance.md tells the method.
 *
 * Times are the thread's own processor time, so that others on the machine count
 * little; every figure is the median of an odd number of runs.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_RUNS 11

static inline double bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), bench_cmp);
	return v[n / 2];
}

/* R: nanoseconds of one uncontended atomic add. */
static inline double bench_r_ns(void)
{
	static _Alignas(64) atomic_ulong word;
	double run[BENCH_RUNS], t;
	int i, k;

	for (i = 0; i < BENCH_RUNS; i++) {
		t = bench_now_ns();
		for (k = 0; k < 1000000; k++)
			atomic_fetch_add(&word, 1);
		run[i] = (bench_now_ns() - t) / 1000000;
	}
	return bench_median(run, BENCH_RUNS);
}

static inline void bench_row(const char *name, double value, const char *unit,
			     const char *conditions)
{
	printf("{\"name\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", \"conditions\": \"%s\"}\n",
	       name, value, unit, conditions);
}

static inline void bench_row_peer(const char *name, double value, const char *unit,
				  const char *conditions, double peer, double ratio)
{
	printf("{\"name\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", \"conditions\": \"%s\", "
	       "\"peer\": %.3f, \"ratio\": %.3f}\n", name, value, unit, conditions, peer, ratio);
}

#endif
