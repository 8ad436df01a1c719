/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.vmm.machine.ConsoleLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvmEngineTest {
  @TempDir Path directory;

  private KvmEngine on(String flags) throws IOException {
    return new KvmEngine(
        Files.writeString(
            directory.resolve("cpuinfo"), "processor\t: 0\nflags\t\t: fpu " + flags + " sse2\n"));
  }

  @Test
  void aDeviceThatOpensIsNotEnough() throws IOException {
    assertThat(on("hypervisor").unavailable())
        .hasValueSatisfying(reason -> {
          assertThat(reason.reason()).contains("neither vmx nor svm");
          assertThat(reason.remedy()).contains("firmware");
        });
    assertThat(new KvmEngine(directory.resolve("none")).unavailable()).isPresent();
    assertThat(on("svm_lock").unavailable()).isPresent();
  }

  @Test
  void eitherMakersFlagWillDo() throws IOException {
    boolean device = Files.isWritable(Path.of("/dev/kvm"));
    assertThat(on("vmx").unavailable().isEmpty()).isEqualTo(device);
    assertThat(on("svm").unavailable().isEmpty()).isEqualTo(device);
  }

  @Test
  void consolesThatNeverEndAreCutOff() throws IOException {
    Path file = directory.resolve("console.log");
    try (var log = ConsoleLog.in(file)) {
      for (int i = 0; i < 3 << 20; i++) {
        log.accept(i % 80 == 0 ? '\n' : 'x');
      }
    }
    assertThat(Files.size(file)).isBetween(1L << 20, (1L << 20) + 256);
  }

  @Test
  void whatIsNoSnapshotIsRefusedWithItsFile() throws IOException {
    Path snapshot = Files.createDirectory(directory.resolve("snapshot"));
    Files.write(snapshot.resolve("state"), new byte[100]);
    Files.write(snapshot.resolve("memory"), new byte[4096]);
    var spec =
        new MachineSpec(
            "none",
            directory,
            0,
            1,
            Optional.empty(),
            snapshot,
            snapshot,
            "",
            List.of(),
            Optional.empty(),
            List.of(),
            "");
    assertThatThrownBy(() -> on("svm").restore(spec, snapshot))
        .isInstanceOfSatisfying(
            SandboxException.class,
            refused -> assertThat(refused.kind()).isEqualTo(SandboxException.Kind.INVALID))
        .hasMessageContaining("state")
        .hasMessageContaining("checksum");
    assertThatThrownBy(() -> new Qemu().restore(spec, snapshot)).hasMessageContaining("vmx or svm");
  }
}
