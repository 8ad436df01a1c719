/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Waiting for a child while passing signals on and reaping what others leave. */
#pragma once

/* Blocks all signals, so that none is lost until `supervise` takes them. */
void hold_signals(void);

/* Passes every signal on to `child`; answers its exit code, or 128 + signal, when it ended. */
int supervise(int child);

/* PID 1 of a container that was asked for one: never returns, ends with the code of `child`. */
__attribute__((noreturn)) void init_run(int child);

/* In the child: a process group of its own, in the foreground of its terminal if it has one. */
void init_take_foreground(void);
