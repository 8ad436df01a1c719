/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Standing still for a snapshot, and going on. */
#include "../kernel.h"
#include "../text.h"
#include "guest.h"

#define FREEZE "/sys/fs/cgroup/workload/cgroup.freeze"
#define EVENTS "/sys/fs/cgroup/workload/cgroup.events"
#define PATIENCE_MILLIS 10000
#define STEP_MILLIS 2

static long set_freezer(const char *to) {
  int file = (int)sys_open(FREEZE, O_WRONLY);
  if (file < 0) return file;
  long result = sys_write(file, to, 1);
  sys_close(file);
  return result < 0 ? result : 0;
}

static bool says_frozen(const char *events, long length) {
  static const char line[] = "frozen 1";
  for (long at = 0; at + (long)sizeof line - 1 <= length; at++) {
    if (memcmp(events + at, line, sizeof line - 1) == 0) return true;
  }
  return false;
}

/* A task in the middle of a request to the host freezes when that is answered. cgroups(7) */
static long await_frozen(void) {
  for (int waited = 0; waited < PATIENCE_MILLIS; waited += STEP_MILLIS) {
    char events[128];
    int file = (int)sys_open(EVENTS, O_RDONLY);
    if (file < 0) return file;
    long length = sys_read(file, events, sizeof events);
    sys_close(file);
    if (says_frozen(events, length)) return 0;
    struct timespec_pair {
      int64_t seconds, nanoseconds;
    } pause = {0, STEP_MILLIS * 1000000};
    CALL2(nanosleep, &pause, NULL);
  }
  return -EBUSY;
}

long hold_workload(void) {
  long result = set_freezer("1");
  if (result == 0) result = await_frozen();
  if (result < 0) {
    set_freezer("0");
    return result;
  }
  CALL0(sync); /* pages of shared mappings; all else is written through */
  return 0;
}

long release_workload(void) { return set_freezer("0"); }

void ask_anew(const char *paths, size_t length) {
  for (size_t at = 0; at < length; at += strlen(paths + at) + 1) {
    struct statx unused;
    CALL5(statx, AT_FDCWD, paths + at, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &unused);
  }
}
