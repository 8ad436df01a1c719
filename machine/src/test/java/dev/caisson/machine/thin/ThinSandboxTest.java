/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.machine.engine.Qemu;
import dev.caisson.machine.kernel.DistributionKernel;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Logged;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.User;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

  @Test
  void aCommandRunsAndItsOutputAndExitStatusComeBack() throws Exception {
    var program = Program.of("sh", "-c", "echo out; echo err >&2; id -u; echo $$; exit 7").build();
    sandbox(workload(program).build());
    var attachment = sandbox.attach();
    sandbox.start();
    assertThat(exit()).isEqualTo(7);
    assertThat(all(attachment)).contains("out\n", "err\n", "0\n1\n");
    assertThat(sandbox.state()).isEqualTo(SandboxState.EXITED);
    try (var entries = sandbox.logs(Logged.Range.ALL)) {
      assertThat(StandardCharsets.UTF_8.decode(entries.next().orElseThrow().bytes()).toString())
          .isIn("out\n", "err\n");
    }
  }

  @Test
  void filesVolumesUsersAndEnvironmentAreThoseOfTheWorkload() throws Exception {
    Path volume = Files.createDirectories(directory.resolve("volume"));
    volume.toFile().setWritable(true, false);
    Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.writeString(volume.resolve("given"), "from the host\n");
    var program =
        Program.of(
                "sh",
                "-c",
                "cat /data/given; echo $COLOUR > /data/made; stat -c %u /data/made; cat /etc/hosts")
            .environment(Map.of("PATH", "/bin", "COLOUR", "green"))
            .user(User.parse("web"))
            .build();
    Path hosts = Files.writeString(directory.resolve("hosts"), "10.0.0.1 db\n");
    sandbox(
        workload(program)
            .mounts(Mounts.of(Mount.Bind.of(volume, "/data")))
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
    assertThat(all(attachment)).isEqualTo("from the host\n33\n10.0.0.1 db\n");
    assertThat(volume.resolve("made")).hasContent("green");
  }

  @Test
  void aRunningMachineIsEnteredPausedMeasuredAndKilled() throws Exception {
    sandbox(workload(Program.of("sleep", "1000").build()).build());
    sandbox.start();
    var session = sandbox.exec(Executable.Command.of("sh", "-c", "cat; echo seen").withStdin());
    session.write(StandardCharsets.UTF_8.encode("typed\n"));
    session.closeInput();
    assertThat(all(session)).isEqualTo("typed\nseen\n");
    assertThat(session.exit().get(20, TimeUnit.SECONDS).code()).isZero();

    var shell = sandbox.exec(Executable.Command.of("stty", "size").withTerminal());
    assertThat(all(shell)).contains("24 80");

    assertThatThrownBy(() -> sandbox.exec(Executable.Command.of("nothing-like-it")))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> assertThat(e.kind()).isEqualTo(SandboxException.Kind.NOT_FOUND));

    assertThat(sandbox.usage().memory().usage()).isPositive();
    assertThat(sandbox.processes(List.of()).rows())
        .anySatisfy(row -> assertThat(row.getLast()).contains("sleep 1000"));

    sandbox.pause();
    assertThat(sandbox.state()).isEqualTo(SandboxState.PAUSED);
    sandbox.resume();
    assertThat(all(sandbox.exec(Executable.Command.of("echo", "awake")))).isEqualTo("awake\n");

    sandbox.signal(9);
    assertThat(exit()).isEqualTo(137);
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
