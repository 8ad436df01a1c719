/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.launch.Handle;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.MountAttribute;
import dev.caisson.launch.Propagation;
import dev.caisson.launch.Step;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** What the user mounts, and the files that name hosts and name servers. */
final class MountSteps {
  private MountSteps() {}

  static void add(Workload workload, Surroundings host, List<Step> steps) {
    for (Mount mount : workload.mounts().mounts()) {
      steps.add(Step.inside("mount " + mount.target(), action(mount, host)));
    }
    NetworkAttachment network = workload.network();
    file(workload, host, network.resolvConf(), "/etc/resolv.conf", steps);
    file(workload, host, network.hosts(), "/etc/hosts", steps);
    file(workload, host, network.hostnameFile(), "/etc/hostname", steps);
  }

  private static MountAction action(Mount mount, Surroundings host) {
    return switch (mount) {
      case Mount.Bind bind -> {
        Set<MountAttribute> readOnly = readOnly(bind.readOnly());
        yield new MountAction.Bind(
            source(mount, host),
            bind.recursive(),
            readOnly,
            Set.of(),
            bind.recursiveReadOnly() ? readOnly : Set.of(),
            propagation(bind.propagation()),
            Optional.empty(),
            bind.target());
      }
      case Mount.Volume volume ->
          new MountAction.Bind(
              source(mount, host),
              true,
              readOnly(volume.readOnly()),
              Set.of(),
              Set.of(),
              Propagation.PRIVATE,
              Optional.empty(),
              volume.target());
      case Mount.Tmpfs tmpfs ->
          new MountAction.Mount(
              "tmpfs",
              "tmpfs",
              options(tmpfs),
              attributes(tmpfs),
              Propagation.PRIVATE,
              tmpfs.target());
    };
  }

  private static Handle source(Mount mount, Surroundings host) {
    return Objects.requireNonNull(host.sources().get(mount), "every bind and volume has a source");
  }

  private static Set<MountAttribute> readOnly(boolean wanted) {
    return wanted ? Set.of(MountAttribute.READ_ONLY) : Set.of();
  }

  private static Propagation propagation(Mount.Propagation wanted) {
    return switch (wanted) {
      case PRIVATE, RECURSIVE_PRIVATE -> Propagation.PRIVATE;
      case SHARED, RECURSIVE_SHARED -> Propagation.SHARED;
      case SLAVE, RECURSIVE_SLAVE -> Propagation.SLAVE;
    };
  }

  private static List<String> options(Mount.Tmpfs tmpfs) {
    var options = new ArrayList<String>();
    options.add("mode=" + Integer.toOctalString(tmpfs.mode().orElse(01777)));
    if (tmpfs.size() > 0) {
      options.add("size=" + tmpfs.size());
    }
    return options;
  }

  private static Set<MountAttribute> attributes(Mount.Tmpfs tmpfs) {
    Set<MountAttribute> attributes =
        EnumSet.of(MountAttribute.NO_SETUID, MountAttribute.NO_DEVICES);
    if (!tmpfs.executable()) {
      attributes.add(MountAttribute.NO_EXEC);
    }
    if (tmpfs.readOnly()) {
      attributes.add(MountAttribute.READ_ONLY);
    }
    return attributes;
  }

  /** A file the engine keeps, unless the user mounts something there. */
  private static void file(
      Workload workload,
      Surroundings host,
      Optional<Path> source,
      String target,
      List<Step> steps) {
    boolean taken =
        workload.mounts().mounts().stream().anyMatch(mount -> mount.target().equals(target));
    if (source.isEmpty() || taken) {
      return;
    }
    Handle handedOver = host.apart().map(files -> files.get(source.get())).orElse(null);
    steps.add(
        Step.inside(
            "mount " + target,
            handedOver == null
                ? new MountAction.Bind(
                    Handle.path(source.get().toString()),
                    false,
                    Set.of(),
                    Set.of(),
                    Set.of(),
                    Propagation.PRIVATE,
                    Optional.empty(),
                    target)
                : new MountAction.PlaceMount(handedOver, target)));
  }
}
