/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.launch.FileAction;
import dev.caisson.launch.Handle;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.Propagation;
import dev.caisson.launch.Step;
import dev.caisson.sandbox.workload.Workload;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Device nodes in the container's own /dev. OCI runtime-spec 1.2, default devices */
final class DeviceSteps {
  private record Common(String name, int major, int minor) {}

  private static final List<Common> COMMON =
      List.of(
          new Common("null", 1, 3),
          new Common("zero", 1, 5),
          new Common("full", 1, 7),
          new Common("random", 1, 8),
          new Common("urandom", 1, 9),
          new Common("tty", 5, 0));

  private DeviceSteps() {}

  static void add(Workload workload, Surroundings host, List<Step> steps) {
    boolean bound = host.rootless() || !workload.namespaces().user().isHost();
    common(bound, steps);
    for (Surroundings.DeviceNode node : host.deviceNumbers()) {
      steps.add(
          bound
              ? bind(node.source().toString(), node.target())
              : Step.inside(
                  "device " + node.target(),
                  new FileAction.MakeDevice(
                      node.target(),
                      node.kind(),
                      node.major(),
                      node.minor(),
                      node.mode(),
                      0,
                      node.group())));
    }
  }

  /**
   * What every container has.
   *
   * @param bound whether the host's are shown, instead of new ones made
   */
  static void common(boolean bound, List<Step> steps) {
    for (Common device : COMMON) {
      String path = "/dev/" + device.name();
      steps.add(
          bound
              ? bind(path, path)
              : Step.inside(
                  "device " + device.name(),
                  new FileAction.MakeDevice(
                      path, 'c', device.major(), device.minor(), 0666, 0, 0)));
    }
    link("/dev/fd", "/proc/self/fd", steps);
    link("/dev/stdin", "/proc/self/fd/0", steps);
    link("/dev/stdout", "/proc/self/fd/1", steps);
    link("/dev/stderr", "/proc/self/fd/2", steps);
    link("/dev/core", "/proc/kcore", steps);
    link("/dev/ptmx", "pts/ptmx", steps);
  }

  /** In a user namespace no node can be made, but the host's can be shown. */
  private static Step bind(String source, String target) {
    return Step.inside(
        "device " + target,
        new MountAction.Bind(
            Handle.path(source),
            false,
            Set.of(),
            Set.of(),
            Set.of(),
            Propagation.PRIVATE,
            Optional.empty(),
            target));
  }

  private static void link(String target, String content, List<Step> steps) {
    steps.add(Step.inside("link " + target, new FileAction.MakeLink(target, content)));
  }
}
