/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

/** A point in time as inodes keep it: seconds since 1970, and 0 to 999,999,999 nanoseconds. */
public record FileTime(long seconds, int nanos) {
  public FileTime {
    if (nanos < 0 || nanos > 999_999_999) {
      throw new IllegalArgumentException("nanoseconds out of range: " + nanos);
    }
  }
}
