/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.lab.sandbox.Bench.Outcome;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Copyable;
import dev.caisson.sandbox.ability.Executable.Command;
import dev.caisson.sandbox.ability.Listable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.workload.LogPolicy;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What containers must not be able to do: the runtime lines of docs/threats.md, by number. */
class ContainerSecurityTest extends InContainers {
  @Test
  void line1TheEnteringProgramIsNoFileOfTheHostAndCannotBeWritten() {
    Sandbox sandbox = bench.start(bench.workload("sleep", "100"));
    Outcome outcome =
        bench.sh("ls -l /proc/self/exe; for p in /proc/[0-9]*; do echo x > $p/exe; done");
    assertThat(outcome.output()).contains("/bin/busybox");
    assertThat(outcome.errors()).contains("Text file busy");
    // While an exec enters, its program is a sealed memfd.
    assertThat(Bench.exec(sandbox, "true").code()).isZero();
  }

  @Test
  void line2AWorkingDirectoryThroughAnInheritedDescriptorIsRefused() {
    for (int number = 3; number <= 20; number++) {
      Program program = Program.of("pwd").directory("/proc/self/fd/" + number).build();
      assertThatThrownBy(() -> bench.run(bench.workload("x").process(program)))
          .isInstanceOf(SandboxException.class);
    }
  }

  @Test
  void line3OnlyTheStandardStreamsAreOpen() {
    // The listing's own descriptor is the fourth.
    assertThat(bench.run("ls", "/proc/self/fd").output()).isEqualTo("0\n1\n2\n3\n");
    Sandbox sandbox = bench.start(bench.workload("sleep", "100"));
    assertThat(Bench.exec(sandbox, "ls", "/proc/self/fd").output()).isEqualTo("0\n1\n2\n3\n");
  }

  @Test
  void line4DirectoriesOfTheKernelThatAreLinksStayInside() throws IOException {
    Path layer = directory.resolve("layer");
    Path bait = Files.createDirectories(directory.resolve("bait"));
    Files.createDirectories(layer);
    for (String name : List.of("dev", "proc", "sys")) {
      Files.createSymbolicLink(layer.resolve(name), bait);
    }
    Files.createSymbolicLink(layer.resolve("etc"), Path.of("../../../../" + bait));
    var layers =
        new RootFilesystem.Layers(
            List.of(new RootFilesystem.Layer("bad", layer), root.layers().getFirst()), 0, false);
    Workload.Builder workload =
        Workload.builder("links-" + ProcessHandle.current().pid(), layers)
            .process(Program.of("true").build());
    try {
      bench.run(workload);
    } catch (SandboxException refused) {
      // Refused is as good as contained.
    }
    assertThat(bait).isEmptyDirectory();
  }

  @Test
  void line6MaskedPathsAreMasked() {
    Outcome outcome =
        bench.sh("cat /proc/kcore /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l");
    assertThat(outcome.output()).isEqualTo("0\n0\n");
    assertThat(bench.sh("echo x > /proc/sys/kernel/core_pattern").errors()).contains("ead-only");
  }

  @Test
  void line6MasksAreMadeOfNothingTheWorkloadBrought() throws IOException {
    Path secret = Files.writeString(directory.resolve("secret"), "secret of the host");
    Path devices = Files.createDirectory(directory.resolve("devices"));
    Files.createSymbolicLink(devices.resolve("null"), secret);
    try {
      Outcome outcome =
          bench.run(
              bench
                  .workload("cat", "/proc/kcore", "/proc/keys", "/proc/timer_list")
                  .mounts(Mounts.of(Mount.Bind.of(devices, "/dev"))));
      assertThat(outcome.output()).isEmpty();
    } catch (SandboxException refused) {
      // Refused is as good as masked.
    }
    assertThat(secret).hasContent("secret of the host");
  }

  @Test
  void line8SettingsOfTheHostAreRefused() {
    for (String key :
        List.of("kernel.core_pattern", "vm.swappiness", "fs.file-max", "kernel/hostname")) {
      assertThatThrownBy(() -> bench.run(bench.workload("true").sysctls(Map.of(key, "1"))))
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining("whole host");
    }
    assertThat(
            bench
                .run(
                    bench
                        .workload("cat", "/proc/sys/kernel/msgmax")
                        .sysctls(Map.of("kernel.msgmax", "4242")))
                .output())
        .isEqualTo("4242\n");
  }

  @Test
  void line12DangerousCallsAreFiltered() {
    Outcome outcome =
        bench.sh("mount -t tmpfs x /tmp; unshare -m true; grep Seccomp: /proc/self/status");
    assertThat(outcome.output()).contains("Seccomp:\t2");
    assertThat(outcome.errors()).contains("ermi");
  }

  /** Numbers of calls on x86-64 with the answer of the filter: EPERM, or ENOSYS for clone3. */
  private static final Map<String, String> CALLS =
      Map.of(
          "keyctl", "250 1",
          "bpf", "321 1",
          "add_key", "248 1",
          "open_by_handle_at", "304 1",
          "kexec_load", "246 1",
          "init_module", "175 1",
          "userfaultfd", "323 1",
          "perf_event_open", "298 1",
          "io_uring_setup", "425 1",
          "clone3", "435 38");

  @Test
  void line12DeniedCallsAnswerAsDockersDo() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/musl-gcc")), "needs the package musl-tools");
    Path source =
        Files.writeString(
            directory.resolve("call.c"),
            """
            #include <errno.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <unistd.h>
            int main(int argc, char **argv) {
              for (int i = 1; i < argc; i++) {
                errno = 0;
                syscall(atol(argv[i]), 0, 0, 0, 0, 0, 0);
                printf("%s %d\\n", argv[i], errno);
              }
            }
            """);
    Path program = directory.resolve("call");
    int compiled =
        new ProcessBuilder("musl-gcc", "-static", "-o", program.toString(), source.toString())
            .inheritIO()
            .start()
            .waitFor();
    assertThat(compiled).isZero();
    var words = new ArrayList<>(List.of("/call"));
    CALLS.values().forEach(call -> words.add(call.substring(0, call.indexOf(' '))));
    Outcome outcome =
        bench.run(
            bench
                .workload(words.toArray(String[]::new))
                .mounts(Mounts.of(Mount.Bind.of(program, "/call"))));
    assertThat(outcome.output().lines()).containsExactlyInAnyOrderElementsOf(CALLS.values());
  }

  @Test
  void line13CapabilitiesAreDockersFourteenAndNoneIsInherited() {
    String status = bench.run("grep", "Cap", "/proc/self/status").output();
    assertThat(status)
        .contains("CapInh:\t0000000000000000")
        .contains("CapPrm:\t00000000a80425fb")
        .contains("CapEff:\t00000000a80425fb")
        .contains("CapBnd:\t00000000a80425fb")
        .contains("CapAmb:\t0000000000000000");
    Sandbox sandbox = bench.start(bench.workload("sleep", "100"));
    assertThat(Bench.exec(sandbox, "grep", "Cap", "/proc/self/status").output()).isEqualTo(status);
    assertThat(
            Bench.exec(sandbox, Command.of("grep", "CapEff", "/proc/self/status").withUser("web"))
                .output())
        .contains("CapEff:\t0000000000000000");
  }

  @Test
  void line14ControlGroupsCannotBeWritten() {
    Outcome outcome =
        bench.sh(
            "cd /sys/fs/cgroup; for f in $(find . -name cgroup.procs -o -name release_agent"
                + " -o -name devices.allow); do echo $$ > $f && echo WROTE $f; done");
    assertThat(outcome.output()).doesNotContain("WROTE");
    assertThat(outcome.errors()).contains("ead-only file system");
  }

  @Test
  void line15ADeviceNodeOfADiskCannotBeOpened() {
    Outcome outcome = bench.sh("mknod /d b 254 0 && echo made; cat /d | wc -c");
    assertThat(outcome.output()).isEqualTo("made\n0\n");
    assertThat(outcome.errors()).contains("Operation not permitted");
  }

  @Test
  void line16AForkBombIsBounded() {
    Sandbox sandbox =
        bench.start(
            bench
                .workload("sh", "-c", "bomb() { bomb | bomb & }; bomb; sleep 100")
                .resources(Resources.UNLIMITED.withPids(64)));
    assertThat(Bench.exec(bench.start(bench.workload("sleep", "9")), "true").code()).isZero();
    assertThat(sandbox.ability(Listable.class).orElseThrow().pids()).hasSizeLessThanOrEqualTo(64);
    sandbox.signal(9);
    assertThat(sandbox.exit().orTimeout(20, TimeUnit.SECONDS).join().code()).isEqualTo(137);
  }

  @Test
  void line18AFloodOfOutputStaysWithinItsFiles() throws IOException {
    Workload.Builder workload =
        bench
            .workload("sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x; yes | head -c 20000000")
            .log(new LogPolicy(1 << 20, 2));
    Sandbox sandbox = bench.start(workload);
    Bench.await(sandbox);
    long size = 0;
    try (var files = Files.list(bench.place(sandbox.workload().id()).state())) {
      for (Path file : files.filter(f -> f.getFileName().toString().startsWith("log")).toList()) {
        size += Files.size(file);
      }
    }
    assertThat(size).isBetween(1L << 19, 3L << 20);
  }

  @Test
  void line19AnAttachmentThatIsNeverReadStopsNobody() {
    Sandbox sandbox = bench.create(bench.workload("sh", "-c", "head -c 3000000 /dev/zero; exit 4"));
    Attachment silent = sandbox.ability(Attachable.class).orElseThrow().attach();
    sandbox.start();
    assertThat(Bench.await(sandbox).code()).isEqualTo(4);
    silent.close();
  }

  @Test
  void line19AThousandOfThemCostNeitherThreadsNorTheWorkload() {
    Sandbox sandbox =
        bench.start(bench.workload("sh", "-c", "sleep 2; head -c 3000000 /dev/zero; exit 4"));
    int threads = Thread.activeCount();
    var silent = new ArrayList<Attachment>();
    for (int i = 0; i < 1000 && sandbox.pid().isPresent(); i++) {
      silent.add(sandbox.ability(Attachable.class).orElseThrow().attach());
    }
    assertThat(Thread.activeCount()).isLessThan(threads + 20);
    assertThat(Bench.await(sandbox).code()).isEqualTo(4);
    silent.forEach(Attachment::close);
  }

  @Test
  void line20AFirstProcessThatStandsStillCanBeKilled() throws Exception {
    Sandbox stopped = bench.start(bench.workload("sleep", "100"));
    stopped.signal(19); // SIGSTOP from outside reaches it, unlike from inside
    stopped.signal(9);
    assertThat(Bench.await(stopped).code()).isEqualTo(137);
    Sandbox frozen = bench.start(bench.workload("sleep", "100"));
    frozen.ability(Pausable.class).orElseThrow().pause();
    frozen.signal(9);
    assertThat(Bench.await(frozen).code()).isEqualTo(137);
  }

  @Test
  void line20AFirstProcessThatIgnoresSignalsCanBeKilled() {
    Sandbox sandbox = bench.start(bench.workload("sh", "-c", "trap '' TERM; sleep 100"));
    sandbox.signal(15);
    assertThat(sandbox.exit()).isNotDone();
    sandbox.signal(9);
    assertThat(Bench.await(sandbox).code()).isEqualTo(137);
  }

  @Test
  void line20ASignalToTheOwnGroupStopsAtTheContainer() {
    // The first process is safe from its own SIGKILL; the monitor outside must be too.
    Sandbox sandbox =
        bench.start(bench.workload("sh", "-c", "kill -9 0; while true; do sleep 0.1; done"));
    sandbox.signal(10); // dropped: a first process has no default actions, and the shell no handler
    assertThat(sandbox.exit()).isNotDone();
    sandbox.signal(9);
    assertThat(Bench.await(sandbox).code()).isEqualTo(137);
  }

  @Test
  void line29CopyingWhileLinksAreSwappedStaysInside() throws IOException {
    Path canary = Files.writeString(directory.resolve("canary"), "secret of the host");
    Sandbox sandbox =
        bench.start(
            bench.workload(
                "sh",
                "-c",
                "mkdir -p /a/real; echo inner > /a/real/canary; while true; do rm -rf /a/d;"
                    + " ln -s "
                    + directory
                    + " /a/d; rm /a/d; cp -r /a/real /a/d; done"));
    Copyable files = sandbox.ability(Copyable.class).orElseThrow();
    for (int i = 0; i < 300; i++) {
      try {
        var tar = new ByteArrayOutputStream();
        files.copyOut("/a/d/canary", tar);
        assertThat(tar.toString(StandardCharsets.UTF_8)).doesNotContain("secret of the host");
        files.copyIn(
            "/a/d",
            new ByteArrayInputStream(tar.toByteArray()),
            new Copyable.CopyOptions(false, true));
      } catch (SandboxException | IOException absent) {
        // Between two swaps there is nothing.
      }
    }
    assertThat(canary).hasContent("secret of the host");
    assertThat(directory.toFile().list()).containsExactly("canary");
  }

  @Test
  void line5ATargetSwappedByANeighbourNeverLeadsOutside() throws Exception {
    Path shared = Files.createDirectories(directory.resolve("shared"));
    Path bait = Files.createDirectories(directory.resolve("bait"));
    Sandbox swapper =
        bench.start(
            bench
                .workload(
                    "sh",
                    "-c",
                    "cd /v; while true; do mkdir t; rmdir t; ln -s " + bait + " t; rm t; done")
                .mounts(Mounts.of(Mount.Bind.of(shared, "/v"))));
    for (int i = 0; i < 200; i++) {
      try {
        bench.run(
            bench
                .workload("true")
                .mounts(Mounts.of(Mount.Bind.of(shared, "/v"), Mount.Tmpfs.of("/v/t/deep"))));
      } catch (SandboxException refused) {
        // The link led nowhere inside.
      }
    }
    swapper.signal(9);
    Bench.await(swapper);
    assertThat(bait).isEmptyDirectory();
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain("/bait/deep");
  }

  @Test
  void aMonitorThatIsKilledLeavesNothingRunning() throws Exception {
    Sandbox sandbox = bench.start(bench.workload("sh", "-c", "sleep 100 & sleep 100"));
    int pid = sandbox.pid().orElseThrow();
    ProcessHandle monitor = ProcessHandle.of(pid).orElseThrow().parent().orElseThrow();
    new ProcessBuilder("kill", "-9", Long.toString(monitor.pid())).start().waitFor();
    assertThat(Bench.await(sandbox).code()).isEqualTo(137);
    sandbox.delete();
    Path status = Path.of("/proc/" + pid + "/status");
    // Its parent is the host's init now, which may take its time to reap it.
    assertThat(!Files.exists(status) || Files.readString(status).contains("State:\tZ")).isTrue();
  }
}
