/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Machines with a process of their own, with kernels of a few instructions on /dev/kvm. */
@Tag("integration")
@Timeout(300)
class OwnProcessTest {
  private static final int PATIENCE_SECONDS = 120;
  private static final long MEMORY = 4 << 20;

  @TempDir Path directory;
  private OwnProcessEngine engine;

  @BeforeEach
  void host() throws IOException {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm");
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Path processors = Files.writeString(directory.resolve("cpuinfo"), "flags\t\t: svm\n");
    engine = new OwnProcessEngine(new HardwareVirtualization(processors, Path.of("/dev/kvm")));
  }

  private MachineSpec spec(SmallKernel kernel, VirtioDevice... devices) throws IOException {
    Path file = kernel.write(directory.resolve("kernel"));
    String id = "t" + ProcessHandle.current().pid() + "x" + System.nanoTime();
    return new MachineSpec(
        id,
        Files.createDirectories(directory.resolve("run")),
        MEMORY,
        1,
        Optional.empty(),
        file,
        Files.writeString(directory.resolve("initial"), "files"),
        "none",
        List.of(devices),
        Optional.empty(),
        List.of(),
        "");
  }

  private String console() throws IOException {
    return Files.readString(directory.resolve("run/console.log"));
  }

  private static String status(long pid, String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .map(line -> line.substring(field.length() + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aGuestSaysHelloAndItsEndIsTold() throws Exception {
    try (RunningMachine machine =
        engine.start(spec(new SmallKernel().print("hello\n").powerOff()))) {
      assertThat(machine.ended().get(PATIENCE_SECONDS, TimeUnit.SECONDS))
          .isEqualTo("the guest switched itself off");
      assertThat(console()).isEqualTo("hello\n");
    }
    assertThat(directory.resolve("run/vmm.log")).isEmptyFile();
  }

  @Test
  void theProcessHasNothingButWhatItWasHanded() throws Exception {
    MachineSpec spec = spec(new SmallKernel().print("up\n").halt());
    try (RunningMachine machine = engine.start(spec)) {
      long pid = machine.pid().orElseThrow();
      int user = MachineUser.of(spec.id()).number();
      assertThat(status(pid, "Uid")).isEqualTo((user + "\t").repeat(3) + user);
      assertThat(status(pid, "Gid")).isEqualTo((user + "\t").repeat(3) + user);
      assertThat(status(pid, "Groups")).isEmpty();
      for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")) {
        assertThat(status(pid, set)).as(set).isEqualTo("0000000000000000");
      }
      assertThat(status(pid, "NoNewPrivs")).isEqualTo("1");
      assertThat(status(pid, "Seccomp")).isEqualTo("2");
      assertThat(Files.readString(Path.of("/proc/" + pid + "/cgroup")))
          .contains("caisson/machine-" + spec.id());
      assertThat(Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0"))
          .contains("caisson-" + spec.id());
      for (String kind : List.of("mnt", "pid", "net", "ipc", "uts")) {
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + kind)))
            .as(kind)
            .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/" + kind)));
      }
      // The runtime's and our jars' places are there, and may be anywhere.
      for (String path : List.of("etc/passwd", "bin", "sbin", "sys", "run", "var", "dev/kvm")) {
        assertThat(Path.of("/proc/" + pid + "/root/" + path)).doesNotExist();
      }
      try (Stream<Path> shown = Files.list(Path.of("/proc/" + pid + "/root/proc"))) {
        assertThat(shown.map(path -> path.getFileName().toString()))
            .containsExactlyInAnyOrder("1", "self", "thread-self");
      }
      assertThat(machine.memoryUse()).isBetween(4096L, 512L << 20);
      assertThat(machine.cpuTime()).isPositive();
    }
    assertThat(HostGroup.of(spec.id(), "").processFiles()).isEmpty();
  }

  @Test
  void aMachineIsPausedAndResumedAndItsFilesAreServed() throws Exception {
    var files = new FileSystemDevice("caisson", 1, new FuseServer(List.of(), 100));
    try (RunningMachine machine = engine.start(spec(new SmallKernel().print("x").halt(), files))) {
      machine.pause();
      machine.resume();
      machine.pause();
      assertThatThrownBy(() -> machine.save(directory.resolve("kept")))
          .hasMessageContaining("shares its memory");
    }
  }

  @Test
  void aProcessThatIsKilledIsAMachineThatEnded() throws Exception {
    try (RunningMachine machine = engine.start(spec(new SmallKernel().print("x").halt()))) {
      ProcessHandle.of(machine.pid().orElseThrow()).orElseThrow().destroyForcibly();
      assertThat(machine.ended().get(PATIENCE_SECONDS, TimeUnit.SECONDS))
          .isEqualTo("the machine's process ended with 137");
      assertThatThrownBy(machine::pause)
          .isInstanceOfSatisfying(
              SandboxException.class,
              e -> assertThat(e.kind()).isEqualTo(SandboxException.Kind.WRONG_STATE));
    }
  }

  @Test
  void aKernelThatIsNoneIsRefusedWithItsOffset() throws Exception {
    MachineSpec spec = spec(new SmallKernel());
    Files.writeString(spec.kernel(), "#!/bin/sh\n");
    assertThatThrownBy(() -> engine.start(spec))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> assertThat(e.kind()).isEqualTo(SandboxException.Kind.INVALID))
        .hasMessageContaining("offset 0x0");
    assertThat(HostGroup.of(spec.id(), "").processFiles()).isEmpty();
  }
}
