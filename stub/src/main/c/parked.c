/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "parked.h"

#include "baton.h"
#include "kernel.h"
#include "monitor.h"
#include "report.h"
#include "trees.h"

#define FIRST_PASSED 5
#define OWN_FLOOR 300 /* above every descriptor that can come along */
#define MOST_FILES 253 /* SCM_MAX_FD */
#define STREAMS 3
#define READ_WRITE 3
#define SHARED_ANONYMOUS 0x21
#define PLACEHOLDER 3
#define RMDIR_TRIES 200

struct files {
  struct control_header header;
  int descriptors[MOST_FILES + 1];
};

/* What comes before the plan's bytes, with the files beside it. */
struct announcement {
  uint32_t size;
  uint32_t files;
};

bool parked_plan(const struct plan *plan) {
  struct plan_cursor cursor;
  struct step step;
  plan_first(plan, &cursor);
  while (plan_next(plan, &cursor, &step)) {
    if (step.action == AWAIT_PLAN) return true;
  }
  return false;
}

int parked_prepare(struct launch *launch) {
  long memory = CALL6(mmap, 0, PLAN_MAX_SIZE + 1, READ_WRITE, SHARED_ANONYMOUS, -1, 0);
  if (memory < 0 && memory > -4096) return fault(memory, "mmap", "shared plan");
  launch->next_plan = (uint8_t *)memory;
  return 0;
}

static int move_up(int *fd) {
  if (*fd < 0) return 0;
  int moved = (int)CALL3(fcntl, *fd, F_DUPFD_CLOEXEC, OWN_FLOOR);
  if (moved < 0) return fault(moved, "fcntl", "F_DUPFD_CLOEXEC; at least 320 open files are needed");
  sys_close(*fd);
  *fd = moved;
  return 0;
}

int parked_settle(struct launch *launch) {
  int error = move_up(&launch->baton);
  if (error == 0) error = move_up(&launch->child_fd);
  if (error == 0 && launch->side == INSIDE) CALL3(close_range, FIRST_PASSED, OWN_FLOOR - 1, 0);
  return error;
}

/* A number below those that come along must be taken, or the first of them would get it. */
static void hold_place(void) { CALL3(fcntl, 0, F_DUPFD_CLOEXEC, PLACEHOLDER); }

static void free_place(void) { sys_close(PLACEHOLDER); }

/* Receives one message with its files, which must get the numbers from FIRST_PASSED on. */
static long receive(int fd, void *to, size_t size, uint32_t *count) {
  struct io_slice slice = {to, size};
  struct files files;
  struct message message = {.slices = &slice, .slice_count = 1};
  long got;
  hold_place();
  do {
    message.control = &files;
    message.control_length = sizeof files;
    got = sys_recvmsg(fd, &message, 0);
  } while (got == -EINTR);
  free_place();
  *count = 0;
  if (got <= 0) return got;
  if (message.control_length < sizeof files.header) return got;
  if (files.header.type != SCM_RIGHTS || files.header.length < sizeof files.header ||
      files.header.length > sizeof files) {
    return -EBADMSG;
  }
  *count = (uint32_t)((files.header.length - sizeof files.header) / sizeof(int));
  for (uint32_t i = 0; i < *count; i++) {
    if (files.descriptors[i] != FIRST_PASSED + (int)i) return -EBADF;
  }
  return got;
}

static long read_fully(int fd, uint8_t *to, size_t size) {
  size_t done = 0;
  while (done < size) {
    long got = sys_read(fd, to + done, size - done);
    if (got == -EINTR) continue;
    if (got <= 0) return got == 0 ? -EPIPE : got;
    done += (size_t)got;
  }
  return 0;
}

/* Waits for the plan; its files are then at their numbers. */
static int receive_plan(struct launch *launch, int channel) {
  struct announcement head = {0, 0};
  long got = receive(channel, &head, sizeof head, &launch->passed);
  if (got == 0) return fault(-EPIPE, "await plan", "nobody needs us");
  if (got < 0) return fault(got, "recvmsg", "plan");
  if (got != sizeof head || head.size > PLAN_MAX_SIZE || head.files != launch->passed) {
    return fault(-EBADMSG, "recvmsg", "plan");
  }
  long error = read_fully(channel, launch->next_plan, head.size);
  if (error < 0) return fault(error, "read plan", "");
  struct plan plan;
  if (!plan_parse(&plan, launch->next_plan, head.size)) {
    return fault(-EINVAL, "this is no launch plan of version 1", "");
  }
  launch->leftovers.count = 0;
  CALL2(munmap, launch->plan.bytes, PLAN_MAX_SIZE + 1);
  launch->plan = plan;
  monitor_passed(FIRST_PASSED, FIRST_PASSED + (int)launch->passed - 1);
  return 0;
}

int await_plan(struct launch *launch, struct reader *arguments) {
  int channel = read_int(arguments);
  struct list directories = read_texts(arguments);
  if (!read_done(arguments) || launch->side != OUTSIDE || launch->baton < 0 ||
      launch->next_plan == NULL || launch->plan.bytes == launch->next_plan) {
    return malformed();
  }
  launch->leftovers = directories;
  int error = move_up(&channel);
  if (error < 0) return error;
  CALL3(close_range, FIRST_PASSED, OWN_FLOOR - 1, 0); /* the program's own file is there too */
  struct report report = report_of(REPORT_CREATED, launch->step, launch->child);
  report_send(launch->status, &report);
  error = receive_plan(launch, channel);
  sys_close(channel);
  return error;
}

void parked_clean(struct launch *launch) {
  struct list left = launch->leftovers;
  for (uint32_t i = 0; i < left.count; i++) {
    const char *directory = read_text(&left.elements);
    /* A control group is busy for a moment after its last process was reaped. */
    for (int tries = 0; tries < RMDIR_TRIES; tries++) {
      if (CALL1(rmdir, directory) != -EBUSY) break;
      sys_poll(NULL, 0, 1);
    }
  }
}

int take_parked(struct launch *launch, struct reader *arguments) {
  uint64_t created = read_u64(arguments);
  bool ready = launch->next_plan != NULL && launch->plan.bytes == launch->next_plan;
  if (!read_done(arguments) || launch->side != OUTSIDE || !ready || launch->taken) {
    return malformed();
  }
  struct files files = {.header = {.level = SOL_SOCKET, .type = SCM_RIGHTS}};
  uint32_t count = 0;
  uint32_t streams = 0;
  if (launch->passed + STREAMS > MOST_FILES) return fault(-E2BIG, "pass files", "");
  while (count < launch->passed) {
    files.descriptors[count] = FIRST_PASSED + (int)count;
    count++;
  }
  for (int i = 0; i < STREAMS; i++) {
    if (launch->child_ends[i] < 0) continue;
    streams |= 1u << i;
    files.descriptors[count++] = launch->child_ends[i];
  }
  struct baton baton = {
      .kind = BATON_PLAN, .step = launch->passed | streams << 16, .value = (int32_t)created};
  struct io_slice slice = {&baton, offsetof(struct baton, detail)};
  struct message message = {.slices = &slice, .slice_count = 1};
  files.header.length = sizeof files.header + count * sizeof(int);
  if (count > 0) {
    message.control = &files;
    message.control_length = (files.header.length + 7) & ~(size_t)7;
  }
  long error = sys_sendmsg(launch->baton, &message, 0);
  if (error < 0) return fault(error, "sendmsg", "baton");
  launch->taken = true;
  for (int i = 0; i < STREAMS; i++) {
    if (launch->child_ends[i] >= 0) sys_close(launch->child_ends[i]);
    launch->child_ends[i] = -1;
  }
  return 0;
}

int parked_wait(struct launch *launch, struct baton *baton) {
  uint32_t count;
  *baton = (struct baton){0};
  return (int)receive(launch->baton, baton, offsetof(struct baton, detail), &count);
}

int parked_resume(struct launch *launch, const struct baton *baton) {
  launch->taken = true;
  const uint8_t *bytes = launch->next_plan;
  uint32_t size = bytes[8] | (uint32_t)bytes[9] << 8 | (uint32_t)bytes[10] << 16 |
                  (uint32_t)bytes[11] << 24;
  if (!plan_parse(&launch->plan, bytes, size)) return fault(-EINVAL, "parse plan", "");
  int next = FIRST_PASSED + (int)(baton->step & 0xffff);
  for (int i = 0; i < STREAMS; i++) {
    if ((baton->step >> 16 & 1u << i) == 0) continue;
    sys_dup2(next, i);
    sys_close(next++);
  }
  bool among_hosts = (baton->value & CLONE_NEWNS) != 0;
  bool apart = launch->host_mounts > 0 && !among_hosts;
  if (among_hosts) {
    int returned = trees_return(launch);
    if (returned < 0) return returned;
  }
  long error = CALL1(unshare, (uint32_t)baton->value);
  if (error < 0) return fault(error, "unshare", "");
  if (among_hosts || apart) trees_open_own(launch);
  trees_stay(launch);
  return 0;
}
