/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.lab.sandbox.Bench.Outcome;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a program may expect of files, in the image's tree and in a directory of the host. */
interface FilesContract {
  List<String> POINTS =
      List.of("links", "attributes", "locks", "maps", "renames", "owners", "holes");

  Bench bench();

  /** An empty directory on the host. */
  Path directory();

  @Test
  default void filesOfTheHostBehaveAsOnAnyLinux() throws Exception {
    Path tools = Files.createDirectory(directory().resolve("tools"));
    Path files = Files.createDirectory(directory().resolve("files"));
    compile(tools);
    boolean extended =
        Files.getFileStore(files).supportsFileAttributeView(UserDefinedFileAttributeView.class);
    Outcome outcome =
        bench()
            .run(
                bench()
                    .workload(
                        "sh",
                        "-c",
                        "mkdir /root/files; /tools/files /data && /tools/files /root/files")
                    .mounts(
                        Mounts.of(
                            Mount.Bind.of(tools, "/tools").asReadOnly(),
                            Mount.Bind.of(files, "/data"))));
    List<String> kept =
        POINTS.stream().filter(point -> extended || !point.equals("attributes")).toList();
    assertThat(outcome.output().lines().filter(line -> extended || !line.endsWith("attributes")))
        .as(outcome.errors())
        .containsExactlyElementsOf(
            Stream.concat(kept.stream(), kept.stream()).map(point -> "ok " + point).toList());
    assertThat(Files.getAttribute(files.resolve("owners/own/made"), "unix:uid")).isEqualTo(1234);
  }

  private static void compile(Path directory) throws IOException, InterruptedException {
    Path source = directory.resolve("files.c");
    try (InputStream resource = FilesContract.class.getResourceAsStream("files.c")) {
      Files.copy(Objects.requireNonNull(resource, "files.c"), source);
    }
    Process compiler =
        new ProcessBuilder(
                "gcc",
                "-static",
                "-O1",
                "-o",
                directory.resolve("files").toString(),
                source.toString())
            .inheritIO()
            .start();
    assertThat(compiler.waitFor()).isZero();
  }
}
