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

#include "diff/diff_model.h"

#define LIMIT_S 120

static void exec_qemu(const char *qemu, const char *elf, const char *ram_file)
{
	char object[512], size[32];

	snprintf(object, sizeof(object),
		 "memory-backend-file,id=mem,size=%lluM,mem-path=%s,share=on",
		 DIFF_RAM_SIZE >> 20, ram_file);
	snprintf(size, sizeof(size), "%lluM", DIFF_RAM_SIZE >> 20);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl(qemu, qemu, "-machine", "virt,iommu=smmuv3,memory-backend=mem", "-object", object,
	      "-m", size, "-cpu", "cortex-a57", "-accel", "tcg", "-icount", "shift=10,sleep=off",
	      "-nographic", "-nodefaults", "-semihosting",
	      "-device", "iommu-testdev,addr=0x01", "-device", "iommu-testdev,addr=0x02",
	      "-device", "iommu-testdev,addr=0x0b", "-device", "iommu-testdev,addr=0x1e",
	      "-device", "edu,addr=0x06,dma_mask=0xffffffffffffffff", "-kernel", elf,
	      (char *)NULL);
	fprintf(stderr, "%s: %s\n", qemu, strerror(errno));
	_exit(127);
}

int diff_qemu_run(const char *qemu, const char *elf, const char *ram_file)
{
	const struct timespec nap = { 0, 10000000 };
	pid_t pid = fork(), done;
	int status = 0, n;

	if (pid < 0)
		return -1;
	if (!pid)
		exec_qemu(qemu, elf, ram_file);
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
