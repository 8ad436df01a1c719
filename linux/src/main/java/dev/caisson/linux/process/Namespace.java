/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import java.nio.file.Path;

/** Kinds of namespaces, with the name below /proc/PID/ns and the clone flag. namespaces(7) */
public enum Namespace {
  TIME("time", 0x80),
  MOUNT("mnt", 0x20000),
  CGROUP("cgroup", 0x2000000),
  UTS("uts", 0x4000000),
  IPC("ipc", 0x8000000),
  USER("user", 0x10000000),
  PID("pid", 0x20000000),
  NETWORK("net", 0x40000000);

  private final String file;
  private final long flag;

  Namespace(String file, long flag) {
    this.file = file;
    this.flag = flag;
  }

  /** The clone(2) flag, for encodings that carry it. */
  public long flag() {
    return flag;
  }

  /** Opens the namespace the calling thread is in. */
  public Fd ofThisThread() {
    return Directory.openFile(Path.of("/proc/thread-self/ns/" + file), 0, OpenFlag.READ);
  }
}
