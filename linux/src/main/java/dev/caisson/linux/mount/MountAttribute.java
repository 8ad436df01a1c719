/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.mount;

/** Properties of one mount. mount_setattr(2), include/uapi/linux/mount.h */
public enum MountAttribute {
  READ_ONLY(0x1),
  NO_SET_USER_ID(0x2),
  NO_DEVICES(0x4),
  NO_EXECUTION(0x8),
  NO_ACCESS_TIME(0x10),
  STRICT_ACCESS_TIME(0x20),
  NO_DIRECTORY_ACCESS_TIME(0x80),
  /** Owners appear through the mapping of a user namespace. */
  ID_MAPPED(0x100000),
  NO_SYMBOLIC_LINKS(0x200000);

  private final long bits;

  MountAttribute(long bits) {
    this.bits = bits;
  }

  /** The kernel's number, for encodings that carry it. */
  public long bits() {
    return bits;
  }

  static long bits(Iterable<MountAttribute> attributes) {
    long all = 0;
    for (MountAttribute attribute : attributes) {
      all |= attribute.bits;
    }
    return all;
  }
}
