/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.node;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A file, directory, link or special file held by an O_PATH descriptor: what a file server keeps
 * for each file a client knows.
 *
 * <p>Methods answer as the kernel does: a result, or minus errno. A server passes refusals on by
 * the thousand, so they are no exceptions here. Names are NUL-terminated bytes of one component; no
 * call follows a link, leaves the directory, or opens a device.
 */
public final class Node implements AutoCloseable {
  /** Bytes of a struct statx. */
  public static final int STATX_SIZE = 256;

  /** Bytes of a struct statfs. */
  public static final int STATFS_SIZE = 120;

  private static final int O_CREAT = 0x40;
  private static final int O_EXCL = 0x80;
  private static final int O_NOFOLLOW = 0x20000;
  private static final int O_CLOEXEC = 0x80000;
  private static final int O_PATH = 0x200000;
  private static final int O_NOCTTY = 0x100;
  private static final int AT_REMOVEDIR = 0x200;
  private static final int AT_SYMLINK_FOLLOW = 0x400;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC = 0x7ff;
  private static final int STATX_MNT_ID = 0x1000;
  private static final int NO_MAGICLINKS = 0x02;
  private static final int NO_SYMLINKS = 0x04;
  private static final int BENEATH = 0x08;

  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_NO_AUTOMOUNT = 0x800;
  private static final int O_DIRECTORY = 0x10000;
  private static final MemorySegment EMPTY = Arena.global().allocate(1);
  private static final MemorySegment ITSELF = Arena.global().allocateFrom(".");
  private static final MemorySegment HOW_TO_LOOK_UP =
      how(Arena.global().allocate(24, 8), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
  private static final byte[] NOTHING = {};
  private static final byte[] OWN_FILES = "/proc/self/fd/".getBytes(StandardCharsets.US_ASCII);
  private static final int MOST_DIGITS = 10;

  private final Fd fd;

  private Node(Fd fd) {
    this.fd = fd;
  }

  /** The directory that names this process's descriptors: a shorter way to them. proc(5) */
  private static final class OwnFiles {
    private static final Fd DIRECTORY =
        Directory.openFile(Path.of("/proc/self/fd"), 0, OpenFlag.PATH);

    static int number() {
      return DIRECTORY.number();
    }
  }

  /** Takes ownership of a descriptor opened with O_PATH. */
  public static Node of(Fd path) {
    return new Node(path);
  }

  /**
   * The number of a new O_PATH descriptor for a name in this directory; also for a path of several
   * components below it, none but the last of which may be a link.
   */
  public long lookup(MemorySegment name) {
    return openAt(name, HOW_TO_LOOK_UP);
  }

  /** The number of an O_PATH descriptor for the very file behind an open descriptor. */
  public static long reference(int descriptor) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.OPENAT,
          OwnFiles.number(),
          digits(scratch, NOTHING, descriptor).address(),
          O_PATH | O_CLOEXEC,
          0);
    }
  }

  /** Opens this very file; only for regular files and directories. */
  public long open(int flags) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.OPENAT,
          OwnFiles.number(),
          inProc(scratch).address(),
          (flags & ~(O_CREAT | O_NOFOLLOW)) | O_CLOEXEC | O_NOCTTY,
          0);
    }
  }

  /** Opens this very directory for reading. */
  public long openDirectory() {
    int flags = O_DIRECTORY | O_CLOEXEC;
    long opened = Downcall.attempt(SystemCall.OPENAT, fd.number(), ITSELF.address(), flags, 0);
    // Its own name needs the right to search it, which a way around does not.
    return opened == -Errno.EACCES.number() ? open(O_DIRECTORY) : opened;
  }

  /** Creates a regular file in this directory, where nothing has that name yet. */
  public long create(MemorySegment name, int flags, int mode) {
    try (Scratch scratch = Scratch.open()) {
      int all = flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
      return openAt(name, how(scratch.allocate(24, 8), all, mode & 07777));
    }
  }

  private long openAt(MemorySegment name, MemorySegment how) {
    return Downcall.attempt(
        SystemCall.OPENAT2, fd.number(), name.address(), how.address(), how.byteSize());
  }

  /** A struct open_how. */
  private static MemorySegment how(MemorySegment target, int flags, int mode) {
    target.set(ValueLayout.JAVA_LONG, 0, flags);
    target.set(ValueLayout.JAVA_LONG, 8, mode);
    // An O_PATH|O_NOFOLLOW open of a link is refused under NO_SYMLINKS only for inner components.
    target.set(ValueLayout.JAVA_LONG, 16, BENEATH | NO_SYMLINKS | NO_MAGICLINKS);
    return target;
  }

  /** The descriptor's name in {@link OwnFiles}. */
  private MemorySegment inProc(Scratch scratch) {
    return digits(scratch, NOTHING, fd.number());
  }

  /** A path to this very file. */
  private MemorySegment path(Scratch scratch) {
    return digits(scratch, OWN_FILES, fd.number());
  }

  /** A number behind other text, NUL-terminated; a String costs more than the call it is for. */
  private static MemorySegment digits(Scratch scratch, byte[] before, int number) {
    byte[] text = Arrays.copyOf(before, before.length + MOST_DIGITS + 1);
    int count = 1;
    for (int rest = number; rest > 9; rest /= 10) {
      count++;
    }
    int rest = number;
    for (int at = before.length + count - 1; at >= before.length; at--) {
      text[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return scratch.bytes(text);
  }

  /** Fills a struct statx of {@link #STATX_SIZE} bytes. */
  public long status(MemorySegment statx) {
    return statusOf(fd.number(), statx);
  }

  /** As {@link #status}, of an open descriptor. */
  public static long statusOf(int descriptor, MemorySegment statx) {
    return statusAt(descriptor, EMPTY, AT_EMPTY_PATH, statx);
  }

  /** As {@link #status}, of a name in this directory; a link is itself. */
  public long statusAt(MemorySegment name, MemorySegment statx) {
    return statusAt(fd.number(), name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, statx);
  }

  private static long statusAt(int descriptor, MemorySegment name, int flags, MemorySegment statx) {
    if (statx.byteSize() < STATX_SIZE) {
      throw new IllegalArgumentException("struct statx needs " + STATX_SIZE + " bytes");
    }
    return Downcall.attempt(
        SystemCall.STATX,
        descriptor,
        name.address(),
        flags,
        STATX_BASIC | STATX_MNT_ID,
        statx.address(),
        0);
  }

  /**
   * Where the host has this file now, as it names mounts and removed files; not NUL-terminated.
   * proc(5)
   */
  public long hostPath(MemorySegment target) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.READLINKAT,
          OwnFiles.number(),
          inProc(scratch).address(),
          target.address(),
          target.byteSize());
    }
  }

  /** readlinkat(2) of this link; not NUL-terminated. */
  public long readLink(MemorySegment target) {
    return Downcall.attempt(
        SystemCall.READLINKAT, fd.number(), EMPTY.address(), target.address(), target.byteSize());
  }

  /** mkdirat(2); of {@code mode} the 12 permission bits count. */
  public long makeDirectory(MemorySegment name, int mode) {
    return Downcall.attempt(SystemCall.MKDIRAT, fd.number(), name.address(), mode & 07777);
  }

  /**
   * mknodat(2). A device other than overlay's whiteout (0, 0) would give the guest's root a way to
   * the host's devices only if something here opened it, which nothing does.
   */
  public long makeNode(MemorySegment name, int mode, long device) {
    return Downcall.attempt(SystemCall.MKNODAT, fd.number(), name.address(), mode, device);
  }

  /** symlinkat(2); {@code target} is text, resolved by whoever follows it. */
  public long makeSymbolicLink(MemorySegment name, MemorySegment target) {
    return Downcall.attempt(SystemCall.SYMLINKAT, target.address(), fd.number(), name.address());
  }

  /** A second name for {@code existing} in this directory. */
  public long link(Node existing, MemorySegment name) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.LINKAT,
          OwnFiles.number(),
          existing.inProc(scratch).address(),
          fd.number(),
          name.address(),
          AT_SYMLINK_FOLLOW,
          0);
    }
  }

  /** unlinkat(2), of anything but a directory. */
  public long remove(MemorySegment name) {
    return Downcall.attempt(SystemCall.UNLINKAT, fd.number(), name.address(), 0);
  }

  /** unlinkat(2) with AT_REMOVEDIR. */
  public long removeDirectory(MemorySegment name) {
    return Downcall.attempt(SystemCall.UNLINKAT, fd.number(), name.address(), AT_REMOVEDIR);
  }

  /** renameat2(2) with its flags as the kernel numbers them. */
  public long rename(MemorySegment name, Node target, MemorySegment newName, int flags) {
    return Downcall.attempt(
        SystemCall.RENAMEAT2,
        fd.number(),
        name.address(),
        target.fd.number(),
        newName.address(),
        flags,
        0);
  }

  /** -1 leaves the user or the group as it is. */
  public long changeOwner(int user, int group) {
    return Downcall.attempt(
        SystemCall.FCHOWNAT,
        fd.number(),
        EMPTY.address(),
        Integer.toUnsignedLong(user),
        Integer.toUnsignedLong(group),
        AT_EMPTY_PATH,
        0);
  }

  /** Not for symbolic links, which have no permissions of their own. */
  public long changePermissions(int mode) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.FCHMODAT, OwnFiles.number(), inProc(scratch).address(), mode & 07777);
    }
  }

  /**
   * utimensat(2).
   *
   * @param times two struct timespec, with UTIME_NOW and UTIME_OMIT as the kernel has them
   */
  public long changeTimes(MemorySegment times) {
    return Downcall.attempt(
        SystemCall.UTIMENSAT, fd.number(), EMPTY.address(), times.address(), AT_EMPTY_PATH);
  }

  /** truncate(2); only for regular files. */
  public long truncate(long size) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(SystemCall.TRUNCATE, path(scratch).address(), size);
    }
  }

  /** Fills a struct statfs of {@link #STATFS_SIZE} bytes. */
  public long fileSystem(MemorySegment statfs) {
    return Downcall.attempt(SystemCall.FSTATFS, fd.number(), statfs.address());
  }

  /** syncfs(2): everything on the file system this file is on. */
  public long syncFileSystem() {
    try (Scratch scratch = Scratch.open()) {
      long plain = // syncfs(2) refuses O_PATH descriptors
          Downcall.attempt(
              SystemCall.OPENAT, OwnFiles.number(), inProc(scratch).address(), O_CLOEXEC, 0);
      if (plain < 0) {
        return plain;
      }
      try (Fd open = Fd.adopt(plain)) {
        return Downcall.attempt(SystemCall.SYNCFS, open.number());
      }
    }
  }

  // Extended attributes want a path; through /proc it is this very file. For a link that would be
  // its target's, so links answer EOPNOTSUPP before.

  /** With an empty target: the value's size. */
  public long attribute(MemorySegment name, MemorySegment target) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.GETXATTR,
          path(scratch).address(),
          name.address(),
          target.byteSize() == 0 ? 0 : target.address(),
          target.byteSize());
    }
  }

  /** setxattr(2) with its flags as the kernel numbers them. */
  public long setAttribute(MemorySegment name, MemorySegment value, int flags) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.SETXATTR,
          path(scratch).address(),
          name.address(),
          value.address(),
          value.byteSize(),
          flags,
          0);
    }
  }

  /** removexattr(2). */
  public long removeAttribute(MemorySegment name) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(SystemCall.REMOVEXATTR, path(scratch).address(), name.address());
    }
  }

  /** With an empty target: the size of all names. */
  public long attributeNames(MemorySegment target) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.LISTXATTR,
          path(scratch).address(),
          target.byteSize() == 0 ? 0 : target.address(),
          target.byteSize());
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return fd.toString();
  }
}
