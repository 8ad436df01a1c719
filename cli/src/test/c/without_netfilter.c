/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * without_netfilter PROGRAM ARGUMENT...: runs a program on what looks to it like a kernel built without netfilter's
 * netlink: socket(AF_NETLINK, _, NETLINK_NETFILTER) answers EPROTONOSUPPORT. seccomp(2)
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped)

int main(int argc, char **argv) {
  struct sock_filter program[] = {
      LOAD(nr),      UNLESS(SYS_socket, 5),
      LOAD(args[0]), UNLESS(AF_NETLINK, 3),
      LOAD(args[2]), UNLESS(NETLINK_NETFILTER, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof program / sizeof *program, program};
  if (argc < 2) {
    fprintf(stderr, "usage: %s PROGRAM ARGUMENT...\n", argv[0]);
    return 2;
  }
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0)) {
    perror("prctl(PR_SET_SECCOMP)");
    return 1;
  }
  execvp(argv[1], argv + 1);
  perror(argv[1]);
  return 1;
}
