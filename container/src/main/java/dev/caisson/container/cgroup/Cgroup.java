/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.workload.Resources;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The control group of one container: a directory in each v1 hierarchy, or one of v2.
 *
 * <p>Objects are cheap descriptions of paths; nothing is created before {@link #create}.
 */
public sealed interface Cgroup permits LegacyCgroup, UnifiedCgroup {
  /** Every directory it stands for, to be recorded before {@link #create} makes them. */
  List<Path> directories();

  /** Makes the directories and sets the limits. An existing empty group is taken over. */
  void create(Resources resources, DeviceAccess devices);

  /** Makes the directories of a group for a process that is parked: it has no limits yet. */
  void create();

  /**
   * Makes a parked group, with what is in it, this one: moves it to where this one would be made,
   * or finds that it is there already.
   *
   * @return false if it does not fit, and this one must be made; true also if a group was there
   *     already, empty, and gave way
   */
  boolean take(Cgroup parked);

  /** Changes the limits that are present. */
  void update(Resources resources);

  /** The files a process's id is written to in order to join. */
  List<Path> procsFiles();

  /** The v2 directory a process can be born in. clone3(2) CLONE_INTO_CGROUP */
  Optional<Path> birthplace();

  /** The file in which the kernel counts "oom_kill". */
  Optional<Path> memoryEvents();

  /** The hierarchies it is in, by the name of their mount below /sys/fs/cgroup; empty on v2. */
  List<String> hierarchies();

  /** Stops all processes; returns once they stand still. */
  void freeze();

  void thaw();

  /** Whether it was frozen and not thawed since. */
  boolean frozen();

  /** Ids of all processes, those of groups made inside included. */
  List<Integer> pids();

  /** Kills all processes, whatever PID namespace they are in. */
  void kill();

  /** Use of processor, memory, tasks and block devices; interfaces are not a control group's. */
  Measurable.Usage usage();

  /**
   * Removes the directories, those made inside included. Does nothing if they are gone.
   *
   * @return false if processes are still leaving it, and it should be tried again
   */
  boolean remove();
}
