/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * An encoded launch plan (docs/launch-plan.md) and a reader that never leaves its bytes.
 *
 * A reader that meets a value which does not fit turns `bad` and answers zeros and empty texts from
 * then on; callers check once, when they have read all arguments of a step.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAX_SIZE (4u << 20)
#define PLAN_MAX_STEPS 4096u

/* The same table as ActionCodes.java. Numbers are never reused. */
enum action {
  CLONE = 1,
  UNSHARE = 2,
  JOIN_NAMESPACE = 3,
  JOIN_PROCESS = 4,
  RENEW = 5,
  MAP_IDS = 6,
  OFFSET_CLOCKS = 7,
  JOIN_CGROUPS = 8,
  SET_HOSTNAME = 9,
  SET_DOMAINNAME = 10,
  RAISE_LOOPBACK = 11,
  TAKE_PARKED = 12,
  SET_PROPAGATION = 20,
  MOUNT_OVERLAY = 21,
  BIND_ROOT = 22,
  USE_ROOT = 23,
  MOUNT = 24,
  BIND = 25,
  SET_ATTRIBUTES = 26,
  MASK = 27,
  FREEZE = 28,
  PIVOT_ROOT = 29,
  MOVE_ROOT = 30,
  BUILD_TREES = 31,
  KEEP_TREES = 32,
  PLACE_TREE = 33,
  ATTACH_ROOT = 34,
  PLACE_MOUNT = 35,
  ENTER_ROOT = 36,
  MAKE_DIRECTORY = 40,
  MAKE_LINK = 41,
  MAKE_DEVICE = 42,
  SET_SYSCTLS = 43,
  LIMIT_CAPABILITIES = 50,
  SWITCH_USER = 51,
  HOLD_CAPABILITIES = 52,
  REFUSE_NEW_PRIVILEGES = 53,
  JOIN_KEYRING = 54,
  FILTER_CALLS = 55,
  LABEL_ON_EXEC = 56,
  LIMIT_RESOURCES = 60,
  ADJUST_OUT_OF_MEMORY_SCORE = 61,
  SET_UMASK = 62,
  SET_PERSONALITY = 63,
  SET_IO_PRIORITY = 64,
  SET_SCHEDULER = 65,
  SET_AFFINITY = 66,
  DIE_WITH_LAUNCHER = 67,
  ENTER_DIRECTORY = 68,
  BECOME_INIT = 69,
  EXEC = 70,
  WATCH = 80,
  OPEN_STREAMS = 81,
  OPEN_TERMINAL = 82,
  CONSOLE_SOCKET = 83,
  RUN_HOOK = 84,
  AWAIT_START = 85,
  AWAIT_EXIT = 86,
  AWAIT_PLAN = 87,
};

enum side { OUTSIDE = 0, INSIDE = 1 };

struct reader {
  const uint8_t *next;
  const uint8_t *end;
  bool bad;
};

struct step {
  enum action action;
  enum side side;
  struct reader arguments;
};

struct plan {
  const uint8_t *bytes;
  uint32_t size;
  uint32_t step_count;
};

/* A list of `count` elements, still to be read. */
struct list {
  struct reader elements;
  uint32_t count;
};

struct bytes {
  const uint8_t *start;
  uint32_t size;
};

/* A file: relative to `descriptor`, which is AT_FDCWD for absolute paths; "" is the descriptor itself. */
struct handle {
  int descriptor;
  const char *path;
};

/* Checks the frame: header, and every step within its bounds. */
bool plan_parse(struct plan *plan, const uint8_t *bytes, size_t size);

/* The step at `position`, or one with `bad` arguments. Walking forward from `cursor` is cheap. */
struct plan_cursor {
  const uint8_t *next;
  uint32_t position;
};
void plan_first(const struct plan *plan, struct plan_cursor *cursor);
/* Reads the step under the cursor and moves on; false at the end. */
bool plan_next(const struct plan *plan, struct plan_cursor *cursor, struct step *step);

uint32_t read_u32(struct reader *from);
int32_t read_int(struct reader *from);
uint64_t read_u64(struct reader *from);
bool read_flag(struct reader *from);
/* NUL-terminated and without another NUL, in place. */
const char *read_text(struct reader *from);
struct bytes read_bytes(struct reader *from);
struct handle read_handle(struct reader *from);
/* Starts a list; its elements are read from `from` itself. Absurd counts turn the reader bad. */
uint32_t read_count(struct reader *from);
/* Skips a list of texts and answers it for later, repeated reading. */
struct list read_texts(struct reader *from);
/* All read, nothing left and nothing bad. */
bool read_done(const struct reader *from);
