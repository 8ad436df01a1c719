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
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Extended attributes of a file, reached by path without following a last link, or by descriptor.
 * xattr(7)
 *
 * <p>A descriptor opened with {@link OpenFlag#PATH} works too: the kernel refuses f*xattr on those,
 * so {@link #of(Fd)} goes through /proc/self/fd, whose link leads to the inode and no further.
 */
public final class ExtendedAttributes {
  private static final int LARGEST = 64 << 10; // XATTR_SIZE_MAX, XATTR_LIST_MAX

  private final String path;
  private final boolean follow;

  private ExtendedAttributes(String path, boolean follow) {
    this.path = path;
    this.follow = follow;
  }

  /** Those of the file of this name: of a link itself, not of what it leads to. */
  public static ExtendedAttributes of(Path path) {
    return new ExtendedAttributes(path.toString(), false);
  }

  /** Those of an open file, which must stay open as long as this is used. */
  public static ExtendedAttributes of(Fd file) {
    return new ExtendedAttributes(file.path().toString(), true);
  }

  /** Creates or replaces an attribute, for example {@code user.note}. At most 64 KiB. */
  public void set(String name, byte[] value) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "setxattr",
          path + " " + name,
          follow ? SystemCall.SETXATTR : SystemCall.LSETXATTR,
          scratch.string(path).address(),
          scratch.string(name).address(),
          scratch.bytes(value).address(),
          value.length,
          0);
    }
  }

  /** Removes an attribute; does nothing without it. */
  public void remove(String name) {
    try (Scratch scratch = Scratch.open()) {
      long result =
          Downcall.attempt(
              follow ? SystemCall.REMOVEXATTR : SystemCall.LREMOVEXATTR,
              scratch.string(path).address(),
              scratch.string(name).address());
      if (result < 0 && result != -Errno.ENODATA.number()) {
        throw new LinuxException("removexattr", path + " " + name, Errno.of((int) -result));
      }
    }
  }

  /** The value of an attribute; empty without it, or where the file system has none at all. */
  public Optional<byte[]> get(String name) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment value = scratch.allocate(LARGEST, 1);
      long length =
          Downcall.attempt(
              follow ? SystemCall.GETXATTR : SystemCall.LGETXATTR,
              scratch.string(path).address(),
              scratch.string(name).address(),
              value.address(),
              LARGEST);
      if (length == -Errno.ENODATA.number() || length == -Errno.EOPNOTSUPP.number()) {
        return Optional.empty();
      }
      if (length < 0) {
        throw new LinuxException("getxattr", path + " " + name, Errno.of((int) -length));
      }
      return Optional.of(value.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** The names this process may see; none where the file system has no attributes. */
  public List<String> names() {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment list = scratch.allocate(LARGEST, 1);
      long length =
          Downcall.attempt(
              follow ? SystemCall.LISTXATTR : SystemCall.LLISTXATTR,
              scratch.string(path).address(),
              list.address(),
              LARGEST);
      if (length == -Errno.EOPNOTSUPP.number()) {
        return List.of();
      }
      if (length < 0) {
        throw new LinuxException("listxattr", path, Errno.of((int) -length));
      }
      byte[] joined = list.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
      String names = new String(joined, StandardCharsets.UTF_8);
      return Stream.of(names.split("\0")).filter(name -> !name.isEmpty()).toList();
    }
  }
}
