/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A socket to one part of the kernel, in the network namespace it was opened in. netlink(7) */
final class NetlinkSocket implements AutoCloseable {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 3 | 02000000;
  static final int ROUTE = 0; // NETLINK_ROUTE
  static final int NETFILTER = 12; // NETLINK_NETFILTER
  static final int NFTABLES = 10; // NFNL_SUBSYS_NFTABLES
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_CAP_ACK = 10;
  private static final int NETLINK_EXT_ACK = 11;
  private static final int MSG_TRUNC = 0x20;
  private static final int RECEIVE_SIZE = 12 << 10; // fits a thread's scratch; the kernel adapts

  private final Fd fd;

  private NetlinkSocket(Fd fd) {
    this.fd = fd;
  }

  static NetlinkSocket open(int protocol) {
    Fd fd =
        Fd.adopt(
            Downcall.checked(
                "socket", "AF_NETLINK", SystemCall.SOCKET, AF_NETLINK, SOCK_RAW_CLOEXEC, protocol));
    NetlinkSocket socket = new NetlinkSocket(fd);
    socket.enable(NETLINK_EXT_ACK);
    socket.enable(NETLINK_CAP_ACK);
    return socket;
  }

  void send(byte[] messages) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment bytes = scratch.bytes(messages);
      MemorySegment kernel = scratch.allocate(12, 4); // struct sockaddr_nl: family, pid 0
      kernel.set(ValueLayout.JAVA_SHORT, 0, (short) AF_NETLINK);
      Downcall.checked(
          "sendto",
          "netlink",
          SystemCall.SENDTO,
          fd.number(),
          bytes.address(),
          messages.length,
          0,
          kernel.address(),
          12);
    }
  }

  /**
   * Waits for the next datagram; the kernel answers within the request, so this hardly ever blocks.
   */
  List<Message> receive() {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment buffer = scratch.allocate(RECEIVE_SIZE, 4);
      long length =
          Downcall.checked(
              "recvfrom",
              "netlink",
              SystemCall.RECVFROM,
              fd.number(),
              buffer.address(),
              RECEIVE_SIZE,
              MSG_TRUNC);
      if (length > RECEIVE_SIZE) {
        throw new LinuxException("recvfrom", "netlink", Errno.EMSGSIZE);
      }
      return Message.parse(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), (int) length);
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  private void enable(int option) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment one = scratch.allocateFrom(ValueLayout.JAVA_INT, 1);
      Downcall.checked(
          "setsockopt",
          "netlink",
          SystemCall.SETSOCKOPT,
          fd.number(),
          SOL_NETLINK,
          option,
          one.address(),
          4);
    }
  }
}
