/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "baton.h"

#include "kernel.h"
#include "text.h"

/* One descriptor and the sender's credentials, each aligned as cmsg(3) asks. */
struct rights {
  struct control_header header;
  int descriptor;
  int padding;
};

static int pass_credentials(int fd) {
  int on = 1;
  return (int)CALL5(setsockopt, fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

int baton_open(int ends[2]) {
  long error = CALL4(socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
  if (error < 0) return (int)error;
  return pass_credentials(ends[0]);
}

int baton_send(int fd, const struct baton *baton, int descriptor) {
  struct io_slice slice = {(void *)baton, sizeof *baton};
  struct rights rights = {
      .header = {sizeof(struct control_header) + sizeof(int), SOL_SOCKET, SCM_RIGHTS},
      .descriptor = descriptor,
  };
  struct message message = {.slices = &slice, .slice_count = 1};
  if (baton->kind != BATON_FAILED) slice.length = offsetof(struct baton, detail);
  if (descriptor >= 0) {
    message.control = &rights;
    message.control_length = sizeof rights;
  }
  long sent = sys_sendmsg(fd, &message, 0);
  return sent < 0 ? (int)sent : 0;
}

static void take_control(const struct message *message, int *sender, int *descriptor) {
  const uint8_t *at = message->control;
  size_t rest = message->control_length;
  while (rest >= sizeof(struct control_header)) {
    struct control_header header;
    memcpy(&header, at, sizeof header);
    if (header.length < sizeof header || header.length > rest) return;
    if (header.level == SOL_SOCKET && header.type == SCM_RIGHTS) {
      memcpy(descriptor, at + sizeof header, sizeof *descriptor);
    }
    if (header.level == SOL_SOCKET && header.type == SCM_CREDENTIALS) {
      memcpy(sender, at + sizeof header, sizeof *sender);
    }
    size_t step = (header.length + 7) & ~(size_t)7;
    if (step > rest) return;
    at += step;
    rest -= step;
  }
}

int baton_receive(int fd, struct baton *baton, int *sender, int *descriptor) {
  struct io_slice slice = {baton, sizeof *baton};
  uint64_t control[8];
  struct message message = {.slices = &slice, .slice_count = 1};
  memset(baton, 0, sizeof *baton);
  *descriptor = -1;
  long got;
  do {
    message.control = control;
    message.control_length = sizeof control;
    got = sys_recvmsg(fd, &message, 0);
    /* Told once when the other side ended with a message of ours unread; what it said itself follows. */
  } while (got == -EINTR || got == -ECONNRESET);
  if (got <= 0) return (int)got;
  take_control(&message, sender, descriptor);
  baton->detail[sizeof baton->detail - 1] = 0;
  return 1;
}
