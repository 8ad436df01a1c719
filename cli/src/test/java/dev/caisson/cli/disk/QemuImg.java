/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.cli.MemoryConsole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The same words given to the disk commands and to qemu-img, in the same folder. */
record QemuImg(Path folder) {

  record Answer(int code, String out, String err) {}

  /** Skips the test where there is nothing to compare with. */
  static void require() {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "qemu-img is not installed");
  }

  Answer ours(String... words) {
    var console = new MemoryConsole("", folder);
    int code = DiskMain.run(console, words);
    return new Answer(code, console.outText(), console.errText());
  }

  Answer theirs(String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("qemu-img"));
    command.addAll(List.of(words));
    return run(command.toArray(String[]::new));
  }

  /** Ours, which must succeed. */
  String must(String... words) {
    var answer = ours(words);
    assertThat(answer.code()).as(String.join(" ", words) + ": " + answer.err()).isZero();
    return answer.out();
  }

  /** Theirs, which must succeed. */
  String qemu(String... words) throws IOException {
    var answer = theirs(words);
    assertThat(answer.code()).as(List.of(words) + answer.out() + answer.err()).isZero();
    return answer.out();
  }

  void io(String command, String format, String file) throws IOException {
    run("qemu-io", "-f", format, "-c", command, folder.resolve(file).toString());
  }

  /** Both end with the same exit code, which is returned. */
  int sameCode(String... words) throws IOException {
    var expected = theirs(words);
    var got = ours(words);
    assertThat(got.code())
        .as(
            "%s: %s%s but qemu-img: %s%s",
            List.of(words), got.out(), got.err(), expected.out(), expected.err())
        .isEqualTo(expected.code());
    return got.code();
  }

  /** Both print the same JSON, and end with the same exit code. */
  void sameJson(String... words) throws IOException {
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
        var fields = new TreeMap<String, Object>();
        map.forEach((name, field) -> fields.put((String) name, comparable(field)));
        fields.remove("compressed");
        if (fields.containsKey("virtual-size") && !"qcow2".equals(fields.get("format"))) {
          fields.remove("format-specific");
          fields.remove("cluster-size");
        }
        yield fields;
      }
      case List<?> list -> list.stream().map(QemuImg::comparable).toList();
      default -> value;
    };
  }

  /** Gives a disk of 3 MiB data, and zeroes where its format has such. */
  void fill(String format, String file) throws IOException {
    io("write -P 1 0 70k", format, file);
    io("write -P 2 1M 64k", format, file);
    if (!format.equals("vpc") && !format.equals("vdi") && !format.equals("vhdx")) {
      io("write -z 2M 128k", format, file);
    }
  }

  Answer run(String... command) throws IOException {
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
