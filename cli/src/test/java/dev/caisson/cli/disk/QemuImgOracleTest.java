/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.storage.HostFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each disk command beside qemu-img's: the same JSON fields and values, the same exit codes. */
@Tag("integration")
class QemuImgOracleTest {
  @TempDir Path folder;
  private QemuImg images;

  @BeforeEach
  void oracle() {
    QemuImg.require();
    images = new QemuImg(folder);
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "qcow2",
        "qcow2 compat=0.10",
        "qcow2 cluster_size=512",
        "qcow2 cluster_size=2M",
        "qcow2 cluster_size=4k,refcount_bits=1",
        "qcow2 refcount_bits=64,lazy_refcounts=on",
        "qcow2 extended_l2=on",
        "qcow2 compression_type=zstd",
        "qcow2 preallocation=metadata",
        "qcow2 data_file=data.raw,data_file_raw=on",
        "raw",
        "vmdk",
        "vpc",
        "vdi",
        "vhdx"
      })
  void infoMapCheckAndMeasureSayTheSame(String shape) throws IOException {
    String format = shape.split(" ")[0];
    List<String> create = new ArrayList<>(List.of("create", "-q", "-f", format));
    if (shape.contains(" ")) {
      create.addAll(List.of("-o", shape.split(" ")[1]));
    }
    create.addAll(List.of("disk", "3M"));
    images.qemu(create.toArray(String[]::new));
    images.fill(format, "disk");
    images.sameJson("info", "--output=json", "-f", format, "disk");
    if (!format.equals("vhdx")) { // of which QEMU can tell nothing
      images.sameJson("map", "--output=json", "-f", format, "disk");
      images.sameJson("map", "--output=json", "-s", "64k", "-l", "1100k", "-f", format, "disk");
    }
    if (!shape.contains("preallocation")
        && !format.equals("vhdx")) { // for QEMU asks the file below
      images.sameJson("measure", "--output=json", "-f", format, "-O", "qcow2", "disk");
    }
    images.sameJson("measure", "--output=json", "-f", format, "-O", "raw", "disk");
    if (format.equals("qcow2")) {
      images.sameJson("check", "--output=json", "-f", format, "disk");
    }
  }

  @Test
  void compressedClustersSnapshotsBitmapsAndBasesAreToldAlike() throws IOException {
    images.qemu("create", "-q", "-f", "raw", "raw", "3M");
    images.fill("raw", "raw");
    images.qemu("convert", "-c", "-f", "raw", "-O", "qcow2", "raw", "packed");
    images.qemu("create", "-q", "-f", "qcow2", "-b", "packed", "-F", "qcow2", "child", "4M");
    images.fill("qcow2", "child");
    images.qemu("snapshot", "-c", "one", "child");
    images.qemu("bitmap", "--add", "child", "b");
    images.qemu("bitmap", "--add", "--disable", "-g", "4096", "child", "c");
    images.qemu("create", "-q", "-f", "qcow2", "-b", "raw", "-F", "raw", "overraw", "4M");
    images.io("write -P 5 64k 10k", "qcow2", "overraw");
    for (String file : List.of("packed", "child", "overraw")) {
      images.sameJson("info", "--output=json", file);
      images.sameJson("map", "--output=json", file);
      images.sameJson("check", "--output=json", file);
      images.sameJson("measure", "--output=json", "-O", "qcow2", file);
    }
    images.sameJson("info", "--output=json", "--backing-chain", "child");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"1G, ''", "1G, cluster_size=4k", "100M, refcount_bits=64", "1T, cluster_size=2M"})
  void emptyDisksAreMeasuredAlike(String size, String options) throws IOException {
    if (options.isEmpty()) {
      images.sameJson("measure", "--output=json", "-O", "qcow2", "--size", size);
    } else {
      images.sameJson("measure", "--output=json", "-O", "qcow2", "-o", options, "--size", size);
    }
  }

  @Test
  void comparingEndsWithTheSameCodes() throws IOException {
    images.qemu("create", "-q", "-f", "raw", "a", "2M");
    images.fill("raw", "a");
    images.qemu("convert", "-O", "qcow2", "a", "same");
    images.qemu("convert", "-O", "qcow2", "a", "longer");
    images.qemu("resize", "-q", "longer", "3M");
    images.qemu("convert", "-O", "qcow2", "a", "other");
    images.io("write -P 99 1M 512", "qcow2", "other");
    images.sameCode("compare", "a", "same");
    images.sameCode("compare", "a", "longer");
    images.sameCode("compare", "-s", "a", "longer");
    images.sameCode("compare", "a", "other");
    images.sameCode("compare", "a", "absent");
  }

  @Test
  void checkingEndsWithTheSameCodes() throws IOException {
    images.qemu("create", "-q", "-f", "qcow2", "clean", "2M");
    images.fill("qcow2", "clean");
    for (String name : List.of("leaks", "corrupt", "broken")) {
      Files.copy(folder.resolve("clean"), folder.resolve(name));
    }
    put("leaks", (2 << 16) + 2 * 3, ByteBuffer.allocate(2).putShort(0, (short) 2));
    put("corrupt", (2 << 16) + 2 * 5, ByteBuffer.allocate(2));
    put("broken", 40, ByteBuffer.allocate(8).putLong(0, 77));
    images.qemu("create", "-q", "-f", "raw", "raw", "2M");
    for (String name : List.of("clean", "leaks", "corrupt", "broken", "absent")) {
      images.sameCode("check", "-f", "qcow2", name);
    }
    images.sameCode("check", "-f", "raw", "raw");
    images.sameJson("check", "--output=json", "-f", "qcow2", "leaks");
    for (String name : List.of("leaks", "corrupt")) {
      assertThat(images.ours("check", "-r", "all", "-f", "qcow2", name).code()).as(name).isZero();
      assertThat(images.theirs("check", "-f", "qcow2", name).code()).as(name).isZero();
    }
  }

  @Test
  void whatWeCreateConvertResizeAndRebaseQemuReads() throws IOException {
    images.qemu("create", "-q", "-f", "raw", "raw", "3M");
    images.fill("raw", "raw");
    images.must("convert", "-q", "-f", "raw", "-O", "qcow2", "raw", "base");
    images.must("create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "child");
    images.qemu("compare", "child", "raw");
    images.io("write -P 7 1M 100k", "qcow2", "child");
    images.must(
        "convert", "-q", "-c", "-o", "compression_type=zstd", "-O", "qcow2", "child", "flat");
    images.qemu("compare", "child", "flat");
    images.must("convert", "-q", "-O", "raw", "child", "flat.raw");
    images.qemu("compare", "child", "flat.raw");
    images.must("rebase", "-q", "-b", "", "child");
    images.qemu("compare", "child", "flat.raw");
    images.must("snapshot", "-c", "one", "child");
    images.must("resize", "-q", "child", "5M");
    images.must("resize", "-q", "--shrink", "child", "2M");
    images.must("snapshot", "-a", "one", "child");
    images.must("snapshot", "-d", "one", "child");
    images.qemu("check", "-q", "child");
    images.qemu("compare", "child", "flat.raw");
    images.must("create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "top");
    images.io("write -P 9 2M 10k", "qcow2", "top");
    images.must("convert", "-q", "-O", "raw", "top", "expected");
    images.must("commit", "-q", "top");
    images.qemu("compare", "base", "expected");
    images.must("dd", "if=base", "of=some", "bs=64k", "count=4", "-f", "qcow2", "-O", "raw");
    assertThat(Files.size(folder.resolve("some"))).isEqualTo(4 << 16);
    assertThat(images.ours("tree").out()).contains("base  qcow2", "└─ top");
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"-f qcow2 x 1M", "-f raw x 1M", "-f qcow2 -o cluster_size=4k x 1M"})
  void creatingIsAnnouncedAlike(String words) throws IOException {
    List<String> all = new ArrayList<>(List.of("create"));
    all.addAll(List.of(words.split(" ")));
    String ours = images.must(all.toArray(String[]::new));
    assertThat(ours).isEqualTo(images.theirs(all.toArray(String[]::new)).out());
  }

  /** With locks that belong to open files, as in the engine; module disk tests the JDK's. */
  @Test
  void anImageInUseIsRefusedBothWays() throws IOException {
    assertThat(HostFiles.installed()).isPresent();
    images.qemu("create", "-q", "-f", "qcow2", "x", "2M");
    var holder =
        new ProcessBuilder("qemu-io", "-f", "qcow2", folder.resolve("x").toString()).start();
    try (var commands = holder.outputWriter()) {
      commands.write("length\n");
      commands.flush();
      assertThat(holder.inputReader().readLine()).contains("2 MiB");
      assertThat(images.ours("resize", "x", "3M").err()).contains("locked");
      assertThat(images.ours("info", "x").code()).isEqualTo(1);
      assertThat(images.ours("info", "-U", "x").code()).isZero();
    }
    holder.onExit().join();
    try (var disk = DiskFiles.open(folder.resolve("x"), DiskOptions.WRITE)) {
      disk.write(0, new byte[] {1});
      assertThat(images.theirs("info", "x").err()).contains("lock");
      assertThat(images.theirs("info", "-U", "x").code()).isZero();
    }
    images.must("resize", "-q", "x", "3M");
  }

  private void put(String file, long at, ByteBuffer bytes) throws IOException {
    try (var channel = FileChannel.open(folder.resolve(file), StandardOpenOption.WRITE)) {
      channel.write(bytes, at);
    }
  }
}
