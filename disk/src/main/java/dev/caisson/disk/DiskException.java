/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

/** Why a disk could not do what was asked; the message names the file and the remedy, if any. */
public class DiskException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What a caller may want to tell apart. */
  public enum Kind {
    /** The file system, network or device said no. */
    IO,
    /** The file contradicts its format, or a limit that keeps hostile files harmless. */
    CORRUPT,
    /** Valid, but uses something this library does not know. */
    UNSUPPORTED,
    /** The request lies outside the disk, or makes no sense. */
    OUT_OF_RANGE,
    /** Somebody else uses the file in a way that excludes this use. */
    LOCKED,
    /** A file, or a base it names, is not there. */
    MISSING,
    /** The file asks for something its opener's policy does not allow. */
    REFUSED,
    /** The disk was opened for reading only. */
    READ_ONLY,
    /** A name that must be new is taken, or a chain comes back to itself. */
    CONFLICT,
    /** A key or password does not fit. */
    SECRET,
    /** The disk is closed. */
    CLOSED
  }

  private final Kind kind;

  public DiskException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public DiskException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /** A file that contradicts its format. */
  public static DiskException corrupt(String subject, String reason) {
    return new DiskException(Kind.CORRUPT, subject + ": " + reason);
  }

  /** A failed system call on {@code subject}. */
  public static DiskException io(String subject, java.io.IOException cause) {
    if (cause instanceof java.nio.file.NoSuchFileException) {
      return new DiskException(Kind.MISSING, subject + ": no such file", cause);
    }
    if (cause instanceof java.nio.channels.ClosedChannelException) {
      return new DiskException(Kind.CLOSED, subject + ": is closed", cause);
    }
    if (cause instanceof java.nio.file.AccessDeniedException) {
      return new DiskException(Kind.IO, subject + ": permission denied", cause);
    }
    if (cause instanceof java.nio.file.FileSystemException failed && failed.getReason() != null) {
      return new DiskException(Kind.IO, subject + ": " + failed.getReason(), cause);
    }
    String reason =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new DiskException(Kind.IO, subject + ": " + reason, cause);
  }
}
