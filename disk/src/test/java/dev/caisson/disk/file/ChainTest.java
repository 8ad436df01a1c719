/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Layered;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.Tools;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChainTest {
  private static final int SIZE = 3 << 20;
  @TempDir Path folder;

  @Test
  void aDeepChainReadsAsItsLayersSay() throws IOException {
    var random = new Random(5);
    var model = new byte[SIZE];
    random.nextBytes(model);
    Files.write(folder.resolve("0"), model);
    int depth = 60;
    for (int layer = 1; layer <= depth; layer++) {
      var format = layer == 1 ? DiskFormat.RAW : DiskFormat.QCOW2;
      var name = Integer.toString(layer - 1);
      DiskFiles.create(
          folder.resolve(Integer.toString(layer)),
          Qcow2Format.DEFAULT
              .withClusterSize(1 << (9 + random.nextInt(9)))
              .withBacking(name, format.label()),
          SIZE);
      try (var disk = DiskFiles.open(folder.resolve(Integer.toString(layer)), DiskOptions.WRITE)) {
        for (int i = 0; i < 4; i++) {
          change(disk, model, random);
        }
        assertThat(Arrays.equals(disk.read(0, SIZE), model)).as("depth %d", layer).isTrue();
        assertThat(((Layered) disk).chain()).hasSize(layer + 1);
      }
    }
  }

  private static void change(dev.caisson.disk.Disk disk, byte[] model, Random random) {
    int offset = random.nextInt(SIZE);
    int length = random.nextInt(Math.min(SIZE - offset, 100_000));
    if (random.nextInt(3) == 0) {
      ((Sparse) disk).writeZeroes(offset, length, true);
      Arrays.fill(model, offset, offset + length, (byte) 0);
      return;
    }
    var bytes = new byte[length];
    random.nextBytes(bytes);
    disk.write(offset, bytes);
    System.arraycopy(bytes, 0, model, offset, length);
  }

  @Test
  void aShorterMiddleHidesWhatLiesDeeper() throws IOException {
    Files.write(folder.resolve("base"), filled(SIZE, 1));
    DiskFiles.create(
        folder.resolve("middle"), Qcow2Format.DEFAULT.withBacking("base", "raw"), 1 << 20);
    DiskFiles.create(
        folder.resolve("top"), Qcow2Format.DEFAULT.withBacking("middle", "qcow2"), SIZE);
    try (var disk = DiskFiles.open(folder.resolve("top"), DiskOptions.READ)) {
      assertThat(disk.read((1 << 20) - 1, 2)).containsExactly(1, 0);
    }
  }

  @Test
  void growingAChildDoesNotBringTheBaseToLight() throws IOException {
    Files.write(folder.resolve("base"), filled(SIZE, 1));
    DiskFiles.create(
        folder.resolve("top"), Qcow2Format.DEFAULT.withBacking("base", "raw"), 100_000);
    try (var disk = DiskFiles.open(folder.resolve("top"), DiskOptions.WRITE)) {
      ((dev.caisson.disk.Resizable) disk).resize(SIZE);
      assertThat(disk.read(99_999, 3)).containsExactly(1, 0, 0);
      assertThat(disk.read(SIZE - 5, 5)).containsOnly(0);
    }
  }

  @Test
  void aChainThatComesBackToItselfIsNamed() {
    DiskFiles.create(folder.resolve("a"), Qcow2Format.DEFAULT.withBacking("b", "qcow2"), SIZE);
    DiskFiles.create(folder.resolve("b"), Qcow2Format.DEFAULT.withBacking("a", "qcow2"), SIZE);
    assertRefused("a", DiskOptions.READ, DiskException.Kind.CONFLICT, "'a'");
    DiskFiles.create(folder.resolve("c"), Qcow2Format.DEFAULT.withBacking("c", "qcow2"), SIZE);
    assertRefused("c", DiskOptions.READ, DiskException.Kind.CONFLICT, "on itself");
  }

  @Test
  void aMissingMemberIsNamed() {
    DiskFiles.create(folder.resolve("a"), Qcow2Format.DEFAULT.withBacking("gone", "qcow2"), SIZE);
    DiskFiles.create(folder.resolve("b"), Qcow2Format.DEFAULT.withBacking("a", "qcow2"), SIZE);
    assertRefused("b", DiskOptions.READ, DiskException.Kind.MISSING, "a: its base 'gone'");
  }

  @Test
  void anAbsoluteNameFollowsAMovedChildAndARelativeOneItsFolder() throws IOException {
    Files.write(folder.resolve("base"), filled(SIZE, 7));
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    for (String name : List.of("base", folder.resolve("base").toString())) {
      DiskFiles.createChild(folder.resolve("child"), name, DiskFormat.RAW);
      Path moved = Files.move(folder.resolve("child"), elsewhere.resolve("child"));
      if (name.equals("base")) {
        assertRefused(
            "elsewhere/child", DiskOptions.READ, DiskException.Kind.MISSING, "rebase -u -b NEW");
        Rebasing.rename(moved, Optional.of("../base"), Optional.of("raw"));
      }
      try (var disk = DiskFiles.open(moved, DiskOptions.READ)) {
        assertThat(disk.read(0, SIZE)).isEqualTo(Tools.filled(SIZE, 7));
      }
      Files.delete(moved);
    }
  }

  @Test
  void hostileBaseNamesAreRefused() throws IOException {
    Path secret = Files.write(folder.resolve("secret"), filled(SIZE, 7));
    String[] names = {
      "json:{\"driver\":\"raw\",\"file\":{\"filename\":\"" + secret + "\"}}",
      "nbd://127.0.0.1/x",
      "https://127.0.0.1/x",
      "file:" + secret,
      "ssh://root@127.0.0.1/x"
    };
    for (String name : names) {
      DiskFiles.create(folder.resolve("x"), Qcow2Format.DEFAULT.withBacking(name, "raw"), SIZE);
      assertRefused("x", DiskOptions.READ, DiskException.Kind.REFUSED, "names '");
    }
    DiskFiles.create(
        folder.resolve("x"), Qcow2Format.DEFAULT.withBacking(secret.toString(), "raw"), SIZE);
    assertRefused("x", DiskOptions.UNTRUSTED, DiskException.Kind.REFUSED, "not trusted");
    Path sub = Files.createDirectory(folder.resolve("sub"));
    var fenced = DiskOptions.READ.withBases(BasePolicy.within(java.util.List.of(sub)));
    assertRefused("x", fenced, DiskException.Kind.REFUSED, "outside");
    Files.createSymbolicLink(sub.resolve("innocent"), secret);
    DiskFiles.create(sub.resolve("y"), Qcow2Format.DEFAULT.withBacking("innocent", "raw"), SIZE);
    assertThatThrownBy(() -> DiskFiles.open(sub.resolve("y"), fenced))
        .hasMessageContaining("outside");
  }

  @Test
  void aDataFileIsRefusedForStrangers() throws IOException {
    Path secret = Files.write(folder.resolve("secret"), filled(SIZE, 7));
    DiskFiles.create(
        folder.resolve("x"), Qcow2Format.DEFAULT.withDataFile(secret.toString(), true), SIZE);
    assertRefused("x", DiskOptions.UNTRUSTED, DiskException.Kind.REFUSED, "not trusted");
  }

  @Test
  void aFifoAsBaseDoesNotBlock() throws IOException, InterruptedException {
    var made = new ProcessBuilder("mkfifo", folder.resolve("pipe").toString()).start().waitFor();
    org.junit.jupiter.api.Assumptions.assumeTrue(made == 0, "mkfifo is not there");
    DiskFiles.create(folder.resolve("x"), Qcow2Format.DEFAULT.withBacking("pipe", "raw"), SIZE);
    assertRefused("x", DiskOptions.READ, DiskException.Kind.REFUSED, "neither a regular file");
  }

  @Test
  void manyChildrenShareOneBase() throws IOException {
    Files.write(folder.resolve("base"), filled(SIZE, 1));
    DiskFiles.createChild(folder.resolve("a"), "base", DiskFormat.RAW);
    DiskFiles.createChild(folder.resolve("b"), "base", DiskFormat.RAW);
    try (var a = DiskFiles.open(folder.resolve("a"), DiskOptions.WRITE);
        var b = DiskFiles.open(folder.resolve("b"), DiskOptions.WRITE)) {
      a.write(0, new byte[] {2});
      b.write(0, new byte[] {3});
      assertThat(a.read(0, 2)).containsExactly(2, 1);
      assertThat(b.read(0, 2)).containsExactly(3, 1);
      assertRefused("base", DiskOptions.WRITE, DiskException.Kind.LOCKED, "locked");
    }
  }

  private void assertRefused(
      String file, DiskOptions options, DiskException.Kind kind, String message) {
    assertThatThrownBy(() -> DiskFiles.open(folder.resolve(file), options))
        .isInstanceOfSatisfying(
            DiskException.class, refused -> assertThat(refused.kind()).isEqualTo(kind))
        .hasMessageContaining(message);
  }

  private static byte[] filled(int size, int value) {
    var bytes = new byte[size];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
