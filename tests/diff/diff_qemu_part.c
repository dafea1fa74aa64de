/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's SMMUv3: one boot of the bare-metal program over a file of memory. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <iom/base/field.h>

#include "diff/diff_model.h"

#define LIMIT_S 120

/*
 * An SMMU without stage 2 has no VMIDs, one without stage 1 no ASIDs; QEMU
 * advertises 16 bits of both all the same.
 */
static const struct diff_kind kinds[] = {
	{ "both", "virt,iommu=smmuv3", NULL, 0x09050000,
	  { 0x0d44101b, 0x02730010, 0, 0x00001414, 0, 0x00000074 } },
	{ "1", "virt", "arm-smmuv3,primary-bus=pcie.0,id=s0,stage=1", 0x0c000000,
	  { 0x0d40101a, 0x02730010, 0, 0x00001404, 0, 0x00000074 } },
	{ "2", "virt", "arm-smmuv3,primary-bus=pcie.0,id=s0,stage=2", 0x0c000000,
	  { 0x0d440019, 0x02730010, 0, 0x00001414, 0, 0x00000074 } },
};

const struct diff_kind *diff_kind(const char *name)
{
	size_t i;

	for (i = 0; i < IOM_ARRAY_SIZE(kinds); i++) {
		if (!strcmp(name, kinds[i].name))
			return &kinds[i];
	}
	return NULL;
}

static void exec_qemu(const struct diff_kind *k, const char *qemu, const char *elf,
		      const char *ram_file)
{
	/* Where the machine itself has the SMMU, any other device will do. */
	const char *smmu = k->device ? k->device : "pci-testdev,addr=0x1f";
	char object[512], size[32], machine[64];

	snprintf(object, sizeof(object),
		 "memory-backend-file,id=mem,size=%lluM,mem-path=%s,share=on",
		 DIFF_RAM_SIZE >> 20, ram_file);
	snprintf(size, sizeof(size), "%lluM", DIFF_RAM_SIZE >> 20);
	snprintf(machine, sizeof(machine), "%s,memory-backend=mem", k->machine);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl(qemu, qemu, "-machine", machine, "-object", object,
	      "-m", size, "-cpu", "cortex-a57", "-accel", "tcg", "-icount", "shift=10,sleep=off",
	      "-nographic", "-nodefaults", "-semihosting", "-device", smmu,
	      "-device", "iommu-testdev,addr=0x01", "-device", "iommu-testdev,addr=0x02",
	      "-device", "iommu-testdev,addr=0x0b", "-device", "iommu-testdev,addr=0x1e",
	      "-device", "edu,addr=0x06,dma_mask=0xffffffffffffffff", "-kernel", elf,
	      (char *)NULL);
	fprintf(stderr, "%s: %s\n", qemu, strerror(errno));
	_exit(127);
}

int diff_qemu_run(const struct diff_kind *k, const char *qemu, const char *elf,
		  const char *ram_file)
{
	const struct timespec nap = { 0, 10000000 };
	pid_t pid = fork(), done;
	int status = 0, n;

	if (pid < 0)
		return -1;
	if (!pid)
		exec_qemu(k, qemu, elf, ram_file);
	for (n = 0; n < LIMIT_S * 100; n++) {
		done = waitpid(pid, &status, WNOHANG);
		if (done)
			break;
		nanosleep(&nap, NULL);
	}
	if (!done) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		fprintf(stderr, "QEMU did not end within %d s\n", LIMIT_S);
		return -1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "QEMU ended with status %#x\n", (unsigned int)status);
		return -1;
	}
	return 0;
}
