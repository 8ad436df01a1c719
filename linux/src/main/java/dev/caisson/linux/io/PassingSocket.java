/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A Unix stream socket over which file descriptors come along with bytes. unix(7) SCM_RIGHTS */
public final class PassingSocket implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int LONGEST_PATH = 107; // sun_path with its NUL
  private static final int MOST_DESCRIPTORS = 253; // SCM_MAX_FD
  private static final int CONTROL_HEADER = 16;

  private final Fd fd;

  private PassingSocket(Fd fd) {
    this.fd = fd;
  }

  /** Takes ownership of a connected or listening socket. */
  public static PassingSocket of(Fd fd) {
    return new PassingSocket(fd);
  }

  /**
   * Listens at a path that does not exist yet.
   *
   * @throws IllegalArgumentException when the path is longer than 107 bytes
   */
  public static PassingSocket listen(Path path) {
    PassingSocket socket = open();
    try (Scratch scratch = Scratch.open()) {
      MemorySegment address = address(scratch, path);
      Downcall.checked(
          "bind", path, SystemCall.BIND, socket.fd.number(), address.address(), address.byteSize());
      Downcall.checked("listen", path, SystemCall.LISTEN, socket.fd.number(), 4);
      return socket;
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  public static PassingSocket connect(Path path) {
    PassingSocket socket = open();
    try (Scratch scratch = Scratch.open()) {
      MemorySegment address = address(scratch, path);
      Downcall.checked(
          "connect",
          path,
          SystemCall.CONNECT,
          socket.fd.number(),
          address.address(),
          address.byteSize());
      return socket;
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static PassingSocket open() {
    return new PassingSocket(
        Fd.adopt(
            Downcall.checked(
                "socket", "AF_UNIX", SystemCall.SOCKET, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  }

  private static MemorySegment address(Scratch scratch, Path path) {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length > LONGEST_PATH) {
      throw new IllegalArgumentException("socket path longer than 107 bytes: " + path);
    }
    MemorySegment address = scratch.allocate(2 + LONGEST_PATH + 1, 2);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
    MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
    return address.asSlice(0, 2L + name.length + 1);
  }

  public Fd fd() {
    return fd;
  }

  /** Waits for a peer. */
  public PassingSocket accept() {
    return new PassingSocket(
        Fd.adopt(
            Downcall.checked("accept4", fd, SystemCall.ACCEPT4, fd.number(), 0, 0, SOCK_CLOEXEC)));
  }

  /**
   * Reads some bytes and the descriptors that came with them, which the caller then owns.
   *
   * @return bytes read, 0 when the peer closed
   */
  public int receive(MemorySegment target, List<Fd> descriptors) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment control = scratch.allocate(CONTROL_HEADER + 4L * MOST_DESCRIPTORS + 4, 8);
      MemorySegment message = message(scratch, target, control);
      long count =
          Downcall.attempt(SystemCall.RECVMSG, fd.number(), message.address(), MSG_CMSG_CLOEXEC);
      while (count == -Errno.EINTR.number()) {
        count =
            Downcall.attempt(SystemCall.RECVMSG, fd.number(), message.address(), MSG_CMSG_CLOEXEC);
      }
      if (count < 0) {
        throw new LinuxException("recvmsg", fd, Errno.of((int) -count));
      }
      collect(control, message.get(ValueLayout.JAVA_LONG, 40), descriptors);
      return (int) count;
    }
  }

  private static void collect(MemorySegment control, long filled, List<Fd> descriptors) {
    long at = 0;
    while (filled - at >= CONTROL_HEADER) {
      long length = control.get(ValueLayout.JAVA_LONG, at);
      if (length < CONTROL_HEADER || length > filled - at) {
        return;
      }
      if (control.get(ValueLayout.JAVA_INT, at + 8) == SOL_SOCKET
          && control.get(ValueLayout.JAVA_INT, at + 12) == SCM_RIGHTS) {
        for (long i = at + CONTROL_HEADER; i + 4 <= at + length; i += 4) {
          descriptors.add(Fd.adopt(control.get(ValueLayout.JAVA_INT, i)));
        }
      }
      at += (length + 7) & -8;
    }
  }

  /** Sends all bytes, with the descriptors as copies for the peer. */
  public void send(byte[] bytes, Fd... descriptors) {
    if (descriptors.length > MOST_DESCRIPTORS) {
      throw new IllegalArgumentException(descriptors.length + " descriptors");
    }
    try (Scratch scratch = Scratch.open()) {
      MemorySegment payload = scratch.bytes(bytes);
      int size = CONTROL_HEADER + 4 * descriptors.length;
      MemorySegment control =
          descriptors.length == 0 ? MemorySegment.NULL : scratch.allocate((size + 7) & -8, 8);
      if (descriptors.length > 0) {
        control.set(ValueLayout.JAVA_LONG, 0, size);
        control.set(ValueLayout.JAVA_INT, 8, SOL_SOCKET);
        control.set(ValueLayout.JAVA_INT, 12, SCM_RIGHTS);
        for (int i = 0; i < descriptors.length; i++) {
          control.set(ValueLayout.JAVA_INT, CONTROL_HEADER + 4L * i, descriptors[i].number());
        }
      }
      long sent = 0;
      while (sent < bytes.length) {
        MemorySegment message =
            message(scratch, payload.asSlice(sent, bytes.length - sent), control);
        sent +=
            Downcall.checked(
                "sendmsg", fd, SystemCall.SENDMSG, fd.number(), message.address(), MSG_NOSIGNAL);
        control = MemorySegment.NULL;
      }
    }
  }

  /** struct msghdr with one part. */
  private static MemorySegment message(
      Scratch scratch, MemorySegment bytes, MemorySegment control) {
    MemorySegment vector = scratch.allocate(16, 8);
    vector.set(ValueLayout.JAVA_LONG, 0, bytes.address());
    vector.set(ValueLayout.JAVA_LONG, 8, bytes.byteSize());
    MemorySegment message = scratch.allocate(56, 8);
    message.set(ValueLayout.JAVA_LONG, 16, vector.address());
    message.set(ValueLayout.JAVA_LONG, 24, 1);
    message.set(ValueLayout.JAVA_LONG, 32, control.address());
    message.set(ValueLayout.JAVA_LONG, 40, control.byteSize());
    return message;
  }

  /** Ends both directions; a thread that waits in receive wakes up. */
  public void shutdown() {
    if (fd.isOpen()) {
      Downcall.attempt(SystemCall.SHUTDOWN, fd.number(), 2);
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
