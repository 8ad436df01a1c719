/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.machine.kernel.DistributionKernel;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The docker command line and thin machines: an engine whose standard isolation is {@code thin},
 * one machine that stays for all that looks at it, and a few short ones.
 */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 400, unit = TimeUnit.SECONDS)
class DockerThinTest {
  private static final Path KERNELS =
      Path.of(System.getProperty("caisson.test.root", "/var/cache/caisson-test"));

  /** A machine boots in seconds, but under software emulation on a busy host in many. */
  private static final int PATIENCE = 300;

  private Path files;
  private EngineProcess engine;

  @BeforeAll
  void start(@TempDir Path shared) throws IOException {
    files = shared;
    Shell.need("docker", "needs the docker command line");
    engine = EngineProcess.start("--isolation", "thin");
    Files.createSymbolicLink(engine.folder().resolve("root/kernels"), kernels());
    String unavailable = ok("info", "--format", "{{json .Runtimes.thin}}");
    Assumptions.assumeFalse(unavailable.contains("unavailable"), unavailable);
    engine.importBusybox();
    Files.writeString(files.resolve("shared"), "of the host\n");
    docker("run", "-d", "--name", "kept", "-p", "127.0.0.1::80", "-v", files + ":/shared")
        .with("--memory", "48m", "-e", "GREETING=hello", "busybox", "sh", "-c")
        .with("echo started $GREETING; echo bad >&2; exec httpd -f -p 80 -h /shared")
        .ok();
  }

  /** The tests' kernel, fetched once for all of them. */
  private static Path kernels() throws IOException {
    KernelStore kernels = KernelStore.below(KERNELS);
    if (kernels.current().isEmpty()) {
      try {
        DistributionKernel.fetch(kernels);
      } catch (SandboxException e) {
        Assumptions.abort("no guest kernel: " + e.getMessage());
      }
    }
    return kernels.directory();
  }

  @AfterAll
  void stop() throws IOException {
    if (engine != null) {
      engine.close();
    }
  }

  private Shell docker(String... words) {
    return Shell.of("docker", "-H", engine.address()).with(words).within(PATIENCE);
  }

  private String ok(String... words) {
    return docker(words).ok().strip();
  }

  /** Streams and exit code of a machine that comes and goes; its kernel is not the host's. */
  @Test
  void aMachineRunsInTheForeground() {
    var result =
        docker("run", "--rm", "-i", "busybox", "sh", "-c")
            .with("cat; echo err >&2; uname -r; exit 7")
            .input("typed\n")
            .run();
    assertThat(result.code()).isEqualTo(7);
    assertThat(result.out()).startsWith("typed\n").doesNotContain(host("uname", "-r"));
    assertThat(result.err()).isEqualTo("err\n");
  }

  private static String host(String... words) {
    return Shell.of(words).ok().strip();
  }

  /** The same image beside it as a container, by one word of the same command line. */
  @Test
  void theIsolationIsAWordOfTheCommandLine() {
    assertThat(ok("run", "--rm", "--isolation", "container", "busybox", "uname", "-r"))
        .isEqualTo(host("uname", "-r"));
    assertThat(ok("inspect", "-f", "{{.HostConfig.Isolation}} {{.State.Status}}", "kept"))
        .isEqualTo("thin running");
    String asked = ok("create", "--isolation", "thin", "--name", "asked", "busybox", "true");
    assertThat(asked).hasSize(64);
    assertThat(ok("ps", "-a", "--filter", "isolation=thin", "--format", "{{.Names}}").lines())
        .contains("kept", "asked");
    ok("rm", "asked");
  }

  /** Before anything is made, with what to use instead; a running machine keeps its networks. */
  @Test
  void whatAMachineCannotHaveIsRefusedAtOnce() {
    var host = docker("run", "--rm", "--network", "host", "busybox", "true").run();
    assertThat(host.code()).isEqualTo(125);
    assertThat(host.err()).contains("network host", "--publish");
    var device = docker("run", "--rm", "--device", "/dev/null", "busybox", "true").run();
    assertThat(device.err()).contains("/dev/null", "--isolation container");
    assertThat(ok("ps", "-aq", "--filter", "status=created")).isEmpty();
    ok("network", "create", "--internal", "later");
    var joined = docker("network", "connect", "later", "kept").run();
    assertThat(joined.code()).isEqualTo(1);
    assertThat(joined.err()).contains("kept", "stop");
    ok("network", "rm", "later");
    assertThat(ok("top", "kept", "-eo", "pid,comm").lines().findFirst().orElseThrow())
        .matches("PID +COMMAND");
  }

  @Test
  void aMissingCommandIsReportedAsForAContainer() {
    var result = docker("run", "--rm", "busybox", "nosuchcommand").run();
    assertThat(result.code()).isEqualTo(127);
    assertThat(result.err()).contains("nosuchcommand");
  }

  @Test
  void aTerminalHasASizeAndTakesInput() throws Exception {
    Terminal.takesInputAndHasASize(engine, "", PATIENCE);
  }

  @Test
  void execRunsFurtherCommands() throws Exception {
    assertThat(
            docker("exec", "-e", "A=b", "-w", "/tmp", "-u", "7:8", "kept", "sh", "-c")
                .with("echo $A $(pwd) $(id -u):$(id -g) $GREETING")
                .ok())
        .isEqualTo("b /tmp 7:8 hello\n");
    assertThat(docker("exec", "kept", "sh", "-c", "exit 3").run().code()).isEqualTo(3);
    assertThat(docker("exec", "kept", "nosuch").run().code()).isEqualTo(127);
    assertThat(docker("exec", "-i", "kept", "cat").input("x".repeat(300_000)).ok())
        .hasSize(300_000);
    try (Terminal terminal =
        new Terminal("exec docker -H " + engine.address() + " exec -it kept sh")) {
      terminal.await("#");
      terminal.type("tty; exit 4\n");
      terminal.await("/dev/pts/");
      assertThat(terminal.end()).isEqualTo(4);
    }
  }

  @Test
  void logsAndStateAreSeenFromOutside() {
    awaitLog("kept", "started");
    assertThat(docker("logs", "kept").run().out()).isEqualTo("started hello\n");
    assertThat(docker("logs", "kept").run().err()).isEqualTo("bad\n");
    assertThat(ok("ps", "--filter", "name=kept", "--format", "{{.Image}} {{.Status}} {{.Ports}}"))
        .startsWith("busybox Up ")
        .endsWith("->80/tcp");
    assertThat(ok("top", "kept")).contains("httpd -f -p 80");
    assertThat(
            ok(
                "stats",
                "--no-stream",
                "--format",
                "{{.Name}} {{.PIDs}} {{.MemUsage}} {{.NetIO}}",
                "kept"))
        .matches("kept [1-9]\\d* [1-9][0-9.]*[KM]iB / 48MiB [1-9][0-9.]*k?M?B / .*");
    assertThat(ok("inspect", "-f", "{{.HostConfig.Memory}} {{.State.Pid}}", "kept"))
        .matches((48 << 20) + " \\d+");
  }

  /** With a network too: nobody's user, no capabilities, an empty network, a group with limits. */
  @Test
  void theProcessThatServesAMachineHasNoRights() throws IOException {
    ok("create", "--security-opt", "own-process=yes", "--name", "apart", "busybox", "true");
    assertThat(ok("inspect", "-f", "{{.HostConfig.SecurityOpt}}", "apart")).contains("own-process");
    ok("rm", "apart");
    Path process = Path.of("/proc", ok("inspect", "-f", "{{.State.Pid}}", "kept"));
    Assumptions.assumeTrue(Files.exists(process), "this engine runs machines in its own process");
    String status = Files.readString(process.resolve("status"));
    assertThat(status)
        .containsPattern("Uid:\\t(18|19|20|21)\\d{8}\\t")
        .contains("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1")
        .contains("Seccomp:\t2");
    assertThat(Files.readString(process.resolve("cgroup")))
        .contains("/caisson/machine-" + ok("inspect", "-f", "{{.Id}}", "kept"));
    assertThat(Files.readString(process.resolve("net/dev")).lines().skip(2))
        .allMatch(line -> line.strip().startsWith("lo:"));
  }

  @Test
  void filesGoInAndOutAndAreShared() throws IOException {
    Path tree = Files.createDirectories(files.resolve("tree/inner"));
    Files.writeString(tree.resolve("a"), "first");
    ok("cp", files.resolve("tree").toString(), "kept:/tmp");
    assertThat(ok("exec", "kept", "cat", "/tmp/tree/inner/a")).isEqualTo("first");
    ok("exec", "kept", "sh", "-c", "echo second > /tmp/tree/inner/b");
    ok("cp", "kept:/tmp/tree/inner/b", files.resolve("back").toString());
    assertThat(files.resolve("back")).hasContent("second");
    ok("exec", "kept", "sh", "-c", "cat /shared/shared > /shared/copy");
    assertThat(files.resolve("copy")).hasContent("of the host");
    assertThat(ok("diff", "kept").lines()).contains("A /tmp/tree/inner/b");
  }

  @Test
  void publishedPortsLeadIntoTheMachine() {
    String address = ok("port", "kept", "80");
    assertThat(address).startsWith("127.0.0.1:");
    assertThat(
            Shell.of("curl", "-s", "--retry", "60", "--retry-connrefused", "--retry-delay", "1")
                .with("http://" + address + "/shared")
                .ok())
        .isEqualTo("of the host\n");
  }

  private void awaitLog(String name, String text) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
    while (!docker("logs", name).run().out().contains(text)) {
      assertThat(System.nanoTime()).as("%s says no %s", name, text).isLessThan(end);
      EngineProcess.pause(200);
    }
  }

  /** A network with names, a pause, a stop by signal, and the same machine once more. */
  @Test
  void aMachineIsFoundByNamePausedStoppedAndStartedAgain() {
    long own = ProcessHandle.current().pid();
    ok(
        "network",
        "create",
        "--subnet",
        "10." + (150 + own % 50) + "." + own / 50 % 250 + ".0/24",
        "thin-net");
    docker("run", "-d", "--name", "second", "--network", "thin-net", "busybox", "sh", "-c")
        .with("trap 'exit 9' TERM; touch /mark; echo ready; while :; do sleep 0.1; done")
        .ok();
    assertThat(
            docker("run", "--rm", "--network", "thin-net", "--isolation", "container", "busybox")
                .with("ping", "-c", "1", "-W", "60", "second")
                .ok())
        .contains("1 packets received");
    awaitLog("second", "ready"); // before its trap is set, a first process is told of no signal
    ok("pause", "second");
    assertThat(ok("ps", "--filter", "status=paused", "--format", "{{.Names}}")).isEqualTo("second");
    ok("unpause", "second");
    ok("stop", "-t", "120", "second");
    assertThat(ok("wait", "second")).isEqualTo("9");
    ok("start", "second");
    assertThat(ok("exec", "second", "ls", "/mark")).isEqualTo("/mark");
    ok("kill", "second");
    assertThat(ok("inspect", "-f", "{{.State.ExitCode}}", "second")).isEqualTo("137");
    ok("rm", "second");
    ok("network", "rm", "thin-net");
  }
}
