/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* The host encodes rtnetlink requests; here they are only handed to this guest's kernel. */
#include "../kernel.h"
#include "../text.h"
#include "guest.h"

#include <linux/netlink.h>

#define NETLINK_FAMILY 16
#define RAW 3

static long send_one(int socket, const struct nlmsghdr *request) {
  static uint8_t answer[8192] __attribute__((aligned(4)));
  long result = sys_write(socket, request, request->nlmsg_len);
  if (result < 0) return result;
  for (;;) {
    long length = sys_read(socket, answer, sizeof answer);
    if (length == -EINTR) continue;
    if (length < 0) return length;
    const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
    if (length < (long)(sizeof *header + 4) || header->nlmsg_type != NLMSG_ERROR) return -EPROTO;
    if (header->nlmsg_seq != request->nlmsg_seq) continue;
    int error;
    memcpy(&error, answer + sizeof *header, 4);
    return error;
  }
}

long configure_network(uint8_t *requests, size_t length) {
  int socket = (int)CALL3(socket, NETLINK_FAMILY, RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket < 0) return socket;
  long result = 0;
  for (size_t at = 0; at < length && result == 0;) {
    const struct nlmsghdr *request = (const struct nlmsghdr *)(requests + at);
    size_t left = length - at;
    if (left < sizeof *request || request->nlmsg_len < sizeof *request || request->nlmsg_len > left) {
      result = -EINVAL;
      break;
    }
    result = send_one(socket, request);
    at += NLMSG_ALIGN(request->nlmsg_len);
  }
  sys_close(socket);
  return result;
}
