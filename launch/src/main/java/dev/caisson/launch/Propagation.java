/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/** Whether mounts made under a mount appear in its peers. mount_namespaces(7) */
public enum Propagation implements Coded {
  UNCHANGED(0),
  UNBINDABLE(1 << 17),
  PRIVATE(1 << 18),
  SLAVE(1 << 19),
  SHARED(1 << 20);

  private final long flag;

  Propagation(long flag) {
    this.flag = flag;
  }

  @Override
  public long code() {
    return flag;
  }
}
