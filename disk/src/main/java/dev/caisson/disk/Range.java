/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

/** Checks of requests against a disk's size. */
public final class Range {
  private Range() {}

  /** Refuses {@code [offset, offset + length)} unless it lies within {@code size}. */
  public static void check(String subject, long offset, long length, long size) {
    if (offset < 0 || length < 0 || offset > size - length) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          "%s: %d bytes at %d are not within its %d".formatted(subject, length, offset, size));
    }
  }
}
