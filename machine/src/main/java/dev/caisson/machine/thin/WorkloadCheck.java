/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.engine.HostProcessors;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.UserMapping;
import dev.caisson.sandbox.workload.Workload;
import java.util.ArrayList;
import java.util.List;

/** Refuses, before anything is made, what a machine of its own cannot mean. */
final class WorkloadCheck {
  private static final String CONTAINER = "--isolation container";

  private WorkloadCheck() {}

  /**
   * @throws SandboxException UNSUPPORTED with the reason and what to do instead
   */
  static void check(Workload workload) {
    root(workload.root());
    network(workload.network().mode());
    devices(workload);
    namespaces(workload.namespaces());
    resources(workload.resources());
  }

  /**
   * What is asked for, and means nothing where a workload has a kernel to itself; a sentence each.
   */
  static List<String> leftOut(Resources resources) {
    List<String> left = new ArrayList<>();
    if (resources.cpu().shares().isPresent()) {
      left.add(
          "CPU shares are left out: a machine's processors are shared with no other workload.");
    }
    if (resources.memory().swapTotal().orElse(-1) > 0) {
      left.add("The limit of swap is left out: a machine has none.");
    }
    return left;
  }

  /**
   * Whether a machine that runs a workload can be given other limits; its size is set when it
   * starts.
   *
   * @throws SandboxException as {@link #check}
   */
  static void change(Workload running, Resources wanted) {
    resources(wanted);
    long size = MachineParts.limit(running.resources());
    long memory = wanted.memory().limit().orElse(0);
    if (memory > size) {
      throw unsupported(
          "memory limit " + memory,
          "this machine was started for " + size + " bytes",
          "stop it, then update and start it");
    }
  }

  private static void root(RootFilesystem root) {
    switch (root) {
      case RootFilesystem.Layers layers -> {
        if (layers.size() > 0) {
          throw unsupported(
              "a size limit for written files",
              "a thin machine has no disk to limit",
              "a volume on a file system with quotas");
        }
      }
      case RootFilesystem.Directory _ -> {}
      case RootFilesystem.DiskImage image ->
          throw unsupported(
              "disk image " + image.path(), "a thin machine has no disk", "a directory");
    }
  }

  private static void network(NetworkAttachment.Mode mode) {
    switch (mode) {
      case NetworkAttachment.OfHost _ ->
          throw unsupported(
              "network host",
              "a machine has a kernel of its own, which cannot use the host's network",
              "--publish, for the ports that others shall reach; or --isolation container");
      case NetworkAttachment.OfSandbox other ->
          throw unsupported(
              "network container:" + shortened(other.id()),
              "a machine has a kernel of its own, which cannot use another one's network",
              "a network of both (caisson network create), in which they have names; or --isolation container");
      case NetworkAttachment.Isolated _, NetworkAttachment.Prepared _ -> {}
    }
  }

  private static void devices(Workload workload) {
    if (!workload.devices().devices().isEmpty()) {
      throw unsupported(
          "device " + workload.devices().devices().getFirst().source(),
          "a machine does not see the host's devices",
          CONTAINER);
    }
  }

  private static void namespaces(Namespaces namespaces) {
    own("processes", namespaces.pid());
    own("IPC objects", namespaces.ipc());
    own("host name", namespaces.uts());
    if (!namespaces.user().equals(UserMapping.HOST)) {
      throw unsupported(
          "mapped users", "a machine's root is root of that machine only", "it without --userns");
    }
  }

  private static void own(String what, Namespaces.Mode mode) {
    if (!(mode instanceof Namespaces.Own)) {
      throw unsupported(what + " shared with others", "they are another kernel's", CONTAINER);
    }
  }

  private static void resources(Resources resources) {
    String why = "the guest has one kernel and one workload";
    if (!resources.blockIo().equals(Resources.BlockIo.UNLIMITED)) {
      throw unsupported(
          "limits of block devices",
          "a thin machine has none: its files are the host's",
          CONTAINER);
    }
    if (!resources.hugePages().isEmpty()) {
      throw unsupported("limits of huge pages", why, CONTAINER);
    }
    var cpu = resources.cpu();
    cpu.cpus().ifPresent(HostProcessors::ofThisHost);
    if (cpu.memoryNodes().isPresent()) {
      throw unsupported(
          "a choice of memory nodes",
          "a machine's memory is where its processors are",
          "--cpuset-cpus, which memory follows");
    }
    if (cpu.realtimeRuntime().isPresent() || cpu.realtimePeriod().isPresent()) {
      throw unsupported("real-time scheduling", why, CONTAINER);
    }
    if (resources.memory().oomKillDisable() || resources.memory().swappiness().isPresent()) {
      throw unsupported(
          "OOM or swap behaviour",
          "a guest has no swap, and its kernel kills when memory ends",
          "a higher --memory");
    }
  }

  private static String shortened(String id) {
    return id.substring(0, Math.min(id.length(), 12));
  }

  private static SandboxException unsupported(String what, String why, String remedy) {
    return SandboxException.unsupported(what, "%s%n  try: %s".formatted(why, remedy));
  }
}
