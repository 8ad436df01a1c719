/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.launch.FileAction.Sysctl;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Workload;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Kernel settings a container may have of its own: those that live in one of its namespaces. A
 * setting of the whole host is refused, whatever its spelling. namespaces(7)
 */
final class SysctlPolicy {
  private static final Set<String> IPC =
      Set.of(
          "kernel/msgmax",
          "kernel/msgmnb",
          "kernel/msgmni",
          "kernel/sem",
          "kernel/shmall",
          "kernel/shmmax",
          "kernel/shmmni",
          "kernel/shm_rmid_forced");

  private SysctlPolicy() {}

  /** The workload's settings as paths below /proc/sys, in order of name. */
  static List<Sysctl> settings(Workload workload) {
    return workload.sysctls().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(setting -> new Sysctl(path(workload, setting.getKey()), setting.getValue()))
        .toList();
  }

  private static String path(Workload workload, String key) {
    // sysctl(8): the first separator decides; the other one is then part of a name, as in
    // net.ipv4.conf.eth0/1 for an interface called eth0.1.
    int dot = key.indexOf('.');
    int slash = key.indexOf('/');
    boolean dotted = slash < 0 || (dot >= 0 && dot < slash);
    String path = dotted ? swap(key) : key;
    if (path.startsWith("net/")) {
      require(ownNetwork(workload.network().mode()), key, "network");
    } else if (IPC.contains(path) || path.startsWith("fs/mqueue/")) {
      require(own(workload.namespaces().ipc()), key, "IPC");
    } else if (path.equals("kernel/domainname")) {
      require(own(workload.namespaces().uts()), key, "UTS");
    } else {
      throw SandboxException.invalid(
          "sysctl " + key, "belongs to the whole host; set it there, with sysctl(8)");
    }
    return path;
  }

  private static String swap(String key) {
    return key.replace('/', '\0').replace('.', '/').replace('\0', '.');
  }

  private static boolean own(Namespaces.Mode mode) {
    return mode instanceof Namespaces.Own;
  }

  private static boolean ownNetwork(NetworkAttachment.Mode mode) {
    return mode instanceof NetworkAttachment.Isolated || mode instanceof NetworkAttachment.Prepared;
  }

  private static void require(boolean own, String key, String namespace) {
    if (!own) {
      throw SandboxException.invalid(
          "sysctl " + key, "needs a " + namespace + " namespace of the container's own");
    }
  }
}
