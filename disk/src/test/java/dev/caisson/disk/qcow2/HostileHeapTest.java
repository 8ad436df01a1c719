/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Absurd images cost less than a second of processor time and 64 MiB of heap. Security notes, 41.
 */
@Tag("integration")
class HostileHeapTest {
  @TempDir Path folder;

  @Test
  void absurdImagesAreReadOrRefusedInASecondAnd64MebibytesOfHeap()
      throws IOException, InterruptedException {
    List<Path> images = HostileImages.in(folder);
    Path said = folder.resolve("said");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                KilledWriterTest.classPath(),
                HostileReader.class.getName()));
    images.forEach(image -> command.add(image.toString()));
    var process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("it ends").isTrue();
    List<String> lines = Files.readAllLines(said);
    assertThat(process.exitValue()).as(String.join("\n", lines)).isZero();
    assertThat(lines).hasSize(images.size() + 1).last().isEqualTo("all survived");
    assertThat(lines.subList(0, images.size()))
        .allSatisfy(
            line -> assertThat(Long.parseLong(line.split(" ms")[0])).as(line).isLessThan(1000));
  }
}
