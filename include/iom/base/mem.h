/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four memory functions that the freestanding core expects from whoever
 * links it (every C library and most kernels have them), and nothing else.
 * C++ has its own declarations, which differ from these in noexcept; no public
 * header calls them.
 */
#ifndef IOM_BASE_MEM_H
#define IOM_BASE_MEM_H

#include <stddef.h>

#ifndef __cplusplus
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

#endif
