/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.machine.engine.Qemu;
import dev.caisson.machine.kernel.DistributionKernel;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole machines on this host: QEMU by software, the distribution's kernel, busybox as image. */
@Tag("integration")
class ThinSandboxTest {
  private static final Path BUSYBOX = Path.of("/bin/busybox");
  private static KernelStore kernels;

  @TempDir Path directory;
  private ThinSandbox sandbox;
  private Path layer;

  @BeforeAll
  static void needsKernelAndQemu() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "not root");
    assumeTrue(new Qemu().unavailable().isEmpty(), "no QEMU");
    assumeTrue(Files.isExecutable(BUSYBOX), "no busybox");
    Path cache =
        Path.of(System.getProperty("caisson.test.kernels", "/var/cache/caisson-test/kernels"));
    kernels = new KernelStore(cache);
    if (kernels.current().isEmpty()) {
      try {
        DistributionKernel.fetch(kernels);
      } catch (SandboxException e) {
        assumeTrue(false, "no guest kernel: " + e.getMessage());
      }
    }
  }

  @BeforeEach
  void makeImage() throws IOException {
    layer = Files.createDirectories(directory.resolve("layer"));
    Files.createDirectories(layer.resolve("bin"));
    Files.createDirectories(layer.resolve("etc"));
    Files.createDirectories(layer.resolve("tmp"));
    Files.copy(BUSYBOX, layer.resolve("bin/busybox"));
    layer.resolve("bin/busybox").toFile().setExecutable(true, false);
    for (String applet : List.of("sh", "echo", "cat", "id", "sleep", "stat", "ls", "stty", "env")) {
      Files.createSymbolicLink(layer.resolve("bin/" + applet), Path.of("busybox"));
    }
    Files.writeString(layer.resolve("etc/passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:33:33::/:/\n");
  }

  @AfterEach
  void delete() {
    if (sandbox != null) {
      sandbox.delete();
    }
  }

  private Workload.Builder workload(Program program) {
    var root =
        new RootFilesystem.Layers(List.of(new RootFilesystem.Layer("busybox", layer)), 0, false);
    return Workload.builder("thin-test-" + ProcessHandle.current().pid(), root).process(program);
  }

  private Place place() throws IOException {
    return new Place(
        Files.createDirectories(directory.resolve("state")),
        Files.createDirectories(directory.resolve("run")));
  }

  private ThinSandbox sandbox(Workload workload) throws IOException {
    sandbox =
        new ThinSandbox(workload, place(), new MachineParts(kernels, List.of(new Qemu())), false);
    return sandbox;
  }

  private static String all(Attachment attachment) throws IOException {
    var text = new StringBuilder();
    for (var chunk = attachment.read(); chunk.isPresent(); chunk = attachment.read()) {
      text.append(StandardCharsets.UTF_8.decode(chunk.get().bytes()));
    }
    return text.toString();
  }

  private int exit() throws Exception {
    return sandbox.exit().get(60, TimeUnit.SECONDS).code();
  }

  /** The rest of what it promises is lab's SandboxContract. */
  @Test
  void theHostsFilesForHostsAndNamesAreSeen() throws Exception {
    Path hosts = Files.writeString(directory.resolve("hosts"), "10.0.0.1 db\n");
    sandbox(
        workload(Program.of("cat", "/etc/hosts").build())
            .network(
                new NetworkAttachment(
                    new NetworkAttachment.Isolated(),
                    Optional.empty(),
                    Optional.of(hosts),
                    Optional.empty()))
            .build());
    var attachment = sandbox.attach();
    sandbox.start();
    assertThat(exit()).isZero();
    assertThat(all(attachment)).isEqualTo("10.0.0.1 db\n");
  }

  @Test
  void aPreparedNetworkIsTheGuests() throws Exception {
    String namespace = "caisson-thin-" + ProcessHandle.current().pid();
    String peer = "thp" + ProcessHandle.current().pid() % 100_000;
    try {
      ip("netns", "add", namespace);
      ip("link", "add", peer, "type", "veth", "peer", "name", "eth0", "netns", namespace);
      ip("addr", "add", "10.231.7.1/24", "dev", peer);
      ip("link", "set", peer, "up");
      ip("-n", namespace, "addr", "add", "10.231.7.2/24", "dev", "eth0");
      ip("-n", namespace, "link", "set", "eth0", "up");
      ip("-n", namespace, "route", "add", "default", "via", "10.231.7.1");
      Path file = Path.of("/run/netns/" + namespace);
      String before = ipOutput("-n", namespace, "addr", "show", "dev", "eth0");
      Files.createSymbolicLink(layer.resolve("bin/ping"), Path.of("busybox"));
      var program = Program.of("ping", "-c", "3", "-W", "5", "10.231.7.1").build();
      sandbox(workload(program).network(NetworkAttachment.prepared(file)).build());
      var attachment = sandbox.attach();
      sandbox.start();
      assertThat(exit()).isZero();
      assertThat(all(attachment)).contains("bytes from 10.231.7.1");
      assertThat(mac(ipOutput("-n", namespace, "addr", "show", "dev", "eth0")))
          .isEqualTo(mac(before));
      assertThat(ipOutput("-n", namespace, "route")).contains("default via 10.231.7.1");
    } finally {
      new ProcessBuilder("ip", "netns", "del", namespace).start().waitFor();
      new ProcessBuilder("ip", "link", "del", peer).start().waitFor();
    }
  }

  private static String mac(String shown) {
    return shown.replaceAll("(?s).*link/ether ([0-9a-f:]+).*", "$1");
  }

  private static void ip(String... words) throws Exception {
    ipOutput(words);
  }

  private static String ipOutput(String... words) throws Exception {
    var command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
