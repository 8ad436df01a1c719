/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

import dev.caisson.disk.DiskException;

/** The errors that a reply can carry; the numbers are the protocol's own, on any system. */
public enum NbdError {
  EPERM(1),
  EIO(5),
  ENOMEM(12),
  EINVAL(22),
  ENOSPC(28),
  EOVERFLOW(75),
  ENOTSUP(95),
  ESHUTDOWN(108);

  private static final NbdError[] ALL = values();
  private final int number;

  NbdError(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** The error of that number; what is unknown counts as EINVAL, as the specification wants. */
  public static NbdError of(int number) {
    for (var error : ALL) {
      if (error.number == number) {
        return error;
      }
    }
    return EINVAL;
  }

  /** How a client should see a failure of the disk. */
  public static NbdError of(DiskException failure) {
    return switch (failure.kind()) {
      case READ_ONLY, REFUSED, LOCKED, SECRET -> EPERM;
      case OUT_OF_RANGE -> EINVAL;
      case UNSUPPORTED -> ENOTSUP;
      case CLOSED -> ESHUTDOWN;
      case IO -> fullDisk(failure) ? ENOSPC : EIO;
      case CORRUPT, MISSING, CONFLICT -> EIO;
    };
  }

  private static boolean fullDisk(DiskException failure) {
    String message = String.valueOf(failure.getMessage());
    // The JDK gives no errno, only strerror's text.
    return message.contains("No space left on device") || message.contains("Disk quota exceeded");
  }

  /** How the user of a client should see this error. */
  public DiskException.Kind kind() {
    return switch (this) {
      case EPERM -> DiskException.Kind.READ_ONLY;
      case EINVAL -> DiskException.Kind.OUT_OF_RANGE;
      case EOVERFLOW, ENOTSUP -> DiskException.Kind.UNSUPPORTED;
      case ESHUTDOWN -> DiskException.Kind.CLOSED;
      case EIO, ENOMEM, ENOSPC -> DiskException.Kind.IO;
    };
  }
}
