/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <linux/ioprio.h>
#include <linux/resource.h>

#include "baton.h"
#include "init.h"
#include "kernel.h"
#include "launch.h"
#include "process.h"
#include "report.h"
#include "root.h"
#include "text.h"

#define SIGNAL_COUNT 64
#define PATH_SPACE 4096

struct kernel_sigaction {
  const void *handler;
  unsigned long flags;
  const void *restorer;
  uint64_t mask;
};

void default_signals(void) {
  uint64_t none = 0;
  struct kernel_sigaction standard = {0};
  for (int signal = 1; signal <= SIGNAL_COUNT; signal++) {
    CALL4(rt_sigaction, signal, &standard, NULL, sizeof none);
  }
  CALL4(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

/* What the launcher ignores for itself would stay ignored after exec; all else it found at its default. */
static void restore_signals(void) {
  uint64_t none = 0;
  struct kernel_sigaction standard = {0};
  CALL4(rt_sigaction, SIGPIPE, &standard, NULL, sizeof none);
  CALL4(rt_sigaction, SIGHUP, &standard, NULL, sizeof none);
  CALL4(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

static int limit_resources(struct launch *launch, struct reader *arguments) {
  uint32_t count = read_count(arguments);
  int target = launch->side == OUTSIDE ? launch->child : 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t resource = read_u64(arguments);
    struct rlimit64 limit = {read_u64(arguments), read_u64(arguments)};
    if (arguments->bad) return malformed();
    long error = CALL4(prlimit64, target, resource, &limit, NULL);
    if (error < 0) return fault(error, "prlimit", "");
  }
  return read_done(arguments) ? 0 : malformed();
}

static int adjust_score(struct launch *launch, struct reader *arguments) {
  char path_space[64];
  char value_space[16];
  struct text path = TEXT(path_space);
  struct text value = TEXT(value_space);
  int score = read_int(arguments);
  if (!read_done(arguments)) return malformed();
  text_add_number(&value, score);
  text_add_number(&path, launch->side == OUTSIDE ? launch->child : CALL0(getpid));
  text_add(&path, "/oom_score_adj");
  return root_proc_write(launch, path_space, value_space);
}

/* Steps that are one call with one number. */
static int simple(struct reader *arguments, enum action action) {
  int value = read_int(arguments);
  if (!read_done(arguments)) return malformed();
  if (action == SET_UMASK) {
    CALL1(umask, value & 0777);
    return 0;
  }
  bool persona = action == SET_PERSONALITY;
  long error = persona ? CALL1(personality, (unsigned)value)
                       : sys_prctl(PR_SET_PDEATHSIG, (unsigned long)value);
  return error < 0 ? fault(error, persona ? "personality" : "prctl PR_SET_PDEATHSIG", "") : 0;
}

static int set_io_priority(struct reader *arguments) {
  int io_class = read_int(arguments);
  int level = read_int(arguments);
  if (!read_done(arguments)) return malformed();
  long error = CALL3(ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(io_class, level));
  return error < 0 ? fault(error, "ioprio_set", "") : 0;
}

/* As in linux/sched/types.h, which some header packages do not have. */
struct scheduling {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

static int set_scheduler(struct reader *arguments) {
  struct scheduling wanted = {.size = sizeof wanted};
  wanted.policy = read_u32(arguments);
  wanted.flags = read_u64(arguments);
  wanted.nice = read_int(arguments);
  wanted.priority = read_u32(arguments);
  wanted.runtime = read_u64(arguments);
  wanted.deadline = read_u64(arguments);
  wanted.period = read_u64(arguments);
  if (!read_done(arguments)) return malformed();
  long error = CALL3(sched_setattr, 0, &wanted, 0);
  return error < 0 ? fault(error, "sched_setattr", "") : 0;
}

static int set_affinity(struct reader *arguments) {
  struct bytes mask = read_bytes(arguments);
  uint64_t words[64] = {0};
  if (!read_done(arguments) || mask.size > sizeof words) return malformed();
  memcpy(words, mask.start, mask.size);
  long error = CALL3(sched_setaffinity, 0, sizeof words, words);
  return error < 0 ? fault(error, "sched_setaffinity", "") : 0;
}

/* The kernel names a directory that is not below the root "(unreachable)...". getcwd(3) */
static int enter_directory(struct launch *launch, struct reader *arguments) {
  char now[PATH_SPACE];
  const char *path = read_text(arguments);
  bool create = read_flag(arguments);
  if (!read_done(arguments)) return malformed();
  if (create) {
    int fd = root_directory(launch, path, 0755);
    if (fd < 0) return fault(fd, "mkdir", path);
    sys_close(fd);
  }
  /* Not through /proc/self/fd: what is open here may be of the outside (CVE-2024-21626). */
  int directory = root_open(launch, path, O_PATH | O_DIRECTORY);
  if (directory < 0) return fault(directory, "chdir", path);
  long error = CALL1(fchdir, directory);
  sys_close(directory);
  if (error < 0) return fault(error, "chdir", path);
  error = CALL2(getcwd, now, sizeof now);
  if (error < 0) return fault(error, "getcwd", path);
  return now[0] == '/' ? 0 : fault(-EPERM, "working directory outside the root", path);
}

static int become_init(struct launch *launch, struct reader *arguments) {
  if (!read_done(arguments)) return malformed();
  struct clone_args clone = {.exit_signal = SIGCHLD};
  long pid = sys_clone(&clone);
  if (pid < 0) return fault(pid, "clone3", "");
  if (pid > 0) init_run((int)pid);
  init_take_foreground();
  (void)launch;
  return 0;
}

/* How many descriptors from 3 on the workload keeps; said by the Exec step, which comes last. */
static unsigned kept_descriptors(const struct plan *plan) {
  struct plan_cursor cursor;
  struct step step;
  unsigned kept = 0;
  plan_first(plan, &cursor);
  while (plan_next(plan, &cursor, &step)) {
    if (step.action != EXEC) continue;
    read_text(&step.arguments);
    read_texts(&step.arguments);
    read_texts(&step.arguments);
    kept = read_u32(&step.arguments);
  }
  return kept < 1024 ? kept : 0;
}

void prepare_exec(struct launch *launch) {
  if (launch->prepared) return;
  launch->prepared = true;
  await_go(launch);
  struct baton baton = {.kind = BATON_EXECUTING, .step = launch->step};
  restore_signals();
  CALL3(close_range, 3 + kept_descriptors(&launch->plan), ~0u, CLOSE_RANGE_CLOEXEC);
  baton_send(launch->baton, &baton, launch->own_mounts > 0 ? launch->own_mounts : -1);
}

/* A NULL-terminated vector of texts, in memory that exec will free. */
static const char **vector_of(struct list texts) {
  size_t size = ((size_t)texts.count + 1) * sizeof(char *);
  long at = CALL6(mmap, 0, size, 3 /* read, write */, 0x22 /* private, anonymous */, -1, 0);
  if (at < 0 && at > -4096) return NULL;
  const char **vector = (const char **)at;
  for (uint32_t i = 0; i < texts.count; i++) vector[i] = read_text(&texts.elements);
  return vector;
}

static const char *search_path(const char **environment) {
  for (; *environment != NULL; environment++) {
    if (text_starts(*environment, "PATH=")) return *environment + 5;
  }
  return "";
}

/* Tries each directory; a file that is there but may not be run is remembered. execvp(3) */
static long search(const char *program, const char **arguments, const char **environment) {
  char space[PATH_SPACE];
  long answer = -ENOENT;
  const char *part = search_path(environment);
  while (*part != 0) {
    struct text path = TEXT(space);
    size_t length = 0;
    while (part[length] != 0 && part[length] != ':') length++;
    text_add_bytes(&path, part, length);
    text_add(&path, length == 0 ? "./" : "/");
    text_add(&path, program);
    long error = path.full ? -ENAMETOOLONG : CALL3(execve, space, arguments, environment);
    if (error != -ENOENT && error != -ENOTDIR && error != -EACCES) return error;
    if (error == -EACCES) answer = error;
    part += length + (part[length] == ':');
  }
  return answer;
}

static int execute(struct launch *launch, struct reader *arguments) {
  const char *program = read_text(arguments);
  struct list argument_list = read_texts(arguments);
  struct list environment_list = read_texts(arguments);
  read_u32(arguments);
  if (!read_done(arguments) || argument_list.count == 0) return malformed();
  const char **vector = vector_of(argument_list);
  const char **environment = vector_of(environment_list);
  if (vector == NULL || environment == NULL) return fault(-ENOMEM, "mmap", "");
  prepare_exec(launch);
  bool exact = text_last(program, '/') != NULL;
  long error = exact ? CALL3(execve, program, vector, environment)
                     : search(program, vector, environment);
  return fault(error, "execve", program);
}

int process_step(struct launch *launch, enum action action, struct reader *arguments) {
  switch (action) {
    case LIMIT_RESOURCES: return limit_resources(launch, arguments);
    case ADJUST_OUT_OF_MEMORY_SCORE: return adjust_score(launch, arguments);
    case SET_UMASK:
    case SET_PERSONALITY:
    case DIE_WITH_LAUNCHER: return simple(arguments, action);
    case SET_IO_PRIORITY: return set_io_priority(arguments);
    case SET_SCHEDULER: return set_scheduler(arguments);
    case SET_AFFINITY: return set_affinity(arguments);
    case ENTER_DIRECTORY: return enter_directory(launch, arguments);
    case BECOME_INIT: return become_init(launch, arguments);
    case EXEC: return execute(launch, arguments);
    default: return unknown_action();
  }
}
