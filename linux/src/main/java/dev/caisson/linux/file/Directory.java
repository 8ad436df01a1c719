/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

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
import org.jspecify.annotations.Nullable;

/**
 * An open directory, and what can be done to the names in it.
 *
 * <p>To work safely in a tree somebody else wrote, resolve the parent with {@link #resolve} and
 * {@link Resolution#IN_ROOT}, then act on the last name only: the methods that take a {@code name}
 * refuse slashes, "." and "..", and never follow a link in it.
 */
public final class Directory implements AutoCloseable {
  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_REMOVEDIR = 0x200;
  private static final int AT_SYMLINK_FOLLOW = 0x400;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int LONGEST_LINK = 4096; // PATH_MAX
  private static final int EAGAIN_TRIES = 64;

  private final Fd fd;
  private final String label;

  private Directory(Fd fd, String label) {
    this.fd = fd;
    this.label = label;
  }

  /** Opens a directory of the host, following links as any path does. */
  public static Directory open(Path path) {
    return new Directory(
        openAt(AT_FDCWD, path.toString(), path, 0, new Resolution[0], directoryFlags()),
        path.toString());
  }

  /** Takes ownership of a descriptor already open on a directory. */
  public static Directory of(Fd fd) {
    return new Directory(fd, fd.toString());
  }

  /** Opens any file of the host by path. openat2(2) */
  public static Fd openFile(Path path, int permissions, OpenFlag... flags) {
    return openAt(AT_FDCWD, path.toString(), path, permissions, new Resolution[0], flags);
  }

  public Fd fd() {
    return fd;
  }

  /** The directory at {@code path}, which is walked under the given rules. openat2(2) */
  public Directory resolve(String path, Resolution... rules) {
    return new Directory(
        openAt(fd.number(), nonEmpty(path), subject(path), 0, rules, directoryFlags()),
        subject(path));
  }

  /** A handle without read or write rights on whatever is at {@code path}. openat2(2) O_PATH */
  public Fd locate(String path, Resolution... rules) {
    return openAt(fd.number(), nonEmpty(path), subject(path), 0, rules, OpenFlag.PATH);
  }

  /** As {@link #locate}; a link as last component is opened itself. */
  public Fd locateNoFollow(String path, Resolution... rules) {
    return openAt(
        fd.number(), nonEmpty(path), subject(path), 0, rules, OpenFlag.PATH, OpenFlag.NO_FOLLOW);
  }

  /** Opens the file at {@code path}, which is walked under the given rules. openat2(2) */
  public Fd openFile(String path, Resolution[] rules, int permissions, OpenFlag... flags) {
    return openAt(fd.number(), nonEmpty(path), subject(path), permissions, rules, flags);
  }

  /** Opens the file called {@code name} in this directory; links are not followed. */
  public Fd openFile(String name, int permissions, OpenFlag... flags) {
    Resolution[] rules = {Resolution.BENEATH, Resolution.NO_SYMLINKS};
    return openAt(fd.number(), plain(name), subject(name), permissions, rules, flags);
  }

  /**
   * An unnamed regular file on this directory's file system; it is freed with its last descriptor.
   */
  public Fd openUnnamed(int permissions) {
    return openAt(
        fd.number(),
        ".",
        label,
        permissions,
        new Resolution[0],
        OpenFlag.UNNAMED,
        OpenFlag.READ_WRITE);
  }

  /** mkdirat(2); the process's umask applies to {@code permissions}. */
  public void makeDirectory(String name, int permissions) {
    at("mkdirat", SystemCall.MKDIRAT, name, permissions, 0);
  }

  /** mknodat(2): a fifo, socket, device or empty regular file. */
  public void makeNode(String name, FileType type, int permissions, DeviceNumber device) {
    at("mknodat", SystemCall.MKNODAT, name, type.bits | permissions, device.encoded());
  }

  /** symlinkat(2); {@code target} is kept as it is, never resolved. */
  public void makeSymbolicLink(String name, String target) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "symlinkat",
          subject(name),
          SystemCall.SYMLINKAT,
          scratch.string(target).address(),
          fd.number(),
          scratch.string(plain(name)).address());
    }
  }

  /**
   * A second name, in {@code to}, for what {@code name} is here; links are not followed. linkat(2)
   */
  public void link(String name, Directory to, String newName) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "linkat",
          subject(name) + " to " + to.subject(newName),
          SystemCall.LINKAT,
          fd.number(),
          scratch.string(plain(name)).address(),
          to.fd.number(),
          scratch.string(plain(newName)).address(),
          0);
    }
  }

  /** Names an open file, also one from {@link #openUnnamed}. linkat(2) through /proc/self/fd */
  public void linkOpenFile(Fd file, String name) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "linkat",
          subject(name),
          SystemCall.LINKAT,
          AT_FDCWD,
          scratch.string(file.path()).address(),
          fd.number(),
          scratch.string(plain(name)).address(),
          AT_SYMLINK_FOLLOW);
    }
  }

  /** Removes a name that is no directory. unlinkat(2) */
  public void remove(String name) {
    at("unlinkat", SystemCall.UNLINKAT, name, 0, 0);
  }

  /** Removes an empty directory. unlinkat(2) AT_REMOVEDIR */
  public void removeDirectory(String name) {
    at("unlinkat", SystemCall.UNLINKAT, name, AT_REMOVEDIR, 0);
  }

  /**
   * renameat2(2); what is called {@code newName} in {@code to} is replaced unless the mode forbids.
   */
  public void rename(String name, Directory to, String newName, RenameMode mode) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "renameat2",
          subject(name) + " to " + to.subject(newName),
          SystemCall.RENAMEAT2,
          fd.number(),
          scratch.string(plain(name)).address(),
          to.fd.number(),
          scratch.string(plain(newName)).address(),
          mode.bits);
    }
  }

  /** fchownat(2); a link itself changes owner. -1 leaves one of the two as it is. */
  public void changeOwner(String name, long user, long group) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "fchownat",
          subject(name),
          SystemCall.FCHOWNAT,
          fd.number(),
          scratch.string(plain(name)).address(),
          Owner.checked(user),
          Owner.checked(group),
          AT_SYMLINK_NOFOLLOW);
    }
  }

  /**
   * Sets the 12 permission bits of {@code name}, which must not be a symbolic link (EOPNOTSUPP):
   * links have none, and following one could leave the tree.
   */
  public void changePermissions(String name, int permissions) {
    try (Fd file = locateNoFollow(plain(name), Resolution.BENEATH);
        Scratch scratch = Scratch.open()) {
      if (FileStatus.read(file.number(), "", AT_EMPTY_PATH, subject(name)).type()
          == FileType.SYMBOLIC_LINK) {
        throw new LinuxException("fchmodat", subject(name), Errno.EOPNOTSUPP);
      }
      Downcall.checked(
          "fchmodat",
          subject(name),
          SystemCall.FCHMODAT,
          AT_FDCWD,
          scratch.string(file.path()).address(),
          permissions);
    }
  }

  /** utimensat(2); a link's own times are set. {@code null} leaves one of the two as it is. */
  public void changeTimes(String name, @Nullable FileTime accessed, @Nullable FileTime modified) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "utimensat",
          subject(name),
          SystemCall.UTIMENSAT,
          fd.number(),
          scratch.string(plain(name)).address(),
          TimePair.encode(scratch, accessed, modified).address(),
          AT_SYMLINK_NOFOLLOW);
    }
  }

  /** statx(2) of a name here; a link describes itself. */
  public FileStatus status(String name) {
    return FileStatus.read(fd.number(), plain(name), AT_SYMLINK_NOFOLLOW, subject(name));
  }

  /** statx(2) of this directory. */
  public FileStatus status() {
    return FileStatus.read(fd.number(), "", AT_EMPTY_PATH, label);
  }

  /** readlinkat(2) */
  public String readLink(String name) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment target = scratch.allocate(LONGEST_LINK, 1);
      long length =
          Downcall.checked(
              "readlinkat",
              subject(name),
              SystemCall.READLINKAT,
              fd.number(),
              scratch.string(plain(name)).address(),
              target.address(),
              LONGEST_LINK);
      return new String(
          target.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return label;
  }

  private void at(String call, long number, String name, long third, long fourth) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          call,
          subject(name),
          number,
          fd.number(),
          scratch.string(plain(name)).address(),
          third,
          fourth);
    }
  }

  private static Fd openAt(
      int directory,
      String path,
      Object subject,
      int permissions,
      Resolution[] rules,
      OpenFlag... flags) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment how = scratch.allocate(24, 8); // struct open_how: flags, mode, resolve
      long bits = OpenFlag.bits(flags);
      how.set(ValueLayout.JAVA_LONG, 0, bits);
      how.set(ValueLayout.JAVA_LONG, 8, OpenFlag.creates(bits) ? permissions : 0);
      how.set(ValueLayout.JAVA_LONG, 16, Resolution.bits(rules));
      long name = scratch.string(path).address();
      for (int attempt = 1; ; attempt++) {
        long result =
            Downcall.attempt(SystemCall.OPENAT2, directory, name, how.address(), how.byteSize());
        if (result >= 0) {
          return Fd.adopt(result);
        }
        Errno errno = Errno.of((int) -result);
        // A rename elsewhere on the system can make the kernel unsure of "..": it asks to try
        // again.
        boolean again = errno == Errno.EINTR || (errno == Errno.EAGAIN && rules.length > 0);
        if (!again || attempt == EAGAIN_TRIES) {
          throw new LinuxException("openat2", subject, errno);
        }
      }
    }
  }

  private static OpenFlag[] directoryFlags() {
    return new OpenFlag[] {OpenFlag.READ, OpenFlag.DIRECTORY};
  }

  private String subject(String name) {
    return label + "/" + name;
  }

  private static String nonEmpty(String path) {
    return path.isEmpty() ? "." : path;
  }

  private static String plain(String name) {
    if (name.isEmpty() || name.equals(".") || name.equals("..") || name.indexOf('/') >= 0) {
      throw new IllegalArgumentException("not a plain file name: \"" + name + "\"");
    }
    return name;
  }
}
