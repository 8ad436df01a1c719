/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;

/** Why a root file system could not be made, read or removed. */
public final class RootfsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller may decide on. */
  public enum Kind {
    /** The layer or tree contradicts itself. */
    INVALID,
    /** The disk, its inodes or the quota are used up. */
    NO_SPACE,
    /** This user may not do it. */
    NOT_PERMITTED,
    /** The layer is not there. */
    NOT_FOUND,
    /** A tool or kernel feature is missing, or refused. */
    UNAVAILABLE,
    /** Any other failure of a system call. */
    IO
  }

  private final Kind kind;

  public RootfsException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public RootfsException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Says what was being done when the kernel refused. */
  public static RootfsException of(String action, LinuxException cause) {
    Errno errno = cause.errno();
    return switch (errno) {
      case ENOSPC, EDQUOT ->
          new RootfsException(
              Kind.NO_SPACE,
              action + ": no space or no inodes left; free some with `caisson image prune`",
              cause);
      case EPERM, EACCES ->
          new RootfsException(
              Kind.NOT_PERMITTED, action + ": not permitted: " + cause.getMessage(), cause);
      default -> new RootfsException(Kind.IO, action + ": " + cause.getMessage(), cause);
    };
  }

  public Kind kind() {
    return kind;
  }
}
