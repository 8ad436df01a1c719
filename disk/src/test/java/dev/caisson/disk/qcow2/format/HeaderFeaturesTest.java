/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.MemoryStorage;
import dev.caisson.disk.Tools;
import dev.caisson.disk.qcow2.Images;
import dev.caisson.disk.qcow2.Qcow2Access;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.disk.qcow2.QemuImg;
import dev.caisson.disk.qcow2.check.Repair;
import dev.caisson.disk.storage.FileStorage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bits and extensions of a header: what we do not know is kept, what we know is obeyed. */
class HeaderFeaturesTest {
  private static final int UNKNOWN = 0x1234_5678;
  private static final int SIZE = 4 << 20;

  @TempDir Path folder;

  @Test
  void unknownExtensionsAndCompatibleBitsSurviveWhatRewritesTheHeader() {
    var storage = new MemoryStorage(new byte[0]);
    Qcow2Format.DEFAULT.withBacking("old", "raw").write(storage, SIZE);
    byte[] told = "told by another program".getBytes();
    storage.write(
        0, FirstCluster.read(storage).withExtension(UNKNOWN, told).encode("memory").clear());
    storage.write(80, ByteBuffer.allocate(8).putLong(0, 1L << 50)); // compatible features
    try (var disk = Qcow2Disk.open(storage, Qcow2Access.PLAIN)) {
      disk.amendment().base(Optional.of("a much longer name of a base"), Optional.of("qcow2"));
      disk.resize(2 * SIZE);
      disk.createSnapshot("one");
      disk.amendment().base(Optional.empty(), Optional.empty());
    }
    var first = FirstCluster.read(storage);
    assertThat(first.extension(UNKNOWN)).hasValue(told);
    assertThat(first.header().compatible() & 1L << 50).isNotZero();
    assertThat(first.backing()).isEmpty();
  }

  /** QEMU is killed with counts it had not written yet. */
  @Test
  @Tag("integration")
  void theFirstWriterAfterAKillCountsADirtyImageAnew() {
    QemuImg.require();
    String image = folder.resolve("x.qcow2").toString();
    QemuImg.must("create", "-q", "-f", "qcow2", "-o", "lazy_refcounts=on", image, "" + SIZE);
    var killed = QemuImg.io("-f", "qcow2", "-c", "write -P 7 0 1M", "-c", "abort", image);
    assertThat(killed.exitCode()).isNotZero();
    try (var disk = Images.open(Path.of(image), false)) {
      assertThat(disk.info().dirty()).isTrue();
      assertThat(disk.read(0, 1 << 20)).isEqualTo(Tools.filled(1 << 20, 7));
    }
    try (var disk = Images.open(Path.of(image), true)) {
      assertThat(disk.info().dirty()).isFalse();
      disk.write(2 << 20, new byte[] {1, 2, 3});
    }
    assertThat(QemuImg.run("check", image).exitCode()).isZero();
    assertThat(QemuImg.io("-f", "qcow2", "-c", "read -P 7 0 1M", image).output())
        .doesNotContain("failed");
  }

  @Test
  @Tag("integration")
  void aCorruptImageIsReadAndOnlyARepairMayWrite() {
    QemuImg.require();
    Path image = folder.resolve("x.qcow2");
    QemuImg.must("create", "-q", "-f", "qcow2", image.toString(), "" + SIZE);
    QemuImg.io("-f", "qcow2", "-c", "write -P 7 0 1M", image.toString());
    try (var file = FileStorage.open(image, true, FileStorage.Sharing.LOCKED)) {
      file.write(Header.AT_INCOMPATIBLE, ByteBuffer.allocate(8).putLong(0, Features.CORRUPT));
    }
    try (var disk = Images.open(image, false)) {
      assertThat(disk.info().corrupt()).isTrue();
      assertThat(disk.read(0, 1 << 20)).isEqualTo(Tools.filled(1 << 20, 7));
    }
    assertThatThrownBy(() -> Images.open(image, true)).hasMessageContaining("marked corrupt");
    var file = FileStorage.open(image, true, FileStorage.Sharing.LOCKED);
    try (var disk = Qcow2Disk.open(file, Qcow2Access.PLAIN.withRepairing(true))) {
      disk.check(Repair.Extent.ALL);
    }
    Images.open(image, true).close();
    assertThat(QemuImg.io("-f", "qcow2", "-c", "write 0 512", image.toString()).exitCode())
        .isZero();
  }
}
