/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.host;

import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.container.Chambers;
import dev.caisson.engine.network.Fabric;
import dev.caisson.engine.view.Finding;
import dev.caisson.engine.view.Finding.Verdict;
import dev.caisson.sandbox.Diagnosis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Looks at what this host can do, and says what would help where it cannot. */
final class Doctor {
  private static final Map<String, String> NAMESPACES =
      Map.of(
          "mnt",
          "mount",
          "pid",
          "process",
          "net",
          "network",
          "ipc",
          "IPC",
          "uts",
          "host name",
          "cgroup",
          "cgroup",
          "user",
          "user",
          "time",
          "time");

  private static final long ENOUGH_DISK = 1L << 30;

  private final EngineOptions options;
  private final Chambers isolations;
  private final Fabric networks;

  Doctor(EngineOptions options, Chambers isolations, Fabric networks) {
    this.options = options;
    this.isolations = isolations;
    this.networks = networks;
  }

  List<Finding> findings() {
    var found = new ArrayList<Finding>();
    var remedies = isolations.remedies();
    isolations
        .availability()
        .forEach((name, reason) ->
            found.add(
                new Finding(
                    "isolation " + name,
                    reason.isEmpty() ? Verdict.OK : Verdict.MISSING,
                    reason.orElse("available"),
                    remedies.getOrDefault(name, ""))));
    isolations.diagnoses().forEach((name, all) -> all.forEach(one -> found.add(of(name, one))));
    found.add(namespaces());
    found.add(
        file(
            "overlay file system",
            contains(Path.of("/proc/filesystems"), "\toverlay"),
            "modprobe overlay"));
    found.add(cgroups());
    found.add(
        file("seccomp", Files.exists(Path.of("/proc/sys/kernel/seccomp")), "use a kernel with it"));
    found.add(networks());
    found.add(forwarding());
    found.add(disk());
    return found;
  }

  private static Finding of(String isolation, Diagnosis one) {
    return new Finding(
        isolation + ": " + one.subject(),
        Verdict.valueOf(one.verdict().name()),
        one.detail(),
        one.remedy());
  }

  private static Finding file(String subject, boolean present, String remedy) {
    return present
        ? new Finding(subject, Verdict.OK, "available", "")
        : new Finding(subject, Verdict.MISSING, "not offered by this kernel", remedy);
  }

  private static Finding namespaces() {
    var missing =
        NAMESPACES.keySet().stream()
            .filter(name -> !Files.exists(Path.of("/proc/self/ns", name)))
            .map(NAMESPACES::get)
            .sorted()
            .toList();
    return missing.isEmpty()
        ? new Finding("namespaces", Verdict.OK, "all eight kinds", "")
        : new Finding(
            "namespaces", Verdict.MISSING, "without " + missing, "use a kernel that has them");
  }

  private static Finding cgroups() {
    if (Files.exists(Path.of("/sys/fs/cgroup/cgroup.controllers"))) {
      return new Finding("control groups", Verdict.OK, "version 2", "");
    }
    return Files.isDirectory(Path.of("/sys/fs/cgroup/memory"))
        ? new Finding("control groups", Verdict.OK, "version 1", "")
        : new Finding(
            "control groups",
            Verdict.WARNING,
            "not mounted: limits will not hold",
            "mount -t cgroup2 none /sys/fs/cgroup");
  }

  private Finding networks() {
    return networks
        .closed()
        .map(obstacle ->
            new Finding(
                "networks",
                Verdict.MISSING,
                "only none and host: " + obstacle.reason(),
                obstacle.remedy()))
        .orElseGet(() -> new Finding("networks", Verdict.OK, "available", ""));
  }

  private static Finding forwarding() {
    return contains(Path.of("/proc/sys/net/ipv4/ip_forward"), "1")
        ? new Finding("IP forwarding", Verdict.OK, "on", "")
        : new Finding(
            "IP forwarding",
            Verdict.WARNING,
            "off: the engine turns it on with the first network",
            "");
  }

  private Finding disk() {
    try {
      long free = Files.getFileStore(options.root()).getUsableSpace();
      return free >= ENOUGH_DISK
          ? new Finding("disk space", Verdict.OK, room(free), "")
          : new Finding(
              "disk space", Verdict.WARNING, "only " + room(free), "caisson system prune");
    } catch (IOException e) {
      return new Finding(
          "disk space",
          Verdict.MISSING,
          String.valueOf(e.getMessage()),
          "look at " + options.root());
    }
  }

  private String room(long bytes) {
    return "%.1f GiB in %s".formatted(bytes / (double) (1L << 30), options.root());
  }

  private static boolean contains(Path file, String text) {
    try {
      return Files.readString(file).contains(text);
    } catch (IOException e) {
      return false; // such a host does not have it
    }
  }
}
