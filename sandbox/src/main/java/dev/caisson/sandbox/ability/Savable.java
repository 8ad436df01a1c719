/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import java.nio.file.Path;
import java.util.Set;

/** A sandbox that can be kept as it runs, and that can begin where one was kept. */
public interface Savable {
  /**
   * Keeps memory, processors, devices and written files, the workload standing still meanwhile.
   * When this returns all of it is on the disk; when it fails the workload goes on.
   *
   * @param directory must not exist; on failure something may be left of it
   * @param volumes targets of volumes that are this workload's alone, which are kept too
   * @param kept done once all is on the disk, while the workload still stands still; when it fails,
   *     so does this
   * @param goOn whether the workload goes on afterwards; else it stands still, to be killed
   * @throws dev.caisson.sandbox.SandboxException WRONG_STATE when it does not run; UNSUPPORTED with
   *     the reason and the remedy; FAILED, for want of room among others
   */
  void save(Path directory, Set<String> volumes, Runnable kept, boolean goOn);

  /**
   * In place of {@link dev.caisson.sandbox.Sandbox#start}: the workload goes on where the snapshot
   * stands, as itself: with random numbers, clock, addresses and names of its own before any of its
   * processes runs. What was written to its root and kept volumes before is replaced.
   *
   * @param directory as {@link #save} made it, of a workload with the same mounts
   * @throws dev.caisson.sandbox.SandboxException INVALID when it is damaged or does not fit this
   *     workload; UNSUPPORTED when it does not fit this host
   */
  void startFrom(Path directory);
}
