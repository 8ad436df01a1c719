/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/** The kinds of namespaces, by the flag that creates or joins one. namespaces(7), linux/sched.h */
public enum Namespace implements Coded {
  TIME(0x80),
  MOUNT(0x20000),
  CGROUP(0x2000000),
  UTS(0x4000000),
  IPC(0x8000000),
  USER(0x10000000),
  PID(0x20000000),
  NETWORK(0x40000000);

  private final long flag;

  Namespace(long flag) {
    this.flag = flag;
  }

  @Override
  public long code() {
    return flag;
  }
}
