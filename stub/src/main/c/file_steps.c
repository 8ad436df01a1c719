/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kernel.h"
#include "launch.h"
#include "report.h"
#include "root.h"
#include "text.h"

static int own(int fd, uint64_t user, uint64_t group, const char *target) {
  if (user == 0 && group == 0) return 0;
  long error = CALL5(fchownat, fd, "", user, group, AT_EMPTY_PATH);
  return error < 0 ? fault(error, "fchownat", target) : 0;
}

static int make_directory(struct launch *launch, struct reader *arguments) {
  const char *target = read_text(arguments);
  int mode = read_int(arguments);
  uint64_t user = read_u64(arguments);
  uint64_t group = read_u64(arguments);
  if (!read_done(arguments)) return malformed();
  int fd = root_directory(launch, target, mode & 07777);
  if (fd < 0) return fault(fd, "mkdirat", target);
  int error = own(fd, user, group, target);
  sys_close(fd);
  return error;
}

static int make_link(struct launch *launch, struct reader *arguments) {
  const char *target = read_text(arguments);
  const char *content = read_text(arguments);
  if (!read_done(arguments)) return malformed();
  const char *name;
  int parent = root_parent(launch, target, &name);
  if (parent < 0) return fault(parent, "openat2", target);
  long error = CALL3(symlinkat, content, parent, name);
  sys_close(parent);
  return error < 0 && error != -EEXIST ? fault(error, "symlinkat", target) : 0;
}

/* The kernel's own packing for user space: 12 bits major, 20 bits minor. linux/kdev_t.h */
static unsigned device_number(unsigned major, unsigned minor) {
  return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffu) << 12;
}

static unsigned type_of(uint32_t letter) {
  if (letter == 'c') return S_IFCHR;
  if (letter == 'b') return S_IFBLK;
  return letter == 'p' ? S_IFIFO : 0;
}

static int same_device(int parent, const char *name, unsigned type, unsigned number) {
  struct stat status;
  int fd = (int)sys_openat(parent, name, O_PATH | O_NOFOLLOW, 0);
  if (fd < 0) return fd;
  bool same = sys_fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type &&
              (type == S_IFIFO || status.st_rdev == number);
  if (same) return fd;
  sys_close(fd);
  return -EEXIST;
}

static int make_device(struct launch *launch, struct reader *arguments) {
  const char *target = read_text(arguments);
  unsigned type = type_of(read_u32(arguments));
  unsigned major = read_u32(arguments);
  unsigned minor = read_u32(arguments);
  unsigned mode = read_u32(arguments);
  uint64_t user = read_u64(arguments);
  uint64_t group = read_u64(arguments);
  if (!read_done(arguments) || type == 0) return malformed();
  const char *name;
  unsigned number = device_number(major, minor);
  int parent = root_parent(launch, target, &name);
  if (parent < 0) return fault(parent, "openat2", target);
  long error = CALL4(mknodat, parent, name, type | (mode & 07777), number);
  int fd = error == 0 || error == -EEXIST ? same_device(parent, name, type, number) : (int)error;
  sys_close(parent);
  if (fd < 0) return fault(fd, "mknodat", target);
  error = own(fd, user, group, target);
  sys_close(fd);
  return (int)error;
}

static int set_sysctls(struct launch *launch, struct reader *arguments) {
  char space[512];
  uint32_t count = read_count(arguments);
  for (uint32_t i = 0; i < count; i++) {
    struct text path = TEXT(space);
    const char *name = read_text(arguments);
    const char *value = read_text(arguments);
    if (arguments->bad) return malformed();
    text_add(&path, "sys/");
    text_add(&path, name);
    if (path.full) return fault(-ENAMETOOLONG, "sysctl", name);
    int error = root_proc_write(launch, space, value);
    if (error < 0) return error;
  }
  return read_done(arguments) ? 0 : malformed();
}

int file_step(struct launch *launch, enum action action, struct reader *arguments) {
  switch (action) {
    case MAKE_DIRECTORY: return make_directory(launch, arguments);
    case MAKE_LINK: return make_link(launch, arguments);
    case MAKE_DEVICE: return make_device(launch, arguments);
    case SET_SYSCTLS: return set_sysctls(launch, arguments);
    default: return unknown_action();
  }
}
