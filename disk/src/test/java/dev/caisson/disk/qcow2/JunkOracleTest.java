/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Junk in snapshots, bitmaps and encryption: opened or refused as QEMU decides, and always readable
 * where QEMU reads. Security notes, 44.
 */
@Tag("integration")
class JunkOracleTest {
  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "nothing spoilt, 0, 4, 1363560955",
    "snapshot table past the end, 64, 8, 1152921504606846976",
    "snapshot table unaligned, 64, 8, 70000",
    "more snapshots than the table has, 60, 4, 3000",
    "too many snapshots, 60, 4, 70000",
    "AES without a key, 32, 4, 1",
    "LUKS without a header, 32, 4, 2",
    "encryption nobody knows, 32, 4, 7",
    "an unknown incompatible bit, 72, 8, 64",
    "an unknown compatible bit, 80, 8, 64",
    "an unknown autoclear bit, 88, 8, 64",
    "the dirty bit, 72, 8, 1",
    "the corrupt bit, 72, 8, 2",
    "an external data file that is not named, 72, 8, 4",
    "a compression type without its bit, 104, 1, 1",
    "a compression type nobody knows, 104, 1, 9",
    "a bitmap extension of 8 bytes, -1, 8, 8",
    "a bitmap directory past the end, -1, 24, 0"
  })
  void junkIsOpenedOrRefusedAsQemuDecides(String what, int at, int width, long value)
      throws IOException {
    QemuImg.require();
    Path image = folder.resolve("x.qcow2");
    try (var disk = Images.create(image, Qcow2Format.DEFAULT, 1 << 20)) {
      disk.write(0, new byte[200_000]);
      disk.createSnapshot("s");
    }
    if (at >= 0) {
      put(image, at, ByteBuffer.allocate(8).putLong(0, value).position(8 - width));
    } else {
      putBitmaps(image, width);
    }
    var theirs = QemuImg.io("-r", "-f", "qcow2", "-c", "read 0 512", image.toString());
    boolean qemuOpens = theirs.exitCode() == 0;
    boolean weOpen = true;
    String ours = "";
    try (var disk = Images.open(image, false)) {
      disk.read(0, 512);
    } catch (DiskException refused) {
      weOpen = false;
      ours = refused.getMessage();
    }
    assertThat(weOpen)
        .as("%s: qemu says %s we say %s", what, theirs.output(), ours)
        .isEqualTo(qemuOpens);
  }

  /** Replaces the list of feature names by a bitmap extension of {@code width} bytes of junk. */
  private static void putBitmaps(Path image, int width) throws IOException {
    var extension =
        ByteBuffer.allocate(8 + width + 16).putInt(HeaderExtension.BITMAPS).putInt(width);
    extension.putInt(1).putInt(0);
    if (width >= 24) {
      extension.putLong(100).putLong(1L << 50);
    }
    put(image, Header.WITH_COMPRESSION, extension.clear());
    put(image, Header.AT_AUTOCLEAR, ByteBuffer.allocate(8).putLong(0, Features.BITMAPS));
  }

  private static void put(Path image, long at, ByteBuffer bytes) throws IOException {
    try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.write(bytes, at);
    }
  }
}
