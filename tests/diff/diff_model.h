/* SPDX-License-Identifier: BSD-2-Clause */
/* The two that play a script: libiom's SMMUv3 here, and QEMU's. */
#ifndef TESTS_DIFF_DIFF_MODEL_H
#define TESTS_DIFF_DIFF_MODEL_H

#include <iom/dev/smmuv3_dev.h>

#include "diff/diff_script.h"

/* The identification registers of QEMU's SMMUv3, which libiom's is given. */
#define DIFF_IDRS { 0x0d44101b, 0x02730010, 0, 0x00001414, 0, 0x00000074 }

/*
 * 0; else it said why on standard error. ram: DIFF_RAM_SIZE bytes with a script.
 * fresh: for each access, whether its answer was that of a fresh walk.
 */
int diff_model_run(uint8_t *ram, bool *fresh);
int diff_qemu_run(const char *qemu, const char *elf, const char *ram_file);

#endif
