/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.TinyKernel;
import dev.caisson.vmm.snapshot.Snapshot;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Snapshots whose memory is taken away, shortened or replaced, before and while clones live. */
@Tag("integration")
@Timeout(120)
class CutSnapshotTest extends TinyMachine {
  private static final int FAR = 0x30_0000;

  /** Reads far memory again and again, so that a clone touches what it has not touched before. */
  private static TinyKernel reading() {
    return new TinyKernel().print("go").load(FAR).print().load(FAR + 0x4000).print().repeat();
  }

  private Snapshot saved() throws Exception {
    var printed = new CountDownLatch(10);
    MachineConfig config = config(reading(), 1, letter -> printed.countDown());
    try (Machine original = Machine.create(kvm, config)) {
      original.start();
      assertThat(printed.await(60, TimeUnit.SECONDS)).isTrue();
      original.pause();
      return original.save(directory.resolve("snapshot"));
    }
  }

  private Path memory() throws IOException {
    Path memory = directory.resolve("snapshot/memory");
    Files.setPosixFilePermissions(memory, PosixFilePermissions.fromString("rw-------"));
    return memory;
  }

  private void cut() throws IOException {
    try (var file = new RandomAccessFile(memory().toFile(), "rw")) {
      file.setLength(0);
    }
  }

  private MachineConfig likeIt() throws IOException {
    return config(reading(), 1, letter -> {});
  }

  @Test
  void aCloneWhoseSnapshotIsCutEndsAsAFaultAndNothingElseDoes() throws Exception {
    machine = Machine.restore(kvm, likeIt(), saved());
    cut();
    machine.start();
    MachineEnd end = machine.ended().get(60, TimeUnit.SECONDS);
    assertThat(end.kind()).isIn(MachineEnd.Kind.FAULT, MachineEnd.Kind.RESET);
  }

  @Test
  void aCloneWhoseSnapshotIsCutCannotBeKeptAndLeavesNoHalf() throws Exception {
    machine = Machine.restore(kvm, likeIt(), saved());
    machine.start();
    machine.pause();
    cut();
    assertThatThrownBy(() -> machine.save(directory.resolve("second")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("snapshot");
    assertThat(directory.resolve("second")).doesNotExist();
    assertThat(directory.resolve("second.unfinished")).doesNotExist();
  }

  @Test
  void memoryThatWasReplacedIsRefused() throws Exception {
    Snapshot snapshot = saved();
    Path memory = memory();
    Path other = Files.move(memory, directory.resolve("somebody's"));
    Files.createSymbolicLink(memory, other);
    assertThatThrownBy(() -> Machine.restore(kvm, likeIt(), snapshot))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ELOOP");
    Files.delete(memory);
    Files.write(memory, new byte[4096]);
    assertThatThrownBy(() -> Machine.restore(kvm, likeIt(), snapshot))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("bytes any more");
    Files.delete(memory);
    assertThatThrownBy(() -> Machine.restore(kvm, likeIt(), snapshot))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ENOENT");
  }

  @Test
  void aCloneLivesOnWhenItsSnapshotIsRemoved() throws Exception {
    var printed = new CountDownLatch(100);
    machine = Machine.restore(kvm, config(reading(), 1, letter -> printed.countDown()), saved());
    SnapshotFiles.delete(directory.resolve("snapshot"));
    machine.start();
    assertThat(printed.await(60, TimeUnit.SECONDS)).isTrue();
  }
}
