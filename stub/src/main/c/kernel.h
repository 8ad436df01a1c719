/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * System calls as typed functions. Each returns what the kernel returned: a result, or minus errno.
 */
#pragma once

#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/un.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/signal.h>
#include <asm/stat.h>
#include <asm/statfs.h>

#include "arch_x86_64.h"

#define CALL0(n) syscall6(__NR_##n, 0, 0, 0, 0, 0, 0)
#define CALL1(n, a) syscall6(__NR_##n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b) syscall6(__NR_##n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) syscall6(__NR_##n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL4(n, a, b, c, d) \
  syscall6(__NR_##n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CALL5(n, a, b, c, d, e) \
  syscall6(__NR_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define CALL6(n, a, b, c, d, e, f) \
  syscall6(__NR_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* What libc would define. */
#define AF_UNIX 1
#define AF_INET 2
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC O_CLOEXEC
#define SOCK_NONBLOCK O_NONBLOCK
#define SOL_SOCKET 1
#define SO_PASSCRED 16
#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define MSG_DONTWAIT 0x40
#define MSG_NOSIGNAL 0x4000
#define MSG_CMSG_CLOEXEC 0x40000000
#define WNOHANG 1
#define MNT_DETACH 2
#define ALL_SIGNALS (~0UL)

struct io_slice {
  void *base;
  size_t length;
};

struct message {
  void *name;
  int name_length;
  struct io_slice *slices;
  size_t slice_count;
  void *control;
  size_t control_length;
  unsigned flags;
};

struct control_header {
  size_t length;
  int level;
  int type;
};

struct peer_credentials {
  int pid;
  unsigned user;
  unsigned group;
};

static inline long sys_close(int fd) { return CALL1(close, fd); }
static inline long sys_read(int fd, void *to, size_t size) { return CALL3(read, fd, to, size); }
static inline long sys_write(int fd, const void *from, size_t size) {
  return CALL3(write, fd, from, size);
}
static inline long sys_openat(int dir, const char *path, int flags, int mode) {
  return CALL4(openat, dir, path, flags | O_CLOEXEC, mode);
}
static inline long sys_open(const char *path, int flags) {
  return sys_openat(AT_FDCWD, path, flags, 0);
}
static inline long sys_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
  return CALL4(openat2, dir, path, &how, sizeof how);
}
static inline long sys_fstat(int fd, struct stat *to) { return CALL2(fstat, fd, to); }
static inline long sys_fstatfs(int fd, struct statfs *to) { return CALL2(fstatfs, fd, to); }
static inline long sys_dup2(int from, int to) { return CALL3(dup3, from, to, 0); }
static inline long sys_mount(
    const char *source, const char *target, const char *type, unsigned long flags,
    const void *data) {
  return CALL5(mount, source, target, type, flags, data);
}
static inline long sys_open_tree(int dir, const char *path, unsigned flags) {
  return CALL3(open_tree, dir, path, flags | OPEN_TREE_CLOEXEC);
}
static inline long sys_mount_setattr(int fd, unsigned flags, const struct mount_attr *attributes) {
  return CALL5(mount_setattr, fd, "", AT_EMPTY_PATH | flags, attributes, sizeof *attributes);
}
static inline long sys_prctl(int option, unsigned long argument) {
  return CALL5(prctl, option, argument, 0, 0, 0);
}
static inline long sys_ioctl(int fd, unsigned request, const void *argument) {
  return CALL3(ioctl, fd, request, argument);
}
static inline long sys_poll(struct pollfd *fds, unsigned count, int timeout_millis) {
  return CALL3(poll, fds, count, timeout_millis);
}
static inline long sys_clone(struct clone_args *arguments) {
  return CALL2(clone3, arguments, sizeof *arguments);
}
static inline long sys_sendmsg(int fd, const struct message *message, int flags) {
  return CALL3(sendmsg, fd, message, flags | MSG_NOSIGNAL);
}
static inline long sys_recvmsg(int fd, struct message *message, int flags) {
  return CALL3(recvmsg, fd, message, flags | MSG_CMSG_CLOEXEC);
}
static inline long sys_wait(int pid, int *status, int options) {
  return CALL4(wait4, pid, status, options, 0);
}
static inline __attribute__((noreturn)) void sys_exit(int code) {
  for (;;) CALL1(exit_group, code);
}
