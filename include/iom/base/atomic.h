/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atomic members of public structs, so that the headers also compile as C++
 * (where they are only looked at by the inline functions of neither language:
 * the C code of the library does all accesses).
 */
#ifndef IOM_BASE_ATOMIC_H
#define IOM_BASE_ATOMIC_H

#ifdef __cplusplus
#include <atomic>
#define IOM_ATOMIC(type) std::atomic<type>
#else
#include <stdatomic.h>
#define IOM_ATOMIC(type) _Atomic(type)
#endif

#endif
