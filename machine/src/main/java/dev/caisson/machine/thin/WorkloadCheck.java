/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static dev.caisson.sandbox.SandboxException.unsupported;

import dev.caisson.machine.engine.HostProcessors;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.UserMapping;
import dev.caisson.sandbox.workload.Workload;

/** Refuses, before anything is made, what a machine of its own cannot mean. */
final class WorkloadCheck {
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

  private static void root(RootFilesystem root) {
    switch (root) {
      case RootFilesystem.Layers layers -> {
        if (layers.size() > 0) {
          throw unsupported(
              "a size limit for written files", "thin machines have none; put a quota on a volume");
        }
      }
      case RootFilesystem.Directory _ -> {}
      case RootFilesystem.DiskImage image ->
          throw unsupported(
              "disk image " + image.path(), "a thin machine has no disk; use a directory");
    }
  }

  private static void network(NetworkAttachment.Mode mode) {
    switch (mode) {
      case NetworkAttachment.OfHost _ ->
          throw unsupported(
              "the host's network", "a machine has a kernel of its own; publish ports instead");
      case NetworkAttachment.OfSandbox other ->
          throw unsupported(
              "the network of " + other.id(), "machines cannot share one; use a common network");
      case NetworkAttachment.Isolated _, NetworkAttachment.Prepared _ -> {}
    }
  }

  private static void devices(Workload workload) {
    if (!workload.devices().devices().isEmpty()) {
      throw unsupported(
          "device " + workload.devices().devices().getFirst().source(),
          "a machine does not see the host's devices; use --isolation container");
    }
  }

  private static void namespaces(Namespaces namespaces) {
    own("processes", namespaces.pid());
    own("IPC objects", namespaces.ipc());
    own("host name", namespaces.uts());
    if (!namespaces.user().equals(UserMapping.HOST)) {
      throw unsupported("mapped users", "a machine's root is root of that machine only");
    }
  }

  private static void own(String what, Namespaces.Mode mode) {
    if (!(mode instanceof Namespaces.Own)) {
      throw unsupported(
          what + " shared with others", "they are another kernel's; use --isolation container");
    }
  }

  private static void resources(Resources resources) {
    String why = "the guest has one kernel and one workload; use --isolation container";
    if (!resources.blockIo().equals(Resources.BlockIo.UNLIMITED)) {
      throw unsupported(
          "limits of block devices", "a thin machine has none: its files are the host's");
    }
    if (!resources.hugePages().isEmpty()) {
      throw unsupported("limits of huge pages", why);
    }
    var cpu = resources.cpu();
    cpu.cpus().ifPresent(HostProcessors::ofThisHost);
    if (cpu.memoryNodes().isPresent()) {
      throw unsupported(
          "a choice of memory nodes", "choose processors with --cpuset-cpus; memory follows them");
    }
    if (cpu.realtimeRuntime().isPresent() || cpu.realtimePeriod().isPresent()) {
      throw unsupported("real-time scheduling", why);
    }
    if (resources.memory().oomKillDisable() || resources.memory().swappiness().isPresent()) {
      throw unsupported("OOM or swap behaviour", "a guest has no swap and kills when memory ends");
    }
  }
}
