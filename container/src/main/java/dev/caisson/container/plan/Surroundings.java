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
 * @param mountedRoot the root file system, if it was mounted ahead of need
 * @param apart if the process sees none of the host's mounts: mounts of the files it is shown, by
 *     their path, attached nowhere yet. Only for a parked process whose root is mounted too
 * @param filter the compiled system call filter
 * @param rootless whether we are root of an ordinary user's namespace, so that what the host owns
 *     (devices, its network and processes) is shown instead of made
 * @param singleId whether that namespace has one user, so that there are no groups to choose
 */
public record Surroundings(
    Place place,
    Optional<Cgroup> group,
    Map<Namespace, Handle> joined,
    Map<Mount, Handle> sources,
    Optional<Handle> sharedMemory,
    List<DeviceNode> deviceNumbers,
    Identity identity,
    Optional<Handle> mountedRoot,
    Optional<Map<Path, Handle>> apart,
    Optional<Bytes> filter,
    boolean rootless,
    boolean singleId) {

  public Surroundings {
    joined = Map.copyOf(joined);
    sources = Map.copyOf(sources);
    deviceNumbers = List.copyOf(deviceNumbers);
    apart = apart.map(Map::copyOf);
  }

  /** The same for a process that sees the host's mounts. */
  Surroundings amongHostMounts() {
    return new Surroundings(
        place,
        group,
        joined,
        sources,
        sharedMemory,
        deviceNumbers,
        identity,
        mountedRoot,
        Optional.empty(),
        filter,
        rootless,
        singleId);
  }

  /** A device node. */
  public record DeviceNode(
      Path source, String target, char kind, int major, int minor, int mode, long group) {}
}
