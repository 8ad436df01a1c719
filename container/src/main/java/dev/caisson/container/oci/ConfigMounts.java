/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.FileAction;
import dev.caisson.launch.Handle;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.MountAttribute;
import dev.caisson.launch.Propagation;
import dev.caisson.launch.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The mounts and devices of a config.json as steps. */
final class ConfigMounts {
  private static final List<String> LINKS =
      List.of(
          "/dev/fd",
          "/proc/self/fd",
          "/dev/stdin",
          "/proc/self/fd/0",
          "/dev/stdout",
          "/proc/self/fd/1",
          "/dev/stderr",
          "/proc/self/fd/2",
          "/dev/ptmx",
          "pts/ptmx");

  /**
   * A device a container has.
   *
   * @param kind {@code c}, {@code b} or {@code p}
   * @param mode permission bits
   */
  private record Device(
      String path, char kind, int major, int minor, int mode, long user, long group) {
    static Device ordinary(String path, int major, int minor) {
      return new Device(path, 'c', major, minor, 0666, 0, 0);
    }

    static Device parse(JsonNode node) {
      String kind = Document.text(node, "type");
      return new Device(
          Document.text(node, "path"),
          kind.equals("u") || kind.isEmpty() ? 'c' : kind.charAt(0),
          node.path("major").asInt(0),
          node.path("minor").asInt(0),
          node.path("fileMode").asInt(0666) & 07777,
          node.path("uid").asLong(0),
          node.path("gid").asLong(0));
    }

    FileAction.MakeDevice made() {
      return new FileAction.MakeDevice(path, kind, major, minor, mode, user, group);
    }
  }

  private static final List<Device> ALWAYS =
      List.of(
          Device.ordinary("/dev/null", 1, 3),
          Device.ordinary("/dev/zero", 1, 5),
          Device.ordinary("/dev/full", 1, 7),
          Device.ordinary("/dev/random", 1, 8),
          Device.ordinary("/dev/urandom", 1, 9),
          Device.ordinary("/dev/tty", 5, 0));

  private final Path bundle;
  private final Optional<Cgroup> cgroup;
  private final boolean ownCgroupView;
  private final List<Step> steps = new ArrayList<>();

  private ConfigMounts(Path bundle, Optional<Cgroup> cgroup, boolean ownCgroupView) {
    this.bundle = bundle;
    this.cgroup = cgroup;
    this.ownCgroupView = ownCgroupView;
  }

  static List<Step> steps(
      JsonNode config,
      Path bundle,
      Optional<Cgroup> cgroup,
      boolean ownCgroupView,
      boolean userNamespace) {
    var mounts = new ConfigMounts(bundle, cgroup, ownCgroupView);
    config.path("mounts").forEach(mounts::mount);
    mounts.devices(config.path("linux").path("devices"), userNamespace);
    return mounts.steps;
  }

  private void mount(JsonNode node) {
    String target = Document.text(node, "destination");
    String type = Document.text(node, "type");
    String source = Document.text(node, "source");
    var options = MountOptions.parse(Document.texts(node.path("options")));
    String place = target.startsWith("/") ? target : "/" + target;
    if (options.bind() || type.equals("bind")) {
      bind(Path.of(bundle.toString()).resolve(source).normalize().toString(), options, place);
    } else if (type.startsWith("cgroup")) {
      cgroups(options, place);
    } else {
      steps.add(
          Step.inside(
              "mount " + place,
              new MountAction.Mount(
                  type,
                  source.isEmpty() ? type : source,
                  options.data(),
                  options.set(),
                  options.propagation(),
                  place)));
    }
  }

  private void bind(String source, MountOptions options, String target) {
    steps.add(
        Step.inside(
            "bind " + target,
            new MountAction.Bind(
                Handle.path(source),
                options.recursive(),
                options.set(),
                options.cleared(),
                options.setOnAll(),
                options.propagation() == Propagation.UNCHANGED
                    ? Propagation.PRIVATE
                    : options.propagation(),
                Optional.empty(),
                target)));
  }

  private void cgroups(MountOptions options, String target) {
    List<String> hierarchies = cgroup.map(Cgroup::hierarchies).orElse(List.of());
    if (cgroup.isPresent() && hierarchies.isEmpty()) {
      steps.add(
          Step.inside(
              "control groups",
              new MountAction.Mount(
                  "cgroup2", "cgroup", List.of(), options.set(), options.propagation(), target)));
      return;
    }
    if (cgroup.isEmpty()) {
      bind(
          "/sys/fs/cgroup",
          MountOptions.parse(List.of("rbind", "rro", "nosuid", "nodev", "noexec")),
          target);
      return;
    }
    hierarchies(hierarchies, options, target);
  }

  /** Version 1: a tree of its own for each hierarchy, below an empty file system. cgroups(7) */
  private void hierarchies(List<String> hierarchies, MountOptions options, String target) {
    steps.add(
        Step.inside(
            "control groups",
            new MountAction.Mount(
                "tmpfs",
                "cgroup",
                List.of("mode=755"),
                Set.of(MountAttribute.NO_SETUID, MountAttribute.NO_DEVICES, MountAttribute.NO_EXEC),
                Propagation.UNCHANGED,
                target)));
    for (String hierarchy : hierarchies) {
      if (!ownCgroupView) {
        ownGroup(hierarchy, options, target + "/" + hierarchy);
        continue;
      }
      steps.add(
          Step.inside(
              "control group " + hierarchy,
              new MountAction.Mount(
                  "cgroup",
                  "cgroup",
                  List.of(hierarchy.split(",")),
                  options.set(),
                  Propagation.UNCHANGED,
                  target + "/" + hierarchy)));
    }
    if (options.set().contains(MountAttribute.READ_ONLY)) {
      steps.add(
          Step.inside(
              "freeze control groups",
              new MountAction.SetAttributes(
                  target, Set.of(MountAttribute.READ_ONLY), Set.of(), false)));
    }
  }

  /** Without a view of its own the container is shown its group as the root of the tree. */
  private void ownGroup(String hierarchy, MountOptions options, String target) {
    Path mount = Path.of("/sys/fs/cgroup", hierarchy);
    cgroup.map(Cgroup::directories).orElse(List.of()).stream()
        .filter(directory -> directory.startsWith(mount))
        .findFirst()
        .ifPresent(directory -> bind(directory.toString(), options, target));
  }

  private void devices(JsonNode extra, boolean userNamespace) {
    ALWAYS.forEach(device -> device(device, userNamespace));
    extra.forEach(node -> device(Device.parse(node), userNamespace));
    for (int i = 0; i < LINKS.size(); i += 2) {
      steps.add(
          Step.inside(
              "link " + LINKS.get(i), new FileAction.MakeLink(LINKS.get(i), LINKS.get(i + 1))));
    }
  }

  /** In a user namespace no node can be made; the host's is shown in its place. */
  private void device(Device device, boolean userNamespace) {
    if (userNamespace) {
      bind(device.path(), MountOptions.parse(List.of("bind")), device.path());
    } else {
      steps.add(Step.inside("device " + device.path(), device.made()));
    }
  }
}
