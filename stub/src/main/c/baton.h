/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Messages between launcher and new process: whose turn it is, and what only the other can do.
 *
 * A SOCK_SEQPACKET pair whose inside end closes on exec: end of file tells the launcher that the
 * workload runs, or that the new process died.
 */
#pragma once

#include <stdint.h>

#include "report.h"

enum baton_kind {
  BATON_TURN = 1,      /* your turn, from this step on */
  BATON_FAILED = 2,    /* value: errno; detail */
  BATON_RENEWED = 3,   /* the sender replaces the new process */
  BATON_TERMINAL = 4,  /* descriptor: master of the terminal */
  BATON_WAITING = 5,   /* the new process awaits its start */
  BATON_STARTED = 6,   /* somebody started it */
  BATON_EXECUTING = 7, /* exec comes next */
  BATON_LISTENER = 8,  /* descriptor: seccomp notifications */
  BATON_PLAN = 9,      /* to a parked process: its plan has come, with files and streams */
  BATON_GO = 10, /* all is done outside that must be before exec; only where a turn came ahead */
};

struct baton {
  uint32_t kind;
  uint32_t step;
  int32_t value;
  char detail[REPORT_DETAIL];
};

/* Opens the pair; ends[0] is the launcher's and learns the sender's process id. */
int baton_open(int ends[2]);
/* `descriptor` travels along unless it is -1. Answers 0 or minus errno. */
int baton_send(int fd, const struct baton *baton, int descriptor);
/*
 * Waits for a message. Answers 1, 0 at the end of file, or minus errno. `sender` gets its process
 * id and `descriptor` what came along or -1.
 */
int baton_receive(int fd, struct baton *baton, int *sender, int *descriptor);
