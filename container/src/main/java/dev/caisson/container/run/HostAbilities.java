/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.linux.process.Credentials;
import dev.caisson.linux.process.UserNamespace;
import dev.caisson.sandbox.Unavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What this host offers to containers, and what it lacks. */
public final class HostAbilities {
  private HostAbilities() {}

  /** Why no container can run here. */
  public static Optional<Unavailable> missing() {
    List<String> namespaces = List.of("mnt", "pid", "ipc", "uts", "net");
    for (String name : namespaces) {
      if (!Files.exists(Path.of("/proc/self/ns", name))) {
        return Optional.of(
            new Unavailable(
                "this kernel has no " + name + " namespaces",
                "use a kernel built with CONFIG_NAMESPACES and its kinds"));
      }
    }
    if (!overlay()) {
      return Optional.of(
          new Unavailable("this kernel has no overlay file system", "modprobe overlay"));
    }
    return Credentials.own().isRoot() ? missingForRoot() : Optional.of(missingForUser());
  }

  private static Optional<Unavailable> missingForRoot() {
    if (UserNamespace.own().initial()
        && CgroupLayout.ofThisHost().generation() == CgroupLayout.Generation.NONE) {
      return Optional.of(
          new Unavailable("no control groups are mounted", "mount -t cgroup2 none /sys/fs/cgroup"));
    }
    return Optional.empty();
  }

  /** An ordinary user's engine is root of a user namespace; this one was started without. */
  private static Unavailable missingForUser() {
    if (number("/proc/sys/user/max_user_namespaces") == 0) {
      return new Unavailable(
          "ordinary users may not make user namespaces",
          "sysctl -w user.max_user_namespaces=15000");
    }
    if (number("/proc/sys/kernel/unprivileged_userns_clone") == 0) {
      return new Unavailable(
          "ordinary users may not make user namespaces",
          "sysctl -w kernel.unprivileged_userns_clone=1");
    }
    return new Unavailable(
        "this program runs as an ordinary user outside a user namespace",
        "the caisson command, or lib/caisson/rootless PROGRAM, which make one");
  }

  private static boolean overlay() {
    try {
      return Files.readAllLines(Path.of("/proc/filesystems")).stream()
              .anyMatch(line -> line.endsWith("\toverlay"))
          || Files.exists(Path.of("/sys/module/overlay"))
          || Files.exists(Path.of("/lib/modules", release(), "kernel/fs/overlayfs"));
    } catch (IOException unreadable) {
      return false;
    }
  }

  private static String release() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
  }

  /** The number in a file of procfs, or -1 where the kernel has no such setting. */
  private static long number(String file) {
    try {
      return Long.parseLong(Files.readString(Path.of(file)).strip());
    } catch (IOException absent) {
      return -1;
    }
  }

  /** Where limits can be set; empty for an ordinary user to whom no group was delegated. */
  public static Optional<Cgroups> cgroups() {
    if (UserNamespace.own().initial()) {
      return Optional.of(Cgroups.ofHost());
    }
    return delegated().map(Cgroups::below);
  }

  /** The group of this process, on a host with v2 only, if a user manager gave it to us. */
  private static Optional<Path> delegated() {
    CgroupLayout layout = CgroupLayout.ofThisHost();
    if (layout.generation() != CgroupLayout.Generation.V2) {
      return Optional.empty();
    }
    try {
      String own = Files.readString(Path.of("/proc/self/cgroup")).strip();
      String path = own.substring(own.indexOf("::") + 2);
      if (path.endsWith("/" + Cgroups.ENGINE)) { // where an engine before us went
        path = path.substring(0, path.length() - Cgroups.ENGINE.length() - 1);
      }
      Path group = Path.of(layout.unified().orElseThrow() + path);
      return Files.isWritable(group.resolve("cgroup.procs"))
              && Files.isWritable(group.resolve("cgroup.subtree_control"))
          ? Optional.of(group)
          : Optional.empty();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }
}
