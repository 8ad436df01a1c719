/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

/** The number of a device node. makedev(3) */
public record DeviceNumber(int major, int minor) {
  public static final DeviceNumber NONE = new DeviceNumber(0, 0);

  public DeviceNumber {
    if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff) {
      throw new IllegalArgumentException("device number out of range: " + major + ":" + minor);
    }
  }

  /** As the kernel passes it to user space: 12 bits of major between the halves of minor. */
  long encoded() {
    return (minor & 0xff) | ((long) major << 8) | ((long) (minor & 0xfff00) << 12);
  }

  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
