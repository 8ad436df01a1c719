/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.Step;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.util.ArrayList;
import java.util.List;

/**
 * Compiles a workload into the steps that start it as a container. Pure: the same facts give the
 * same plan, and nothing is read or changed.
 *
 * <pre>
 * watch, streams  ->  clone, cgroups  ->  root, mounts, devices  ->  pivot  ->  identity  ->  exec
 * </pre>
 */
public final class ContainerPlan {
  private ContainerPlan() {}

  public static LaunchPlan compile(Workload workload, Surroundings host) {
    return compile(workload, host, false);
  }

  /** Options of the overlay that a workload in the host's user namespace has as its root. */
  public static List<String> overlayOptions(RootFilesystem.Layers layers) {
    return RootSteps.options(false, layers);
  }

  /**
   * The plan of a workload.
   *
   * @param parked whether its process was made already, by {@link ParkedPlan}
   */
  public static LaunchPlan compile(Workload workload, Surroundings host, boolean parked) {
    if (!parked || host.apart().isEmpty()) {
      return new LaunchPlan(steps(workload, host.amongHostMounts(), parked));
    }
    List<Step> apart = steps(workload, host, true);
    return ParkedPlan.placesAll(apart)
        ? new LaunchPlan(apart)
        : new LaunchPlan(steps(workload, host.amongHostMounts(), true));
  }

  private static List<Step> steps(Workload workload, Surroundings host, boolean parked) {
    List<Step> steps = new ArrayList<>();
    NamespaceSteps.add(workload, host, parked, steps);
    RootSteps.add(workload, host, steps);
    DeviceSteps.add(workload, host, steps);
    MountSteps.add(workload, host, steps);
    SwitchSteps.add(workload, host, steps);
    IdentitySteps.add(workload, host, steps);
    return parked ? ParkedPlan.without(steps, workload, host) : steps;
  }
}
