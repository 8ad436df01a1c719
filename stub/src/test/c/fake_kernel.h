/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * A kernel for tests: carries nothing out, answers at random, and leaves the program after a while. So
 * hostile plans can be executed to their end, by any user, without any effect.
 */
#pragma once

#include <setjmp.h>

/* Where exit_group and the end of patience lead. */
extern jmp_buf fake_kernel_exit;

void fake_kernel_start(unsigned seed);
/* Frees what was mapped. */
void fake_kernel_end(void);
unsigned fake_random(void);
