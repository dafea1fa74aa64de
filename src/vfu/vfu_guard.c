/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIGBUS: the client took away pages of a file it shares. The signal comes on
 * the thread that made the access, synchronously, inside a bracket; so the
 * handler finds the mapping without a lock, in the table that the bracket
 * holds. It puts a page of zeroes in place and returns: the access is made
 * again, and the connection is ended by the socket thread.
 *
 * The handler calls mmap(), sysconf() has been asked before, and write(): mmap
 * is not on POSIX's list of safe functions, but is a plain system call here.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfu/vfu_int.h"

_Thread_local struct iomi_vfu_gmem *iomi_vfu_guard_brackets;

static struct sigaction previous;
static uintptr_t page_size;

/* The shared mapping that holds addr, in the brackets this thread has open. */
static const struct iomi_vfu_map *find(uintptr_t addr, struct iom_vfu **v)
{
	const struct iomi_vfu_gmem *g;
	const struct iomi_vfu_map *m;
	unsigned int i;

	for (g = iomi_vfu_guard_brackets; g; g = g->outer) {
		for (i = 0; i < g->table->n; i++) {
			m = &g->table->map[i];
			if (m->mmap_base && addr - (uintptr_t)m->mmap_base < m->mmap_len) {
				*v = g->v;
				return m;
			}
		}
	}
	return NULL;
}

static bool replace(void *start, size_t len)
{
	return mmap(start, len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	const struct iomi_vfu_map *m;
	struct iom_vfu *v;
	int err = errno;

	m = info->si_code == BUS_ADRERR ? find(addr, &v) : NULL;
	/* A huge page cannot be replaced in part: then all of the mapping is. */
	if (m && (replace((void *)(addr & ~(page_size - 1)), page_size) ||
		  replace(m->mmap_base, m->mmap_len))) {
		iomi_vfu_count(&v->nr.truncated);
		atomic_store(&v->truncated, true);
		iomi_vfu_wake(v);
		errno = err;
		return;
	}
	if ((previous.sa_flags & SA_SIGINFO) && previous.sa_sigaction) {
		previous.sa_sigaction(sig, info, context);
	} else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
		previous.sa_handler(sig);
	} else {
		/* The access is made again, and ends the process this time. */
		signal(SIGBUS, SIG_DFL);
	}
	errno = err;
}

int iom_vfu_sigbus_guard(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_sigbus;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigemptyset(&sa.sa_mask);
	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	return sigaction(SIGBUS, &sa, &previous) ? IOM_EIO : IOM_OK;
}
