/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/**
 * Per-mount properties; relative access times are what remains when none is named. linux/mount.h
 */
public enum MountAttribute implements Coded {
  READ_ONLY(0x1),
  NO_SETUID(0x2),
  NO_DEVICES(0x4),
  NO_EXEC(0x8),
  NO_ACCESS_TIME(0x10),
  STRICT_ACCESS_TIME(0x20),
  NO_DIRECTORY_ACCESS_TIME(0x80),
  NO_SYMLINK_FOLLOW(0x200000);

  private final long flag;

  MountAttribute(long flag) {
    this.flag = flag;
  }

  @Override
  public long code() {
    return flag;
  }
}
