/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.MemoryConsole;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Wrong input of every kind: exit code 1, and one screen that names the input and what to do. */
class WrongInputTest {
  private static final int AT_CLUSTER_BITS = 20;
  private static final int AT_L1 = 40;
  private static final int AT_REFCOUNTS = 48;

  @TempDir Path folder;

  @BeforeEach
  void makeDisks() throws IOException {
    Files.createDirectory(folder.resolve("dir"));
    Files.createFile(folder.resolve("empty"));
    Files.writeString(folder.resolve("cut"), "QFI\u00fb");
    for (String name : new String[] {"good", "l1", "counts", "bits"}) {
      DiskFiles.create(folder.resolve(name), Qcow2Format.DEFAULT, 10 << 20);
    }
    spoil("l1", AT_L1);
    spoil("counts", AT_REFCOUNTS);
    spoil("bits", AT_CLUSTER_BITS);
    var lost = Qcow2Format.DEFAULT.withBacking("gone", "qcow2");
    DiskFiles.create(folder.resolve("orphan"), lost, 1 << 20);
    DiskFiles.create(
        folder.resolve("ring"), Qcow2Format.DEFAULT.withBacking("ring", "qcow2"), 1 << 20);
  }

  private void spoil(String file, long at) throws IOException {
    try (var channel = FileChannel.open(folder.resolve(file), StandardOpenOption.WRITE)) {
      int _ = channel.write(ByteBuffer.allocate(4).putInt(0, -1), at);
    }
  }

  private void refused(String words, String told) {
    var console = new MemoryConsole("", folder);
    int code = DiskMain.run(console, words.split(" "));
    assertThat(code).as(words + console.outText() + console.errText()).isEqualTo(1);
    assertThat(console.errText()).startsWith("caisson: ").contains(told);
    assertThat(console.errText().lines().count()).isLessThanOrEqualTo(2);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "info absent, absent",
    "info bits, try: caisson disk check",
    "info dir, is a directory",
    "info -f qcow2 empty, empty",
    "info -f qcow2 cut, cut",
    "info l1, L1 table",
    "check counts, refcount table",
    "convert bits x, cluster size",
    "convert orphan x, rebase -u",
    "convert ring x, on itself",
    "convert -f nonsense good x, raw",
    "convert -f vmdk good x, vmdk",
    "convert good dir, is a directory",
    "convert good nodir/x, nodir",
    "convert good /dev/full, No space left",
    "create -f qcow2 x 10X, K",
    "create -f qcow2 x -1, not a size",
    "create -f qcow2 x 99999999999G, not a size",
    "create -f qcow2 x 8E, not a size",
    "create -f qcow2 -o cluster_size=3k x 1M, 512",
    "create -f qcow2 -o refcount_bits=3 x 1M, 64",
    "create -f qcow2 x, size",
    "create, name",
    "create -f qcow2 dir 1M, is a directory",
    "create -f qcow2 x 1M more, --help",
    "create -f qcow2 -b absent -F qcow2 x, absent",
    "create -f qcow2 -b good x, -F",
    "resize good nope, not a size",
    "resize good 5M, --shrink",
    "resize good -5M, --shrink",
    "resize good 9E, not a size",
    "commit good, no base",
    "rebase -b absent -F qcow2 good, absent",
    "rebase -b good -F qcow2 good, itself",
    "snapshot -a nope good, nope",
    "snapshot -c x -d y good, one at a time",
    "bench -c 0 good, -c",
    "bench -d 0 good, -d",
    "bench -s 0 good, -s",
    "bench -s 11M good, smaller",
    "serve -p 99999999 good, 65535",
    "serve absent, absent",
    "info --nonsense good, --help",
    "info -f, --help",
    "info nbd+unix:///?socket=/nowhere/at/all, /nowhere",
    "bitmap --add dir b, is a directory",
    "amend -o compat=1.1 empty, raw",
    "nonsense, nonsense"
  })
  void oneScreenNamesTheInputAndTheRemedy(String words, String told) {
    if (words.equals("nonsense")) {
      var console = new MemoryConsole("", folder);
      assertThat(DiskMain.run(console, words)).isEqualTo(1);
      assertThat(console.errText()).contains("no command 'nonsense'").contains("disk convert");
      return;
    }
    refused(words, told);
  }

  @Test
  void aDiskInUseIsNamed() {
    try (var _ = DiskFiles.open(folder.resolve("good"), DiskOptions.WRITE)) {
      refused("convert good x", "locked");
    }
  }

  @Test
  void sizesBelowNothingAreSizes() {
    var console = new MemoryConsole("", folder);
    assertThat(DiskMain.run(console, "resize", "--shrink", "good", "-4M")).isZero();
    assertThat(DiskFiles.sizeOf(folder.resolve("good"), DiskFormat.QCOW2)).isEqualTo(6L << 20);
  }
}
