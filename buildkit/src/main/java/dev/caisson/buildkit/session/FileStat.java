/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.buildkit.wire.ProtoException;
import dev.caisson.buildkit.wire.ProtoReader;
import dev.caisson.buildkit.wire.ProtoWriter;

/**
 * One file as it is told to the other side: fsutil's {@code Stat}.
 *
 * @param path relative, without dots
 * @param mode Go's {@code os.FileMode}
 * @param size bytes
 * @param time of the last change, nanoseconds since 1970
 * @param link a symbolic link's target, or the earlier path a hard link shares its file with
 */
record FileStat(String path, int mode, long size, long time, String link) {
  private static final int LONGEST_PATH = 4096; // PATH_MAX of limits.h
  private static final int LONGEST_NAME = 255; // NAME_MAX

  private static final int DIRECTORY = 1 << 31;
  private static final int SYMLINK = 1 << 27;
  private static final int DEVICE = 1 << 26;
  private static final int PIPE = 1 << 25;
  private static final int SOCKET = 1 << 24;
  private static final int SETUID = 1 << 23;
  private static final int SETGID = 1 << 22;
  private static final int CHARACTERS = 1 << 21;
  private static final int STICKY = 1 << 20;
  private static final int IRREGULAR = 1 << 19;
  private static final int TYPES =
      DIRECTORY | SYMLINK | DEVICE | PIPE | SOCKET | CHARACTERS | IRREGULAR;

  enum Kind {
    FILE,
    DIRECTORY,
    LINK,
    /** Devices, pipes and sockets, which have no place in a context. */
    OTHER
  }

  /**
   * @throws ProtoException for a path that is not below the root, or no path
   */
  static FileStat parse(ProtoReader in) {
    String path = "";
    String link = "";
    int mode = 0;
    long size = 0;
    long time = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> path = in.text();
        case 2 -> mode = (int) in.number();
        case 5 -> size = in.number();
        case 6 -> time = in.number();
        case 7 -> link = in.text();
        default -> {}
      }
    }
    return new FileStat(checked(path), mode, size, time, link);
  }

  private static String checked(String path) {
    boolean bad = path.isEmpty() || path.length() > LONGEST_PATH || path.indexOf('\0') >= 0;
    for (String word : path.split("/", -1)) {
      bad |=
          word.isEmpty() || word.equals(".") || word.equals("..") || word.length() > LONGEST_NAME;
    }
    if (bad) {
      throw new ProtoException("'" + path + "' is no path below the directory");
    }
    return path;
  }

  ProtoWriter write() {
    return new ProtoWriter()
        .text(1, path)
        .number(2, Integer.toUnsignedLong(mode))
        .number(5, size)
        .number(6, time)
        .text(7, link);
  }

  Kind kind() {
    return switch (mode & TYPES) {
      case 0 -> Kind.FILE;
      case DIRECTORY -> Kind.DIRECTORY;
      case SYMLINK -> Kind.LINK;
      default -> Kind.OTHER;
    };
  }

  boolean isHardLink() {
    return kind() == Kind.FILE && !link.isEmpty();
  }

  /** Permissions and the bits beside them as chmod(2) takes them. */
  int permissions() {
    return mode & 0777
        | ((mode & SETUID) != 0 ? 04000 : 0)
        | ((mode & SETGID) != 0 ? 02000 : 0)
        | ((mode & STICKY) != 0 ? 01000 : 0);
  }

  /**
   * @param permissions as chmod(2) takes them
   */
  static int mode(Kind kind, int permissions) {
    int type =
        switch (kind) {
          case FILE -> 0;
          case DIRECTORY -> DIRECTORY;
          case LINK -> SYMLINK;
          case OTHER -> IRREGULAR;
        };
    return type
        | permissions & 0777
        | ((permissions & 04000) != 0 ? SETUID : 0)
        | ((permissions & 02000) != 0 ? SETGID : 0)
        | ((permissions & 01000) != 0 ? STICKY : 0);
  }

  /** The directory it lies in, empty for the root. */
  String parent() {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }
}
