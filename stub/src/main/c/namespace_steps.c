/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <linux/sockios.h>

#include "baton.h"
#include "kernel.h"
#include "launch.h"
#include "parked.h"
#include "program.h"
#include "report.h"
#include "root.h"
#include "text.h"

#define MAP_LINES 32
#define TOOL_ARGUMENTS (2 + 3 * MAP_LINES)

/* Opens what a handle names; *own says whether to close it again. */
static int open_handle(struct handle handle, int flags, bool *own) {
  *own = handle.path[0] != 0;
  if (!*own) return handle.descriptor;
  return (int)sys_openat(handle.descriptor, handle.path, flags, 0);
}

/* From here on this process is in reach of the workload's processes (CVE-2016-9962). */
static void hide_from_neighbours(void) { sys_prctl(PR_SET_DUMPABLE, 0); }

static int enter_child(struct launch *launch, int ends[2]) {
  launch->side = INSIDE;
  launch->baton = ends[1];
  launch->child_fd = -1;
  sys_close(ends[0]);
  CALL1(umask, 0); /* modes in the plan mean what they say */
  CALL0(setsid); /* or "kill 0" inside would reach our process group: groups know no namespaces. kill(2) */
  for (int i = 0; i < 3; i++) {
    if (launch->child_ends[i] >= 0) sys_dup2(launch->child_ends[i], i);
  }
  return launch->next_plan == NULL ? 0 : parked_settle(launch);
}

static int clone_child(struct launch *launch, struct reader *arguments) {
  uint64_t created = read_u64(arguments);
  bool in_cgroup = read_flag(arguments);
  struct handle cgroup = {0};
  if (in_cgroup) cgroup = read_handle(arguments);
  if (!read_done(arguments) || launch->baton >= 0) return malformed();

  int ends[2];
  int pidfd = -1;
  bool own = false;
  int failed = parked_plan(&launch->plan) ? parked_prepare(launch) : 0;
  if (failed < 0) return failed;
  long error = baton_open(ends);
  if (error < 0) return fault(error, "socketpair", "");
  struct clone_args clone = {
      .flags = created | CLONE_PIDFD,
      .pidfd = (uintptr_t)&pidfd,
      .exit_signal = SIGCHLD,
  };
  if (in_cgroup) {
    int fd = open_handle(cgroup, O_PATH | O_DIRECTORY, &own);
    if (fd < 0) return fault(fd, "open", cgroup.path);
    clone.flags |= CLONE_INTO_CGROUP;
    clone.cgroup = (uint64_t)fd;
  }
  long pid = sys_clone(&clone);
  if (own) sys_close((int)clone.cgroup);
  if (pid < 0) return fault(pid, "clone3", "");
  if (pid == 0) return enter_child(launch, ends);
  sys_close(ends[1]);
  launch->baton = ends[0];
  launch->child = (int)pid;
  launch->child_fd = pidfd;
  for (int i = 0; i < 3; i++) {
    if (launch->child_ends[i] >= 0) sys_close(launch->child_ends[i]);
    launch->child_ends[i] = -1;
  }
  return launch->next_plan == NULL ? 0 : parked_settle(launch);
}

static int unshare(struct reader *arguments) {
  uint64_t created = read_u64(arguments);
  if (!read_done(arguments)) return malformed();
  long error = CALL1(unshare, created);
  return error < 0 ? fault(error, "unshare", "") : 0;
}

static int join_namespace(struct reader *arguments) {
  uint64_t kind = read_u64(arguments);
  struct handle namespace = read_handle(arguments);
  if (!read_done(arguments)) return malformed();
  bool own;
  int fd = open_handle(namespace, O_RDONLY, &own);
  if (fd < 0) return fault(fd, "open", namespace.path);
  hide_from_neighbours();
  long error = CALL2(setns, fd, kind);
  if (own) sys_close(fd);
  return error < 0 ? fault(error, "setns", namespace.path) : 0;
}

static int join_process(struct reader *arguments) {
  int process = read_int(arguments);
  uint64_t joined = read_u64(arguments);
  if (!read_done(arguments)) return malformed();
  hide_from_neighbours();
  long error = CALL2(setns, process, joined);
  return error < 0 ? fault(error, "setns", "pidfd") : 0;
}

/* The launcher learns the new process id from the credentials of the message. */
static int renew(struct launch *launch, struct reader *arguments) {
  if (!read_done(arguments)) return malformed();
  /* With CLONE_PARENT the exit signal is inherited, and must be 0 here. clone(2) */
  struct clone_args clone = {.flags = CLONE_PARENT};
  long pid = sys_clone(&clone);
  if (pid < 0) return fault(pid, "clone3", "CLONE_PARENT");
  if (pid > 0) sys_exit(0);
  struct baton baton = {.kind = BATON_RENEWED, .step = launch->step};
  int error = baton_send(launch->baton, &baton, -1);
  return error < 0 ? fault(error, "sendmsg", "baton") : 0;
}

static void proc_path(struct text *path, int pid, const char *file) {
  text_add(path, "/proc/");
  text_add_number(path, pid);
  text_add(path, "/");
  text_add(path, file);
}

static int write_file(const char *path, const char *value) {
  long fd = sys_open(path, O_WRONLY);
  if (fd < 0) return fault(fd, "open", path);
  long written = sys_write((int)fd, value, strlen(value));
  sys_close((int)fd);
  return written < 0 ? fault(written, "write", path) : 0;
}

struct id_maps {
  uint64_t fields[MAP_LINES][3];
  uint32_t count;
};

static bool read_maps(struct reader *arguments, struct id_maps *maps) {
  maps->count = read_count(arguments);
  if (maps->count > MAP_LINES) return false;
  for (uint32_t i = 0; i < maps->count; i++) {
    for (int field = 0; field < 3; field++) maps->fields[i][field] = read_u64(arguments);
  }
  return !arguments->bad;
}

static int write_map(struct launch *launch, const char *file, const struct id_maps *maps) {
  char path_space[64];
  char lines_space[MAP_LINES * 36];
  struct text path = TEXT(path_space);
  struct text lines = TEXT(lines_space);
  proc_path(&path, launch->child, file);
  for (uint32_t i = 0; i < maps->count; i++) {
    for (int field = 0; field < 3; field++) {
      text_add_padded(&lines, maps->fields[i][field], 1);
      text_add(&lines, field < 2 ? " " : "\n");
    }
  }
  return write_file(path_space, lines_space);
}

/* newuidmap PID inside outside count ... newuidmap(1) */
static int run_map_tool(struct launch *launch, const char *tool, const struct id_maps *maps) {
  char numbers[12 * TOOL_ARGUMENTS];
  struct text text = TEXT(numbers);
  const char *vector[TOOL_ARGUMENTS + 1];
  int used = 0;
  vector[used++] = tool;
  vector[used++] = numbers;
  text_add_number(&text, launch->child);
  for (uint32_t i = 0; i < maps->count; i++) {
    for (int field = 0; field < 3; field++) {
      text.length++; /* keep the NUL of the one before */
      vector[used++] = numbers + text.length;
      text_add_padded(&text, maps->fields[i][field], 1);
    }
  }
  vector[used] = NULL;
  const char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
  struct program program = {.path = tool, .arguments = vector, .environment = environment};
  return program_run(&program);
}

static int map_ids(struct launch *launch, struct reader *arguments) {
  struct id_maps users;
  struct id_maps groups;
  bool fits = read_maps(arguments, &users) && read_maps(arguments, &groups);
  const char *user_tool = read_text(arguments);
  const char *group_tool = read_text(arguments);
  bool deny_setgroups = read_flag(arguments);
  if (!fits || !read_done(arguments)) return malformed();
  int error = 0;
  if (deny_setgroups) {
    char path_space[64];
    struct text path = TEXT(path_space);
    proc_path(&path, launch->child, "setgroups");
    error = write_file(path_space, "deny");
  }
  if (error == 0) {
    error = user_tool[0] != 0 ? run_map_tool(launch, user_tool, &users)
                              : write_map(launch, "uid_map", &users);
  }
  if (error == 0) {
    error = group_tool[0] != 0 ? run_map_tool(launch, group_tool, &groups)
                               : write_map(launch, "gid_map", &groups);
  }
  return error;
}

#define NANOS 1000000000

static void add_offset(struct text *lines, const char *clock, int64_t nanos) {
  int64_t seconds = nanos / NANOS;
  int64_t rest = nanos % NANOS;
  if (rest < 0) { /* the kernel wants nanoseconds from 0 to 999999999 */
    rest += NANOS;
    seconds--;
  }
  text_add(lines, clock);
  text_add(lines, " ");
  text_add_number(lines, seconds);
  text_add(lines, " ");
  text_add_number(lines, rest);
  text_add(lines, "\n");
}

static int offset_clocks(struct reader *arguments) {
  int64_t monotonic = (int64_t)read_u64(arguments);
  int64_t boottime = (int64_t)read_u64(arguments);
  if (!read_done(arguments)) return malformed();
  char space[128];
  struct text lines = TEXT(space);
  add_offset(&lines, "monotonic", monotonic);
  add_offset(&lines, "boottime", boottime);
  return write_file("/proc/self/timens_offsets", space);
}

static int join_cgroups(struct launch *launch, struct reader *arguments) {
  struct list files = read_texts(arguments);
  if (!read_done(arguments)) return malformed();
  char number[16];
  struct text text = TEXT(number);
  text_add_number(&text, launch->side == OUTSIDE ? launch->child : 0); /* 0: the writer */
  for (uint32_t i = 0; i < files.count; i++) {
    int error = write_file(read_text(&files.elements), number);
    if (error < 0) return error;
  }
  return 0;
}

static int set_name(struct reader *arguments, bool domain) {
  const char *name = read_text(arguments);
  if (!read_done(arguments)) return malformed();
  long error = domain ? CALL2(setdomainname, name, strlen(name))
                      : CALL2(sethostname, name, strlen(name));
  return error < 0 ? fault(error, domain ? "setdomainname" : "sethostname", name) : 0;
}

/* The part of struct ifreq that matters here; linux/if.h pulls in a C library. netdevice(7) */
struct interface_request {
  char name[16];
  short flags;
  char rest[22];
};

#define INTERFACE_UP 1

static int raise_loopback(struct reader *arguments) {
  if (!read_done(arguments)) return malformed();
  struct interface_request request = {.name = "lo"};
  long fd = CALL3(socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fault(fd, "socket", "");
  long error = sys_ioctl((int)fd, SIOCGIFFLAGS, &request);
  if (error == 0) {
    request.flags |= INTERFACE_UP;
    error = sys_ioctl((int)fd, SIOCSIFFLAGS, &request);
  }
  sys_close((int)fd);
  return error < 0 ? fault(error, "SIOCSIFFLAGS", "lo") : 0;
}

int namespace_step(struct launch *launch, enum action action, struct reader *arguments) {
  switch (action) {
    case CLONE: return clone_child(launch, arguments);
    case UNSHARE: return unshare(arguments);
    case JOIN_NAMESPACE: return join_namespace(arguments);
    case JOIN_PROCESS: return join_process(arguments);
    case RENEW: return renew(launch, arguments);
    case MAP_IDS: return map_ids(launch, arguments);
    case OFFSET_CLOCKS: return offset_clocks(arguments);
    case JOIN_CGROUPS: return join_cgroups(launch, arguments);
    case SET_HOSTNAME: return set_name(arguments, false);
    case SET_DOMAINNAME: return set_name(arguments, true);
    case RAISE_LOOPBACK: return raise_loopback(arguments);
    case TAKE_PARKED: return take_parked(launch, arguments);
    default: return unknown_action();
  }
}
