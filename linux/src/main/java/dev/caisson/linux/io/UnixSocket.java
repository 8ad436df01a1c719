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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A connected Unix socket whose descriptor is ours, unlike the JDK's, so that descriptors can
 * travel over it. unix(7)
 */
public final class UnixSocket implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int SO_PEERCRED = 17;
  private static final int SO_RCVTIMEO = 20;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int MSG_TRUNC_OR_CTRUNC = 0x20 | 0x08;
  private static final int MSGHDR_SIZE = 56;
  private static final int CMSG_HEADER = 16;
  private static final int MOST_FILES = 253; // SCM_MAX_FD
  private static final int SHUT_WR = 1;
  private static final int SHUT_RDWR = 2;

  private final Fd fd;

  private UnixSocket(Fd fd) {
    this.fd = fd;
  }

  /** Takes ownership of a connected socket. */
  public static UnixSocket of(Fd fd) {
    return new UnixSocket(fd);
  }

  /**
   * Connects to a listening socket; ENOENT if there is none, ECONNREFUSED if nobody listens any
   * more. unix(7)
   */
  public static UnixSocket connect(Path path, SocketKind kind) {
    Fd fd = create(kind);
    try (UnixAddress address = UnixAddress.of(path);
        Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "connect",
          path,
          SystemCall.CONNECT,
          fd.number(),
          address.encode(scratch).address(),
          UnixAddress.SIZE);
      return new UnixSocket(fd);
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  /** Two sockets connected to each other. socketpair(2) */
  public static List<UnixSocket> pair(SocketKind kind) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment pair = scratch.allocate(8, 4);
      Downcall.checked(
          "socketpair",
          kind,
          SystemCall.SOCKETPAIR,
          AF_UNIX,
          kind.number | SocketKind.CLOSE_ON_EXEC,
          0,
          pair.address());
      return List.of(
          new UnixSocket(Fd.adopt(pair.get(ValueLayout.JAVA_INT, 0))),
          new UnixSocket(Fd.adopt(pair.get(ValueLayout.JAVA_INT, 4))));
    }
  }

  static Fd create(SocketKind kind) {
    return Fd.adopt(
        Downcall.checked(
            "socket", kind, SystemCall.SOCKET, AF_UNIX, kind.number | SocketKind.CLOSE_ON_EXEC, 0));
  }

  public Fd fd() {
    return fd;
  }

  /** Who is at the other end, as of when it connected or began to listen. unix(7) SO_PEERCRED */
  public PeerCredentials peer() {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment ucred = scratch.allocate(12, 4);
      MemorySegment length = scratch.allocateFrom(ValueLayout.JAVA_INT, 12);
      Downcall.checked(
          "getsockopt",
          fd,
          SystemCall.GETSOCKOPT,
          fd.number(),
          SOL_SOCKET,
          SO_PEERCRED,
          ucred.address(),
          length.address());
      return new PeerCredentials(
          ucred.get(ValueLayout.JAVA_INT, 0),
          Integer.toUnsignedLong(ucred.get(ValueLayout.JAVA_INT, 4)),
          Integer.toUnsignedLong(ucred.get(ValueLayout.JAVA_INT, 8)));
    }
  }

  /**
   * Sends bytes, with descriptors beside the first of them. A stream may take fewer bytes than
   * given; send the rest without files. sendmsg(2)
   *
   * @param files at most 253; they stay open here
   * @return bytes sent
   */
  public int send(byte[] bytes, Fd... files) {
    if (files.length > MOST_FILES || (files.length > 0 && bytes.length == 0)) {
      throw new IllegalArgumentException("at most 253 files, beside at least one byte");
    }
    try (Scratch scratch = Scratch.open()) {
      MemorySegment header = header(scratch, scratch.bytes(bytes), bytes.length);
      if (files.length > 0) {
        MemorySegment control = scratch.allocate(CMSG_HEADER + aligned(4L * files.length), 8);
        control.set(ValueLayout.JAVA_LONG, 0, CMSG_HEADER + 4L * files.length);
        control.set(ValueLayout.JAVA_INT, 8, SOL_SOCKET);
        control.set(ValueLayout.JAVA_INT, 12, SCM_RIGHTS);
        for (int i = 0; i < files.length; i++) {
          control.set(ValueLayout.JAVA_INT, CMSG_HEADER + 4L * i, files[i].number());
        }
        header.set(ValueLayout.JAVA_LONG, 32, control.address());
        header.set(ValueLayout.JAVA_LONG, 40, control.byteSize());
      }
      return (int)
          Downcall.checked(
              "sendmsg", fd, SystemCall.SENDMSG, fd.number(), header.address(), MSG_NOSIGNAL);
    }
  }

  /** Sends all bytes, waiting as needed, with descriptors beside the first. */
  public void sendFully(byte[] bytes, Fd... files) {
    int done = send(bytes, files);
    while (done < bytes.length) {
      done += send(Arrays.copyOfRange(bytes, done, bytes.length));
    }
  }

  /** Waits for a message of at most {@code most} bytes. Blocks: not on a virtual thread. */
  public Message receive(int most) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment buffer = scratch.allocate(most, 1);
      MemorySegment header = header(scratch, buffer, most);
      MemorySegment control = withControl(scratch, header);
      long count = receive(header, MSG_CMSG_CLOEXEC);
      if (count < 0) {
        throw new LinuxException("recvmsg", fd, Errno.of((int) -count));
      }
      byte[] bytes = buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
      boolean cut = (header.get(ValueLayout.JAVA_INT, 48) & MSG_TRUNC_OR_CTRUNC) != 0;
      return new Message(bytes, files(control, header.get(ValueLayout.JAVA_LONG, 40)), cut);
    }
  }

  /**
   * Waits for bytes and puts them where they are wanted.
   *
   * @param target native memory
   * @param files gets the descriptors that came along; they are the caller's
   * @return bytes received, 0 at the end
   */
  public int receive(MemorySegment target, List<Fd> files) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment header = header(scratch, target, target.byteSize());
      MemorySegment control = withControl(scratch, header);
      long count = receive(header, MSG_CMSG_CLOEXEC);
      if (count < 0) {
        throw new LinuxException("recvmsg", fd, Errno.of((int) -count));
      }
      files.addAll(files(control, header.get(ValueLayout.JAVA_LONG, 40)));
      return (int) count;
    }
  }

  /**
   * Lets whoever waits in receive give up after {@code most}, with a {@link LinuxException} of
   * EAGAIN. socket(7), SO_RCVTIMEO
   */
  public void patience(Duration most) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment time = scratch.allocate(16, 8); // struct timeval
      time.set(ValueLayout.JAVA_LONG, 0, most.toSeconds());
      time.set(ValueLayout.JAVA_LONG, 8, most.toNanosPart() / 1000);
      Downcall.checked(
          "setsockopt",
          fd,
          SystemCall.SETSOCKOPT,
          fd.number(),
          SOL_SOCKET,
          SO_RCVTIMEO,
          time.address(),
          time.byteSize());
    }
  }

  /** Ends both directions: a thread that waits in receive wakes up. shutdown(2) */
  public void shutdown() {
    if (fd.isOpen()) {
      Downcall.attempt(SystemCall.SHUTDOWN, fd.number(), SHUT_RDWR);
    }
  }

  /** Tells the peer that we send nothing more; receiving goes on. shutdown(2) */
  public void endOutput() {
    Downcall.checked("shutdown", fd, SystemCall.SHUTDOWN, fd.number(), SHUT_WR);
  }

  @Override
  public void close() {
    fd.close();
  }

  private static MemorySegment withControl(Scratch scratch, MemorySegment header) {
    MemorySegment control = scratch.allocate(CMSG_HEADER + aligned(4L * MOST_FILES), 8);
    header.set(ValueLayout.JAVA_LONG, 32, control.address());
    header.set(ValueLayout.JAVA_LONG, 40, control.byteSize());
    return control;
  }

  private long receive(MemorySegment header, int flags) {
    long count;
    do {
      count = Downcall.attempt(SystemCall.RECVMSG, fd.number(), header.address(), flags);
    } while (count == -Errno.EINTR.number());
    return count;
  }

  private static List<Fd> files(MemorySegment control, long length) {
    List<Fd> files = new ArrayList<>();
    long at = 0;
    while (at + CMSG_HEADER <= length) {
      long size = control.get(ValueLayout.JAVA_LONG, at);
      if (size < CMSG_HEADER || at + size > length) {
        break;
      }
      boolean rights =
          control.get(ValueLayout.JAVA_INT, at + 8) == SOL_SOCKET
              && control.get(ValueLayout.JAVA_INT, at + 12) == SCM_RIGHTS;
      for (long fd = at + CMSG_HEADER; rights && fd + 4 <= at + size; fd += 4) {
        files.add(Fd.adopt(control.get(ValueLayout.JAVA_INT, fd)));
      }
      at += aligned(size);
    }
    return files;
  }

  /** struct msghdr with one buffer and no control part yet. */
  private static MemorySegment header(Scratch scratch, MemorySegment buffer, long length) {
    MemorySegment vector = scratch.allocate(16, 8);
    vector.set(ValueLayout.JAVA_LONG, 0, buffer.address());
    vector.set(ValueLayout.JAVA_LONG, 8, length);
    MemorySegment header = scratch.allocate(MSGHDR_SIZE, 8);
    header.set(ValueLayout.JAVA_LONG, 16, vector.address());
    header.set(ValueLayout.JAVA_LONG, 24, 1);
    return header;
  }

  private static long aligned(long size) {
    return (size + 7) & -8;
  }
}
