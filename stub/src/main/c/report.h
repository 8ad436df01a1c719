/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* What went wrong, and telling it to whoever started us. docs/launch-plan.md, "Reports" */
#pragma once

#include <stdint.h>

enum report_kind {
  REPORT_CREATED = 1, /* value: pid; the new process awaits its start */
  REPORT_RUNNING = 2, /* value: pid; the workload runs */
  REPORT_FAILED = 3,  /* step, value: errno, detail: call and subject */
  REPORT_EXITED = 4,  /* value: exit code, or 128 + signal */
};

#define REPORT_DETAIL 480

struct report {
  uint32_t kind;
  uint32_t step;
  int32_t value;
  uint32_t detail_length;
  char detail[REPORT_DETAIL];
};

#define REPORT_HEADER 16

/*
 * Keeps the call and its subject for the report of a failing step, and answers the error (a negative
 * errno) itself, so that a step can `return fault(error, "mount", target)`.
 */
int fault(long error, const char *call, const char *subject);

/* The detail of the last fault. */
const char *fault_detail(void);

/* Sends header and detail; a receiver that went away is not an error. */
void report_send(int fd, const struct report *report);

struct report report_of(enum report_kind kind, uint32_t step, int value);
struct report report_of_fault(uint32_t step, long error);
