/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Devices;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.UserMapping;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a machine cannot mean is refused by name, before anything is made. */
class WorkloadCheckTest {
  private static Workload.Builder workload() {
    return Workload.builder("w", RootFilesystem.directory(Path.of("/srv/root")));
  }

  private static void refused(Workload.Builder workload, String name) {
    assertThatThrownBy(() -> WorkloadCheck.check(workload.build()))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e ->
                org.assertj.core.api.Assertions.assertThat(e.kind())
                    .isEqualTo(SandboxException.Kind.UNSUPPORTED))
        .hasMessageContaining(name);
  }

  @Test
  void whatAContainerGetsByDefaultIsFine() {
    assertThatCode(() -> WorkloadCheck.check(workload().build())).doesNotThrowAnyException();
    var resources =
        Resources.UNLIMITED
            .withMemory(Resources.Memory.limit(64 << 20))
            .withCpu(Resources.Cpu.nano(500_000_000))
            .withPids(10);
    assertThatCode(() -> WorkloadCheck.check(workload().resources(resources).build()))
        .doesNotThrowAnyException();
  }

  @Test
  void theHostsNetworkAndThatOfOthersAreRefused() {
    refused(workload().network(attached(new NetworkAttachment.OfHost())), "the host's network");
    refused(workload().network(attached(new NetworkAttachment.OfSandbox("db"))), "db");
  }

  private static NetworkAttachment attached(NetworkAttachment.Mode mode) {
    return new NetworkAttachment(mode, Optional.empty(), Optional.empty(), Optional.empty());
  }

  @Test
  void devicesOfTheHostAreRefused() {
    var device = new Devices.Device(Path.of("/dev/fuse"), "/dev/fuse", "rwm");
    refused(workload().devices(new Devices(List.of(device), List.of())), "/dev/fuse");
  }

  @Test
  void namespacesOfOthersAreRefused() {
    var own = Namespaces.Mode.PRIVATE;
    var host = Namespaces.Mode.HOST;
    refused(
        workload().namespaces(new Namespaces(host, own, own, own, UserMapping.HOST, false)),
        "processes");
    refused(
        workload().namespaces(new Namespaces(own, host, own, own, UserMapping.HOST, false)), "IPC");
    refused(
        workload().namespaces(new Namespaces(own, own, host, own, UserMapping.HOST, false)),
        "host name");
  }

  @Test
  void limitsThatNeedTheHostsKernelAreRefused() {
    var disk =
        new Resources.BlockIo(
            java.util.OptionalInt.of(500), List.of(), List.of(), List.of(), List.of(), List.of());
    refused(workload().resources(Resources.UNLIMITED.withBlockIo(disk)), "block devices");
    refused(chosen(Optional.empty(), Optional.of("0")), "memory nodes");
  }

  @Test
  void processorsOfTheHostAreChosenAmongThoseItHas() {
    assertThatCode(() -> WorkloadCheck.check(chosen(Optional.of("0"), Optional.empty()).build()))
        .doesNotThrowAnyException();
    Workload absent = chosen(Optional.of("9999"), Optional.empty()).build();
    assertThatThrownBy(() -> WorkloadCheck.check(absent)).hasMessageContaining("9999");
  }

  private static Workload.Builder chosen(Optional<String> processors, Optional<String> nodes) {
    var none = java.util.OptionalLong.empty();
    var cpu = new Resources.Cpu(none, none, none, none, none, processors, nodes);
    return workload().resources(Resources.UNLIMITED.withCpu(cpu));
  }

  @Test
  void aSizeOfTheRootAndADiskImageAreRefused() {
    var sized = new RootFilesystem.Layers(List.of(), 1 << 30, false);
    refused(Workload.builder("w", sized), "size limit");
    var image = new RootFilesystem.DiskImage(Path.of("/srv/disk.qcow2"), "qcow2", false);
    refused(Workload.builder("w", image), "disk.qcow2");
  }
}
