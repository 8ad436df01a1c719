/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>

#include "baton.h"
#include "kernel.h"
#include "launch.h"
#include "process.h"
#include "report.h"
#include "root.h"
#include "text.h"

#define CAPABILITY_COUNT 64
#define GROUP_LIMIT 65536 /* NGROUPS_MAX */
#define NO_ID 0xffffffffu
#define NULL_DEVICE (1 << 8 | 3)

static int limit_capabilities(struct reader *arguments) {
  uint64_t kept = read_u64(arguments);
  if (!read_done(arguments)) return malformed();
  for (unsigned number = 0; number < CAPABILITY_COUNT; number++) {
    long held = sys_prctl(PR_CAPBSET_READ, number);
    if (held < 0) return 0; /* the kernel knows no more */
    if (held == 0 || (kept >> number & 1) != 0) continue;
    long error = sys_prctl(PR_CAPBSET_DROP, number);
    if (error < 0) return fault(error, "prctl", "PR_CAPBSET_DROP");
  }
  return 0;
}

/* Pipes and terminals were opened by us; the workload may want to open /dev/stdout again. */
static void own_streams(uint64_t user) {
  for (int fd = 0; fd < 3; fd++) {
    struct stat status;
    if (sys_fstat(fd, &status) < 0 || status.st_uid == user) continue;
    if ((status.st_mode & S_IFMT) == S_IFCHR && status.st_rdev == NULL_DEVICE) continue;
    CALL3(fchown, fd, user, -1); /* refused for files of other owners, which is right */
  }
}

static int set_groups(struct reader *arguments, bool present) {
  static unsigned groups[256];
  uint32_t count = present ? read_count(arguments) : 0;
  if (count > sizeof groups / sizeof groups[0]) return fault(-EINVAL, "setgroups", "more than 256");
  for (uint32_t i = 0; i < count; i++) {
    uint64_t group = read_u64(arguments);
    if (group >= NO_ID) return malformed();
    groups[i] = (unsigned)group;
  }
  if (!read_done(arguments)) return malformed();
  long error = present ? CALL2(setgroups, count, groups) : 0;
  return error < 0 ? fault(error, "setgroups", "") : 0;
}

static int switch_user(struct reader *arguments) {
  uint64_t user = read_u64(arguments);
  uint64_t group = read_u64(arguments);
  bool with_groups = read_flag(arguments);
  if (arguments->bad || user >= NO_ID || group >= NO_ID) return malformed();
  own_streams(user);
  int error = set_groups(arguments, with_groups);
  if (error < 0) return error;
  sys_prctl(PR_SET_KEEPCAPS, 1);
  error = (int)CALL3(setresgid, group, group, group);
  if (error < 0) return fault(error, "setresgid", "");
  error = (int)CALL3(setresuid, user, user, user);
  if (error < 0) return fault(error, "setresuid", "");
  sys_prctl(PR_SET_KEEPCAPS, 0);
  return 0;
}

static int hold_capabilities(struct reader *arguments) {
  uint64_t effective = read_u64(arguments);
  uint64_t permitted = read_u64(arguments);
  uint64_t inheritable = read_u64(arguments);
  uint64_t ambient = read_u64(arguments);
  if (!read_done(arguments)) return malformed();
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2];
  for (int half = 0; half < 2; half++) {
    sets[half].effective = (uint32_t)(effective >> (32 * half));
    sets[half].permitted = (uint32_t)(permitted >> (32 * half));
    sets[half].inheritable = (uint32_t)(inheritable >> (32 * half));
  }
  long error = CALL5(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (error < 0) return fault(error, "prctl", "PR_CAP_AMBIENT_CLEAR_ALL");
  error = CALL2(capset, &header, sets);
  if (error < 0) return fault(error, "capset", "");
  for (unsigned number = 0; number < CAPABILITY_COUNT; number++) {
    if ((ambient >> number & 1) == 0) continue;
    error = CALL5(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0);
    if (error < 0) return fault(error, "prctl", "PR_CAP_AMBIENT_RAISE");
  }
  return 0;
}

static int refuse_new_privileges(struct reader *arguments) {
  if (!read_done(arguments)) return malformed();
  long error = sys_prctl(PR_SET_NO_NEW_PRIVS, 1);
  return error < 0 ? fault(error, "prctl", "PR_SET_NO_NEW_PRIVS") : 0;
}

static int join_keyring(struct reader *arguments) {
  const char *name = read_text(arguments);
  if (!read_done(arguments)) return malformed();
  long error = CALL2(keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
  if (error == -ENOSYS) return 0; /* a kernel without keys has none to keep apart */
  return error < 0 ? fault(error, "keyctl", name) : 0;
}

/* Everything that must still happen before exec happens first: the filter may refuse it. */
static int filter_calls(struct launch *launch, struct reader *arguments) {
  struct bytes program = read_bytes(arguments);
  uint64_t flags = read_u64(arguments);
  bool listened = read_flag(arguments);
  const char *socket = listened ? read_text(arguments) : "";
  const char *message = listened ? read_text(arguments) : "";
  (void)socket; /* the launcher reads these two itself, when the descriptor arrives */
  (void)message;
  if (!read_done(arguments) || program.size % sizeof(struct sock_filter) != 0) return malformed();
  struct sock_fprog filter = {
      .len = (unsigned short)(program.size / sizeof(struct sock_filter)),
      .filter = (struct sock_filter *)(uintptr_t)program.start,
  };
  if (program.size / sizeof(struct sock_filter) > 4096) return fault(-E2BIG, "seccomp", "program");
  prepare_exec(launch);
  if (listened) flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  long result = CALL3(seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (result < 0) return fault(result, "seccomp", "SECCOMP_SET_MODE_FILTER");
  if (listened) {
    struct baton baton = {.kind = BATON_LISTENER, .step = launch->step};
    int error = baton_send(launch->baton, &baton, (int)result);
    sys_close((int)result);
    if (error < 0) return fault(error, "sendmsg", "seccomp listener");
  }
  return 0;
}

#define LABEL_APPARMOR 1
#define LABEL_SELINUX 2

static int label_on_exec(struct launch *launch, struct reader *arguments) {
  char path_space[64];
  char value_space[1024];
  struct text path = TEXT(path_space);
  struct text value = TEXT(value_space);
  uint64_t kind = read_u64(arguments);
  const char *label = read_text(arguments);
  if (!read_done(arguments) || (kind != LABEL_APPARMOR && kind != LABEL_SELINUX)) {
    return malformed();
  }
  text_add_number(&path, CALL0(getpid));
  text_add(&path, kind == LABEL_APPARMOR ? "/attr/apparmor/exec" : "/attr/exec");
  if (kind == LABEL_APPARMOR) text_add(&value, "exec ");
  text_add(&value, label);
  if (value.full) return fault(-ENAMETOOLONG, "label", label);
  return root_proc_write(launch, path_space, value_space);
}

int identity_step(struct launch *launch, enum action action, struct reader *arguments) {
  switch (action) {
    case LIMIT_CAPABILITIES: return limit_capabilities(arguments);
    case SWITCH_USER: return switch_user(arguments);
    case HOLD_CAPABILITIES: return hold_capabilities(arguments);
    case REFUSE_NEW_PRIVILEGES: return refuse_new_privileges(arguments);
    case JOIN_KEYRING: return join_keyring(arguments);
    case FILTER_CALLS: return filter_calls(launch, arguments);
    case LABEL_ON_EXEC: return label_on_exec(launch, arguments);
    default: return unknown_action();
  }
}
