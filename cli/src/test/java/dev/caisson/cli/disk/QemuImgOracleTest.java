/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.cli.MemoryConsole;
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
import java.util.Map;
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

  @BeforeEach
  void oracle() {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "qemu-img is not installed");
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
    qemu(create.toArray(String[]::new));
    fill(format, "disk");
    assertSame("info", "--output=json", "-f", format, "disk");
    // Of preallocated clusters QEMU asks the file below; of VHDX it can tell nothing.
    if (!shape.contains("preallocation") && !format.equals("vhdx")) {
      assertSame("map", "--output=json", "-f", format, "disk");
      assertSame("measure", "--output=json", "-f", format, "-O", "qcow2", "disk");
    }
    assertSame("measure", "--output=json", "-f", format, "-O", "raw", "disk");
    if (format.equals("qcow2")) {
      assertSame("check", "--output=json", "-f", format, "disk");
    }
  }

  @Test
  void compressedClustersSnapshotsBitmapsAndBasesAreToldAlike() throws IOException {
    qemu("create", "-q", "-f", "raw", "raw", "3M");
    fill("raw", "raw");
    qemu("convert", "-c", "-f", "raw", "-O", "qcow2", "raw", "packed");
    qemu("create", "-q", "-f", "qcow2", "-b", "packed", "-F", "qcow2", "child", "4M");
    fill("qcow2", "child");
    qemu("snapshot", "-c", "one", "child");
    qemu("bitmap", "--add", "child", "b");
    qemu("bitmap", "--add", "--disable", "-g", "4096", "child", "c");
    qemu("create", "-q", "-f", "qcow2", "-b", "raw", "-F", "raw", "overraw", "4M");
    io("write -P 5 64k 10k", "qcow2", "overraw");
    for (String file : List.of("packed", "child", "overraw")) {
      assertSame("info", "--output=json", file);
      assertSame("map", "--output=json", file);
      assertSame("check", "--output=json", file);
      assertSame("measure", "--output=json", "-O", "qcow2", file);
    }
    assertSame("info", "--output=json", "--backing-chain", "child");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"1G, ''", "1G, cluster_size=4k", "100M, refcount_bits=64", "1T, cluster_size=2M"})
  void emptyDisksAreMeasuredAlike(String size, String options) throws IOException {
    if (options.isEmpty()) {
      assertSame("measure", "--output=json", "-O", "qcow2", "--size", size);
    } else {
      assertSame("measure", "--output=json", "-O", "qcow2", "-o", options, "--size", size);
    }
  }

  @Test
  void comparingEndsWithTheSameCodes() throws IOException {
    qemu("create", "-q", "-f", "raw", "a", "2M");
    fill("raw", "a");
    qemu("convert", "-O", "qcow2", "a", "same");
    qemu("convert", "-O", "qcow2", "a", "longer");
    qemu("resize", "-q", "longer", "3M");
    qemu("convert", "-O", "qcow2", "a", "other");
    io("write -P 99 1M 512", "qcow2", "other");
    assertSameCode("compare", "a", "same");
    assertSameCode("compare", "a", "longer");
    assertSameCode("compare", "-s", "a", "longer");
    assertSameCode("compare", "a", "other");
    assertSameCode("compare", "a", "absent");
  }

  @Test
  void checkingEndsWithTheSameCodes() throws IOException {
    qemu("create", "-q", "-f", "qcow2", "clean", "2M");
    fill("qcow2", "clean");
    for (String name : List.of("leaks", "corrupt", "broken")) {
      Files.copy(folder.resolve("clean"), folder.resolve(name));
    }
    put("leaks", (2 << 16) + 2 * 3, ByteBuffer.allocate(2).putShort(0, (short) 2));
    put("corrupt", (2 << 16) + 2 * 5, ByteBuffer.allocate(2));
    put("broken", 40, ByteBuffer.allocate(8).putLong(0, 77));
    qemu("create", "-q", "-f", "raw", "raw", "2M");
    for (String name : List.of("clean", "leaks", "corrupt", "broken", "absent")) {
      assertSameCode("check", "-f", "qcow2", name);
    }
    assertSameCode("check", "-f", "raw", "raw");
    assertSame("check", "--output=json", "-f", "qcow2", "leaks");
    for (String name : List.of("leaks", "corrupt")) {
      assertThat(ours("check", "-r", "all", "-f", "qcow2", name).code()).as(name).isZero();
      assertThat(theirs("check", "-f", "qcow2", name).code()).as(name).isZero();
    }
  }

  @Test
  void whatWeCreateConvertResizeAndRebaseQemuReads() throws IOException {
    qemu("create", "-q", "-f", "raw", "raw", "3M");
    fill("raw", "raw");
    must("convert", "-q", "-f", "raw", "-O", "qcow2", "raw", "base");
    must("create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "child");
    qemu("compare", "child", "raw");
    io("write -P 7 1M 100k", "qcow2", "child");
    must("convert", "-q", "-c", "-o", "compression_type=zstd", "-O", "qcow2", "child", "flat");
    qemu("compare", "child", "flat");
    must("convert", "-q", "-O", "raw", "child", "flat.raw");
    qemu("compare", "child", "flat.raw");
    must("rebase", "-q", "-b", "", "child");
    qemu("compare", "child", "flat.raw");
    must("snapshot", "-c", "one", "child");
    must("resize", "-q", "child", "5M");
    must("resize", "-q", "--shrink", "child", "2M");
    must("snapshot", "-a", "one", "child");
    must("snapshot", "-d", "one", "child");
    qemu("check", "-q", "child");
    qemu("compare", "child", "flat.raw");
    must("create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "top");
    io("write -P 9 2M 10k", "qcow2", "top");
    must("convert", "-q", "-O", "raw", "top", "expected");
    must("commit", "-q", "top");
    qemu("compare", "base", "expected");
    must("dd", "if=base", "of=some", "bs=64k", "count=4", "-f", "qcow2", "-O", "raw");
    assertThat(Files.size(folder.resolve("some"))).isEqualTo(4 << 16);
    assertThat(ours("tree").out()).contains("base  qcow2", "└─ top");
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"-f qcow2 x 1M", "-f raw x 1M", "-f qcow2 -o cluster_size=4k x 1M"})
  void creatingIsAnnouncedAlike(String words) throws IOException {
    List<String> all = new ArrayList<>(List.of("create"));
    all.addAll(List.of(words.split(" ")));
    String ours = must(all.toArray(String[]::new));
    assertThat(ours).isEqualTo(theirs(all.toArray(String[]::new)).out());
  }

  /** With locks that belong to open files, as in the engine; module disk tests the JDK's. */
  @Test
  void anImageInUseIsRefusedBothWays() throws IOException {
    assertThat(HostFiles.installed()).isPresent();
    qemu("create", "-q", "-f", "qcow2", "x", "2M");
    var holder =
        new ProcessBuilder("qemu-io", "-f", "qcow2", folder.resolve("x").toString()).start();
    try (var commands = holder.outputWriter()) {
      commands.write("length\n");
      commands.flush();
      assertThat(holder.inputReader().readLine()).contains("2 MiB");
      assertThat(ours("resize", "x", "3M").err()).contains("locked");
      assertThat(ours("info", "x").code()).isEqualTo(1);
      assertThat(ours("info", "-U", "x").code()).isZero();
    }
    holder.onExit().join();
    try (var disk = DiskFiles.open(folder.resolve("x"), DiskOptions.WRITE)) {
      disk.write(0, new byte[] {1});
      assertThat(theirs("info", "x").err()).contains("lock");
      assertThat(theirs("info", "-U", "x").code()).isZero();
    }
    must("resize", "-q", "x", "3M");
  }

  private void fill(String format, String file) throws IOException {
    io("write -P 1 0 70k", format, file);
    io("write -P 2 1M 64k", format, file);
    if (!format.equals("vpc") && !format.equals("vdi") && !format.equals("vhdx")) {
      io("write -z 2M 128k", format, file);
    }
  }

  private void io(String command, String format, String file) throws IOException {
    run("qemu-io", "-f", format, "-c", command, folder.resolve(file).toString());
  }

  private void put(String file, long at, ByteBuffer bytes) throws IOException {
    try (var channel = FileChannel.open(folder.resolve(file), StandardOpenOption.WRITE)) {
      channel.write(bytes, at);
    }
  }

  private void assertSame(String... words) throws IOException {
    var expected = theirs(words);
    var got = ours(words);
    assertThat(got.code()).as(String.join(" ", words) + got.err()).isEqualTo(expected.code());
    assertThat(comparable(JsonReader.parse(got.out())))
        .as(String.join(" ", words))
        .isEqualTo(comparable(JsonReader.parse(expected.out())));
  }

  /** QEMU 7.2 has no field "compressed" yet; what a foreign format says of itself is not read. */
  private static Object comparable(Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        var fields = new java.util.TreeMap<String, Object>();
        map.forEach((name, field) -> fields.put((String) name, comparable(field)));
        fields.remove("compressed");
        if (fields.containsKey("virtual-size") && !"qcow2".equals(fields.get("format"))) {
          fields.remove("format-specific");
          fields.remove("cluster-size");
        }
        yield fields;
      }
      case List<?> list -> list.stream().map(QemuImgOracleTest::comparable).toList();
      default -> value;
    };
  }

  private void assertSameCode(String... words) throws IOException {
    var expected = theirs(words);
    var got = ours(words);
    assertThat(got.code())
        .as(
            "%s: %s%s but qemu-img: %s%s",
            List.of(words), got.out(), got.err(), expected.out(), expected.err())
        .isEqualTo(expected.code());
  }

  record Answer(int code, String out, String err) {}

  private String must(String... words) {
    var answer = ours(words);
    assertThat(answer.code()).as(String.join(" ", words) + ": " + answer.err()).isZero();
    return answer.out();
  }

  private Answer ours(String... words) {
    var console = new MemoryConsole("", folder);
    int code = DiskMain.run(console, words);
    return new Answer(code, console.outText(), console.errText());
  }

  private void qemu(String... words) throws IOException {
    var answer = theirs(words);
    assertThat(answer.code()).as(List.of(words) + answer.out() + answer.err()).isZero();
  }

  private Answer theirs(String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("qemu-img"));
    command.addAll(List.of(words));
    return run(command.toArray(String[]::new));
  }

  private Answer run(String... command) throws IOException {
    Path errors = folder.resolve(".errors");
    var process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(errors.toFile())
            .start();
    var out = new String(process.getInputStream().readAllBytes());
    try {
      return new Answer(process.waitFor(), out, Files.readString(errors));
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
  }
}
