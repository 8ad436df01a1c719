/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.mount;

/** Whether mounts made below travel to and from copies of this mount. mount_namespaces(7) */
public enum Propagation {
  UNCHANGED(0),
  UNBINDABLE(1 << 17),
  PRIVATE(1 << 18),
  SLAVE(1 << 19),
  SHARED(1 << 20);

  final long bits;

  Propagation(long bits) {
    this.bits = bits;
  }
}
