/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside of `iom serve`: a machine, and for each PCI function of it a device,
 * a socket with its thread, and, but for IOMMUs, a worker thread.
 */
#ifndef TOOLS_SERVE_H
#define TOOLS_SERVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <iom/device.h>
#include <iom/host.h>
#include <iom/host/host_store.h>
#include <iom/host/host_worker.h>

#include "machine_load.h"

struct json_object;
struct serve;
struct serve_fn;

/*
 * An IOMMU that is not in the machine file, in front of all its functions: a
 * test's. attach sets f->xlate and f->msi_xlate before f has a device; detach
 * comes after the device is gone.
 */
struct serve_front {
	int (*attach)(struct serve_front *front, struct serve_fn *f);
	void (*detach)(struct serve_front *front, struct serve_fn *f);
	/* Adds what it has to tell to the report. */
	void (*report)(struct serve_front *front, struct json_object *o);
};

struct serve_fn {
	struct serve *s;
	const struct iom_machine_fn *m;
	char name[128];			/* unique in the machine */
	char bdf[16];			/* "00:03.0", with the segment if it is not 0 */
	char *socket;
	/* the register side: the socket thread's */
	struct iom_vfu_dev dev;
	struct iom_vfu *v;
	struct iom_pci_fn *pci;
	struct iom_vpci_dev vpci;	/* of a virtio function */
	pthread_t thread;
	bool thread_runs;
	/* the worker's; an IOMMU has none, and works on its socket thread */
	struct iom_host_worker *worker;
	struct iom_plat plat;		/* an IOMMU's: the host's, but for relax */
	struct iom_gmem *gmem;
	struct iom_virtio_dev *vd;	/* of a virtio function */
	uint32_t poll_ns;		/* look for requests so long; 0: do not poll */
	uint64_t found_ns;		/* polling: when the last request was found */
	bool poll_hit;			/* one was, since polling began */
	unsigned int poll_vain;		/* how often in a row none was */
	unsigned int poll_skip;		/* requests until the next try */
	/* behind an IOMMU: */
	struct serve_fn *iommu;		/* NULL: not translated, or by s->front */
	struct iom_viommu_ep *ep;
	struct iom_xlate *xlate;	/* NULL: not translated. The worker's */
	struct iom_xlate *msi_xlate;	/* under msi_lock */
	struct iom_xgmem xg;
	/*
	 * The IOMMU was reset with the machine and this function was not yet:
	 * its rings are at addresses that mean nothing any more.
	 */
	atomic_bool frozen;
	/* interrupts: MSI of an endpoint is a write that the IOMMU translates */
	struct iom_irq irq;
	pthread_mutex_t msi_lock;
	struct iom_access msi_access;	/* under msi_lock */
	/* the device; which of them, m->kind tells */
	struct iom_viommu_vq *viommu;
	struct iom_blk blk;
	struct iom_rng rng;
	struct iom_dmatest dmatest;
	struct iom_host_store_file store;
	bool store_open, built, msi_ready;
};

struct serve_options {
	const char *machine;
	const char *dir;
	const char *log;		/* or NULL, as the next */
	const char *report;
	uint32_t poll_us;		/* if poll_given */
	bool poll_given;
	bool json;
	bool print_args;
};

struct serve {
	struct serve_options o;
	struct iom_tool_machine t;
	char *dir;			/* absolute */
	struct serve_fn *fn;
	unsigned int nr_fns;
	FILE *log;			/* of requests, or NULL */
	pthread_mutex_t log_lock;
	struct serve_front *front;	/* or NULL */
};

/* All return IOM_TOOL_OK, or the exit status after one line on stderr. */

/* serve.c: `iom serve`, with front in front of all functions; NULL: none. */
int iom_tool_serve_behind(int argc, char **argv, struct serve_front *front);

/* serve_fn.c */
/* What the machine file asks for and we cannot do. Creates nothing. */
int iom_tool_serve_check(struct serve *s);
/* Disks and sockets can be had. Opens the disks. */
int iom_tool_serve_open(struct serve *s);
int iom_tool_serve_build(struct serve *s);
int iom_tool_serve_start(struct serve *s);
/* Undoes build and start, whichever were done, in part too. */
void iom_tool_serve_stop(struct serve *s);
void iom_tool_serve_fini(struct serve *s);

/* serve_io.c: the function's other sides */
extern const struct iom_vfu_dev_ops iom_tool_serve_dev_ops;
extern const struct iom_irq_ops iom_tool_serve_irq_ops;
void iom_tool_serve_wake(void *arg);		/* a struct serve_fn */
int iom_tool_serve_run(void *arg);
void iom_tool_serve_relax(struct iom_plat *p, unsigned int turn);

/* serve_args.c: what QEMU is to be told, one argument a string; NULL at the end. malloc. */
int iom_tool_serve_qemu_args(struct serve *s, char ***out);
void iom_tool_serve_free_args(char **args);

/* serve_report.c */
void iom_tool_serve_trace(void *arg, const struct iom_viommu_trace *t);
void iom_tool_serve_fault(void *arg, const struct iom_viommu_fault *f);
void iom_tool_serve_flush_log(struct serve *s);
struct json_object *iom_tool_serve_report(struct serve *s);
void iom_tool_serve_print_report(struct serve *s);

#endif
