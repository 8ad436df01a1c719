/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.Bytes;
import dev.caisson.launch.Handle;
import dev.caisson.launch.Namespace;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Mount;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was found on the host for one start; with the workload, all a plan is made of.
 *
 * @param group the control group, if this host has any for us
 * @param joined namespaces taken from elsewhere
 * @param sources what bind and volume mounts show, opened beforehand where a path could be swapped
 * @param deviceNumbers device nodes to be made, with the numbers they have on the host
 * @param filter the compiled system call filter
 * @param rootless whether an ordinary user starts it, so that devices are bound instead of made
 * @param idTools newuidmap and newgidmap, for ranges an ordinary user may not write
 */
public record Surroundings(
    Place place,
    Optional<Cgroup> group,
    Map<Namespace, Handle> joined,
    Map<Mount, Handle> sources,
    Optional<Handle> sharedMemory,
    List<DeviceNode> deviceNumbers,
    Identity identity,
    Optional<Bytes> filter,
    boolean rootless,
    Optional<IdTools> idTools) {

  public Surroundings {
    joined = Map.copyOf(joined);
    sources = Map.copyOf(sources);
    deviceNumbers = List.copyOf(deviceNumbers);
  }

  /** A device node. */
  public record DeviceNode(
      Path source, String target, char kind, int major, int minor, int mode, long group) {}

  /** Set-user-id programs that write id maps an administrator granted. newuidmap(1) */
  public record IdTools(String users, String groups) {}
}
