/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Tools;
import dev.caisson.disk.storage.FileStorage;
import dev.caisson.disk.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that qemu-img makes, read byte for byte. */
@Tag("integration")
class ForeignDiskTest {
  private static final int MIXED = 4 << 20;
  private static final int SIZE = 24 << 20;

  @TempDir private Path folder;

  private static Storage storage(Path path) {
    return FileStorage.open(path, false, FileStorage.Sharing.LOCKED);
  }

  private Path converted(String label, String options) throws IOException {
    Tools.need("qemu-img");
    Path raw = Tools.mixedFile(folder.resolve("raw"), MIXED, 11);
    try (var file = FileChannel.open(raw, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), SIZE - 1); // blocks are large: leave some out altogether
    }
    Path image = folder.resolve("image." + label);
    var line =
        options.isEmpty()
            ? new String[] {"qemu-img", "convert", "-f", "raw", "-O", label, "" + raw, "" + image}
            : new String[] {
              "qemu-img", "convert", "-f", "raw", "-O", label, "-o", options, "" + raw, "" + image
            };
    Tools.run(line);
    return image;
  }

  @ParameterizedTest
  @CsvSource({
    "vmdk, ''",
    "vmdk, subformat=monolithicSparse",
    "vmdk, subformat=streamOptimized",
    "vpc, force_size=on",
    "vpc, 'subformat=fixed,force_size=on'",
    "vhdx, ''",
    "vhdx, 'block_size=1M,subformat=dynamic'",
    "vhdx, subformat=fixed",
    "vdi, ''",
    "vdi, static=on"
  })
  void everyByteAndEveryHoleIsAsWritten(String label, String options) throws IOException {
    Path image = converted(label, options);
    byte[] expected = Files.readAllBytes(folder.resolve("raw"));
    var format = DiskFormat.named(label).orElseThrow();
    try (var disk = ForeignDisk.open(format, storage(image))) {
      assertThat(disk.size()).isEqualTo(SIZE);
      assertThat(disk.format()).isEqualTo(label);
      assertThat(disk.read(0, SIZE)).isEqualTo(expected);
      var random = new Random(5);
      for (int i = 0; i < 100; i++) {
        int length = random.nextInt(200_000);
        int at = random.nextInt(SIZE - length);
        assertThat(disk.read(at, length)).isEqualTo(Arrays.copyOfRange(expected, at, at + length));
      }
      boolean holes = false;
      for (long at = 0; at < SIZE; ) {
        var extent = disk.extent(at, SIZE - at);
        assertThat(extent.offset()).isEqualTo(at);
        assertThat(extent.length()).isPositive();
        if (extent.readsAsZero()) {
          holes = true;
          assertThat(disk.read(at, (int) extent.length()))
              .isEqualTo(new byte[(int) extent.length()]);
        }
        at = extent.end();
      }
      assertThat(holes || options.contains("fixed") || options.contains("static")).isTrue();
      assertThatThrownBy(() -> disk.write(0, new byte[1]))
          .isInstanceOfSatisfying(
              DiskException.class,
              refused -> assertThat(refused.kind()).isEqualTo(DiskException.Kind.READ_ONLY));
    }
  }

  @Test
  void virtualPcsSizeComesFromItsGeometry() {
    Tools.need("qemu-img");
    Path image = folder.resolve("image.vhd");
    Tools.run("qemu-img", "create", "-q", "-f", "vpc", image.toString(), "10M");
    String info = Tools.run("qemu-img", "info", "--output=json", "-f", "vpc", image.toString());
    try (var disk = VhdDisk.open(storage(image))) {
      assertThat(info).contains("\"virtual-size\": " + disk.size());
    }
  }

  /** As a crash leaves it between writing the log and writing what the log promises. */
  @Test
  void theLogOfACrashedVhdxIsApplied() throws IOException {
    Path image = converted("vhdx", "block_size=1M");
    byte[] expected = Files.readAllBytes(folder.resolve("raw"));
    Arrays.fill(expected, 19 << 20, (19 << 20) + 65_536, (byte) 0x78);
    Tools.need("qemu-io");
    Tools.run("qemu-io", "-f", "vhdx", "-c", "write -P 0x78 19M 64k", image.toString());
    var file = ByteBuffer.wrap(Files.readAllBytes(image)).order(ByteOrder.LITTLE_ENDIAN);
    int log = 1 << 20;
    for (int header : new int[] {64 << 10, 128 << 10}) {
      file.put(header + 48, file, log + 32, 16); // the log's identifier: "there is work to do"
      file.putInt(header + 4, VhdxHeader.checksum(file.slice(header, 4096).order(file.order())));
    }
    assertThat(file.getInt(log + 24)).as("descriptors").isPositive();
    int promised = (int) file.getLong(log + 64 + 16);
    file.put(promised, new byte[4096]);
    Files.write(image, file.array());
    try (var disk = VhdxDisk.open(storage(image))) {
      assertThat(disk.read(0, SIZE)).isEqualTo(expected);
    }
  }

  @Test
  void disksThatNameABaseAreRefusedOnTheirOwn() throws IOException {
    Path base = converted("vmdk", "");
    Path child = folder.resolve("child.vmdk");
    Tools.run("qemu-img", "create", "-q", "-f", "vmdk", "-b", "" + base, "-F", "vmdk", "" + child);
    assertThatThrownBy(() -> VmdkDisk.open(storage(child))).hasMessageContaining("base");
  }
}
