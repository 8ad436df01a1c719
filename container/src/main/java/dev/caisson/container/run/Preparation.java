/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.plan.ContainerPlan;
import dev.caisson.container.plan.ParkedPlan;
import dev.caisson.container.plan.Surroundings;
import dev.caisson.launch.Handle;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.linux.Fd;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.Workload;
import java.util.List;
import java.util.Optional;

/** Everything found out for one start, and the plan made of it. Closing lets go of open files. */
final class Preparation implements AutoCloseable {
  private final Sources sources;
  private final Workload workload;
  private final DeviceNodes devices;
  private final Surroundings surroundings;

  private Preparation(
      Workload workload, Sources sources, DeviceNodes devices, Surroundings surroundings) {
    this.workload = workload;
    this.sources = sources;
    this.devices = devices;
    this.surroundings = surroundings;
  }

  /**
   * @param root the root file system, if it was mounted ahead of need
   */
  static Preparation of(
      Workload workload,
      Place place,
      ContainerHost host,
      Identity identity,
      Optional<DetachedMount> root) {
    DeviceNodes devices = DeviceNodes.of(workload);
    Optional<Cgroup> group = group(workload, host, devices);
    boolean apart =
        root.isPresent() && host.parked().mayHave(workload.id()) && ParkedPlan.canBeApart(workload);
    Sources sources = new Sources(workload, host.containers(), apart);
    try {
      Surroundings surroundings =
          new Surroundings(
              place,
              group,
              sources.namespaces(),
              sources.mounts(),
              sources.sharedMemory(),
              devices.nodes(),
              identity,
              root.map(mount -> sources.pass(mount.fd())),
              apart ? sources.files() : Optional.empty(),
              SyscallPrograms.of(workload.security()),
              host.rootless(),
              host.users().single());
      return new Preparation(workload, sources, devices, surroundings);
    } catch (RuntimeException failed) {
      sources.close();
      throw failed;
    }
  }

  /** The control group a workload has, whether it exists now or not. */
  static Optional<Cgroup> group(Workload workload, ContainerHost host, DeviceNodes devices) {
    boolean plain = devices.access().equals(dev.caisson.container.cgroup.DeviceAccess.PLAIN);
    Resources resources = workload.resources();
    return host.cgroups().flatMap(cgroups -> cgroups.group(workload.id(), resources, plain));
  }

  Optional<Cgroup> group() {
    return surroundings.group();
  }

  DeviceNodes devices() {
    return devices;
  }

  List<Fd> passed() {
    return sources.passed();
  }

  /**
   * @param parked whether a parked process is taken over
   */
  LaunchPlan plan(boolean parked) {
    return ContainerPlan.compile(workload, surroundings, parked);
  }

  /** The plan, waiting just before its end until somebody connects to a listening socket. */
  LaunchPlan planAwaiting(Fd listener, boolean parked) {
    Handle handle = sources.pass(listener.duplicate());
    return plan(parked)
        .withBefore(
            action -> action instanceof ProcessAction.Exec,
            Step.inside("await start", new SupervisionAction.AwaitStart(handle.descriptor())));
  }

  @Override
  public void close() {
    sources.close();
  }
}
