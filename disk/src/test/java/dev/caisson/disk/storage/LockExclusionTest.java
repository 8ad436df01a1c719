/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Tools;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two writers, one of them QEMU's program: the second is refused, whoever it is. Security notes,
 * 45. Module disk alone has the JDK's locks here; with a {@link HostFiles} provider the same is
 * tested in module cli.
 */
@Tag("integration")
class LockExclusionTest {
  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void create() {
    Tools.need("qemu-img", "qemu-io");
    image = folder.resolve("x.qcow2");
    DiskFiles.create(image, Qcow2Format.DEFAULT, 1 << 20);
  }

  /** What any other operating system has, where module linux is not. */
  @Test
  void theLocksHereAreTheJdksAlone() {
    assertThat(HostFiles.installed()).isEmpty();
    try (var file = FileStorage.open(image, false, FileStorage.Sharing.UNLOCKED)) {
      assertThat(file.host()).isEmpty();
    }
  }

  @Test
  void qemuHoldingItForWritingKeepsUsOut() throws Exception {
    try (var _ = new Holder(image, false)) {
      assertLocked(DiskOptions.WRITE);
      assertLocked(DiskOptions.READ);
      DiskFiles.open(image, DiskOptions.READ.withUnlocked(true)).close();
    }
    DiskFiles.open(image, DiskOptions.WRITE).close();
  }

  @Test
  void qemuHoldingItForReadingKeepsOurWritersOut() throws Exception {
    try (var _ = new Holder(image, true)) {
      assertLocked(DiskOptions.WRITE);
      DiskFiles.open(image, DiskOptions.READ).close();
      assertLocked(DiskOptions.WRITE); // our reader's going must not have loosened anything
    }
    DiskFiles.open(image, DiskOptions.WRITE).close();
  }

  @Test
  void ourWriterKeepsQemuOut() {
    try (var disk = DiskFiles.open(image, DiskOptions.WRITE)) {
      disk.write(0, new byte[] {1});
      assertThat(Tools.tryRun("qemu-img", "info", "" + image).output()).contains("lock");
      assertThat(write().exitCode()).isNotZero();
      Tools.run("qemu-img", "info", "-U", "" + image);
    }
    assertThat(write().exitCode()).isZero();
  }

  @Test
  void ourReaderKeepsQemusWritersOut() {
    try (var _ = DiskFiles.open(image, DiskOptions.READ)) {
      Tools.run("qemu-img", "info", "" + image);
      assertThat(write().exitCode()).isNotZero();
      assertThat(write().output()).contains("lock");
    }
    assertThat(write().exitCode()).isZero();
  }

  @Test
  void aBaseInUseCannotBeWritten() throws Exception {
    Path child = folder.resolve("child.qcow2");
    DiskFiles.createChild(child, "x.qcow2", dev.caisson.disk.DiskFormat.QCOW2);
    try (var _ = DiskFiles.open(child, DiskOptions.WRITE)) {
      assertThat(write().output()).contains("lock");
    }
    try (var _ = new Holder(child, false)) {
      assertLocked(DiskOptions.WRITE);
    }
  }

  @Test
  void aFileCutShortWhileOpenIsAnErrorToReadersAndNoCrash() throws IOException {
    try (var disk = DiskFiles.open(image, DiskOptions.WRITE)) {
      disk.write(500_000, new byte[300_000]);
    }
    try (var disk = DiskFiles.open(image, DiskOptions.READ)) {
      disk.read(500_000, 100);
      try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
        file.truncate(300_000);
      }
      assertThatThrownBy(() -> disk.read(700_000, 100_000))
          .isInstanceOfSatisfying(
              DiskException.class,
              told -> assertThat(told.kind()).isEqualTo(DiskException.Kind.IO));
    }
    assertThat(Files.size(image)).isEqualTo(300_000);
  }

  private void assertLocked(DiskOptions options) {
    assertThatThrownBy(() -> DiskFiles.open(image, options).close())
        .isInstanceOfSatisfying(
            DiskException.class,
            told -> assertThat(told.kind()).isEqualTo(DiskException.Kind.LOCKED));
  }

  private Tools.Result write() {
    return Tools.tryRun("qemu-io", "-f", "qcow2", "-c", "write 0 512", "" + image);
  }

  /** qemu-io that waits for commands, and so keeps its image open. */
  private record Holder(Process process) implements AutoCloseable {
    Holder(Path image, boolean reading) throws IOException {
      this(
          (reading
                  ? new ProcessBuilder("qemu-io", "-r", "-f", "qcow2", "" + image)
                  : new ProcessBuilder("qemu-io", "-f", "qcow2", "" + image))
              .redirectErrorStream(true)
              .start());
      var commands = process.outputWriter();
      commands.write("length\n");
      commands.flush();
      String answer = process.inputReader().readLine();
      assertThat(answer).as("qemu-io has the image").contains("1 MiB");
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close();
      try {
        process.onExit().get(20, TimeUnit.SECONDS);
      } catch (InterruptedException | ExecutionException | TimeoutException stuck) {
        process.destroyForcibly().onExit().join();
      }
    }
  }
}
