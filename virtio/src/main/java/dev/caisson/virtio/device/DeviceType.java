/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.device;

/** Device numbers. virtio 1.2, section 5 */
public enum DeviceType {
  NET(1),
  BLOCK(2),
  CONSOLE(3),
  ENTROPY(4),
  BALLOON(5),
  VSOCK(19),
  FILE_SYSTEM(26);

  private final int number;

  DeviceType(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
