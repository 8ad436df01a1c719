/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.LocalCommands.Result;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands on images, from a base image to its removal. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ImagesTest {
  private LocalCommands local;

  @BeforeEach
  void open() throws Exception {
    local = LocalCommands.withBusybox();
  }

  @AfterEach
  void close() throws Exception {
    if (local != null) {
      local.close();
    }
  }

  private Result caisson(String... words) {
    return local.run(words);
  }

  private String succeeds(String... words) {
    var result = caisson(words);
    assertThat(result.code()).as("%s: %s", List.of(words), result).isZero();
    return result.out().strip();
  }

  private List<String> names() {
    return succeeds("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
        .lines()
        .filter(line -> !line.isEmpty())
        .toList();
  }

  @Test
  void namesComeAndGo() {
    assertThat(succeeds("image", "build-base", "busybox")).contains("sha256:");
    succeeds("tag", "busybox", "team/copy:1");
    assertThat(names()).containsExactlyInAnyOrder("busybox:latest", "team/copy:1");
    assertThat(succeeds("image", "inspect", "-f", "{{.Id}}", "team/copy:1"))
        .isEqualTo(succeeds("image", "inspect", "-f", "{{.Id}}", "busybox"));
    assertThat(succeeds("image", "history", "--no-trunc", "busybox")).contains("busybox");
    assertThat(succeeds("image", "rm", "busybox")).contains("Untagged: busybox:latest");
    assertThat(names()).containsExactly("team/copy:1");
    assertThat(succeeds("image", "rm", "team/copy:1")).contains("Deleted: sha256:");
    assertThat(names()).isEmpty();
    assertThat(caisson("image", "inspect", "busybox").code()).isEqualTo(1);
  }

  @Test
  void anImageInUseStays() {
    succeeds("create", "--name", "user", "--network", "none", "busybox", "true");
    var refused = caisson("image", "rm", "busybox");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("is using").contains("try: caisson rm");
    succeeds("image", "prune", "-af");
    assertThat(names()).containsExactly("busybox:latest");
    succeeds("rm", "user");
    succeeds("image", "prune", "-af");
    assertThat(names()).isEmpty();
  }

  @Test
  void savedImagesComeBack() throws Exception {
    var id = succeeds("image", "inspect", "-f", "{{.Id}}", "busybox");
    succeeds("save", "-o", "saved.tar", "busybox");
    succeeds("image", "rm", "busybox");
    assertThat(succeeds("load", "-i", "saved.tar")).contains("busybox:latest");
    assertThat(succeeds("image", "inspect", "-f", "{{.Id}}", "busybox")).isEqualTo(id);
    assertThat(succeeds("run", "--rm", "--network", "none", "busybox", "echo", "back"))
        .isEqualTo("back");
    Files.delete(local.place.directory().resolve("saved.tar"));
  }

  @Test
  void exportedFilesBecomeAnImage() {
    succeeds("run", "--name", "maker", "--network", "none", "busybox", "sh", "-c", "echo x >/made");
    succeeds("export", "-o", "files.tar", "maker");
    succeeds("image", "import", "-c", "CMD [\"cat\", \"/made\"]", "files.tar", "flat");
    assertThat(succeeds("run", "--rm", "--network", "none", "flat")).isEqualTo("x");
    assertThat(succeeds("image", "inspect", "-f", "{{len .RootFS.Layers}}", "flat")).isEqualTo("1");
  }

  @Test
  void whatNobodyNeedsIsTakenOffTheDisk() throws Exception {
    long before = size();
    succeeds(
        "run",
        "--name",
        "maker",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        "head -c 8000000 /dev/urandom >/big");
    succeeds("commit", "maker", "big");
    succeeds("rm", "maker");
    assertThat(size()).isGreaterThan(before + 8_000_000);
    succeeds("image", "rm", "big");
    succeeds("image", "prune", "-f");
    assertThat(size()).isLessThan(before + 1_000_000);
  }

  private long size() throws Exception {
    try (var files = Files.walk(local.place.options().root())) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }
}
