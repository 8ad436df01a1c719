/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "init.h"

#include <asm/ioctls.h>

#include "kernel.h"

/* siginfo of the kernel, of which nothing but its size is of interest. */
struct signal_information {
  int words[32];
};

static int exit_code(int status) {
  int signal = status & 0x7f;
  return signal != 0 ? 128 + signal : status >> 8 & 0xff;
}

/* Answers the code of `child`, or -1 while it lives. */
static int reap(int child) {
  int status;
  long pid;
  while ((pid = sys_wait(-1, &status, WNOHANG)) > 0) {
    if (pid == child) return exit_code(status);
  }
  return -1;
}

void hold_signals(void) {
  uint64_t all = ALL_SIGNALS;
  CALL4(rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
}

int supervise(int child) {
  uint64_t all = ALL_SIGNALS;
  struct signal_information information;
  for (;;) {
    int code = reap(child); /* first: it may have ended before signals were held */
    if (code >= 0) return code;
    long signal = CALL4(rt_sigtimedwait, &all, &information, NULL, sizeof all);
    if (signal > 0 && signal != SIGCHLD) CALL2(kill, child, signal);
  }
}

void init_run(int child) {
  hold_signals();
  CALL3(close_range, 0, ~0u, 0); /* so that the end of the streams is the workload's to tell */
  sys_exit(supervise(child));
}

void init_take_foreground(void) {
  CALL2(setpgid, 0, 0);
  int group = (int)CALL0(getpid);
  uint64_t stop = 1UL << (SIGTTOU - 1);
  uint64_t before = 0;
  /* A background process that asks for the foreground is stopped, unless it blocks SIGTTOU. */
  CALL4(rt_sigprocmask, SIG_BLOCK, &stop, &before, sizeof stop);
  sys_ioctl(0, TIOCSPGRP, &group); /* ENOTTY without a terminal */
  CALL4(rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
}
