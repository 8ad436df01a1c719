/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Program entry: a plan on descriptor 3, reports on descriptor 4. Files named by the plan follow
 * from 5 on, without gaps.
 */
#include "arch_x86_64.h"
#include "kernel.h"
#include "launch.h"
#include "monitor.h"
#include "plan.h"
#include "process.h"
#include "report.h"

#define PLAN_DESCRIPTOR 3
#define STATUS_DESCRIPTOR 4
#define FIRST_PASSED 5
#define BAD_PLAN_EXIT 125
#define READ_WRITE 3
#define PRIVATE_ANONYMOUS 0x22

CAISSON_START(start);

struct sigaction_ignore {
  unsigned long handler;
  unsigned long flags;
  unsigned long restorer;
  uint64_t mask;
};

static void ignore(int signal) {
  struct sigaction_ignore action = {.handler = 1 /* SIG_IGN */};
  CALL4(rt_sigaction, signal, &action, NULL, sizeof action.mask);
}

/* Reads all of a plan into fresh memory, of which only what is used becomes resident. */
static long read_plan(const uint8_t *to) {
  size_t size = 0;
  CALL3(lseek, PLAN_DESCRIPTOR, 0, 0); /* a file just written is at its end; a pipe refuses */
  for (;;) {
    long got = sys_read(PLAN_DESCRIPTOR, (uint8_t *)to + size, PLAN_MAX_SIZE + 1 - size);
    if (got == -EINTR) continue;
    if (got < 0) return got;
    size += (size_t)got;
    if (got == 0 || size > PLAN_MAX_SIZE) return (long)size;
  }
}

static int refuse(long error, const char *what) {
  struct report report = report_of_fault(0, fault(error, what, ""));
  report_send(STATUS_DESCRIPTOR, &report);
  return BAD_PLAN_EXIT;
}

static int run(void) {
  struct plan plan;
  default_signals();
  ignore(SIGPIPE);
  ignore(SIGHUP);
  sys_prctl(PR_SET_NAME, (unsigned long)"caisson-stub");
  /* Everything below the first free number was passed to us; none of it may leak further. */
  int first_free = (int)CALL3(fcntl, STATUS_DESCRIPTOR, F_DUPFD_CLOEXEC, FIRST_PASSED);
  if (first_free < 0) return BAD_PLAN_EXIT;
  sys_close(first_free);
  CALL3(close_range, PLAN_DESCRIPTOR, ~0u, CLOSE_RANGE_CLOEXEC);
  monitor_passed(FIRST_PASSED, first_free - 1);

  long memory =
      CALL6(mmap, 0, PLAN_MAX_SIZE + 1, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
  if (memory < 0 && memory > -4096) return refuse(memory, "mmap");
  long size = read_plan((const uint8_t *)memory);
  sys_close(PLAN_DESCRIPTOR);
  if (size < 0) return refuse(size, "read plan");
  if (!plan_parse(&plan, (const uint8_t *)memory, (size_t)size)) {
    return refuse(-EINVAL, "this is no launch plan of version 1");
  }
  return launch_run(&plan, STATUS_DESCRIPTOR);
}

__attribute__((noreturn, used)) void start(void) { sys_exit(run()); }
