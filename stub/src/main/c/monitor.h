/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The parent that stays: keeps a workload's log, serves its control socket, and writes down how it
 * ended. docs/monitor.md
 */
#pragma once

#include "launch.h"

struct watch {
  const char *directory;
  const char *log_path; /* NULL: no log */
  uint64_t log_bytes;   /* 0: no rotation */
  uint32_t log_files;
  const char *memory_events; /* "": none */
};

/* The descriptors the program was given, to be closed once the workload runs. */
void monitor_passed(int first, int last);
/* Opens socket and log. */
int monitor_open(const struct watch *watch, struct launch *launch);
/* Serves clients until `baton` has something to say. */
void monitor_await(int baton);
/* Serves until the workload ended; answers the exit code of the program. */
int monitor_run(struct launch *launch);
/* Removes what monitor_open made. */
void monitor_discard(void);
