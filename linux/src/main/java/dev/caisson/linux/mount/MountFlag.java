/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.mount;

/** Flags of classic mount(2). include/uapi/linux/mount.h */
public enum MountFlag {
  READ_ONLY(1),
  NO_SET_USER_ID(2),
  NO_DEVICES(4),
  NO_EXECUTION(8),
  SYNCHRONOUS(16),
  REMOUNT(32),
  MANDATORY_LOCKS(64),
  DIRECTORY_SYNC(128),
  NO_SYMBOLIC_LINKS(256),
  NO_ACCESS_TIME(1024),
  NO_DIRECTORY_ACCESS_TIME(2048),
  BIND(4096),
  MOVE(8192),
  /** With {@link #BIND} or a propagation: also everything mounted below. */
  RECURSIVE(16384),
  SILENT(32768),
  UNBINDABLE(1 << 17),
  PRIVATE(1 << 18),
  SLAVE(1 << 19),
  SHARED(1 << 20),
  RELATIVE_ACCESS_TIME(1 << 21),
  STRICT_ACCESS_TIME(1 << 24),
  LAZY_TIME(1 << 25);

  private final long bits;

  MountFlag(long bits) {
    this.bits = bits;
  }

  /** The kernel's number, for encodings that carry it. */
  public long bits() {
    return bits;
  }

  static long bits(MountFlag... flags) {
    long all = 0;
    for (MountFlag flag : flags) {
      all |= flag.bits;
    }
    return all;
  }
}
