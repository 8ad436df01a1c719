/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.util.List;

/**
 * What is mounted over the root file system besides what every workload has.
 *
 * @param mounts in the order of mounting: outer targets before inner ones
 * @param sharedMemory bytes of /dev/shm
 */
public record Mounts(List<Mount> mounts, long sharedMemory) {
  public static final Mounts NONE = new Mounts(List.of(), 64L << 20);

  public Mounts {
    mounts = List.copyOf(mounts);
    if (sharedMemory < 0) {
      throw SandboxException.invalid("shared memory size " + sharedMemory, "must not be negative");
    }
  }

  public static Mounts of(Mount... mounts) {
    return new Mounts(List.of(mounts), NONE.sharedMemory);
  }
}
