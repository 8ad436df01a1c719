/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* The only file that knows the processor: how a system call is made. System V ABI, appendix A.2.1 */
#pragma once

#include <asm/unistd.h>

#ifdef CAISSON_HOSTED /* the test program answers calls itself */
long syscall6(long number, long a, long b, long c, long d, long e, long f);
#else
static inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#endif

/* Entry point: the stack pointer, aligned by the kernel, is the only thing a program is given. */
#define CAISSON_START(main)                 \
  __asm__(                                  \
      ".globl _start\n"                     \
      "_start:\n"                           \
      "  xor %ebp, %ebp\n"                  \
      "  mov %rsp, %rdi\n"                  \
      "  and $-16, %rsp\n"                  \
      "  call " #main "\n"                  \
      "  ud2\n")
