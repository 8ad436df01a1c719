/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.command.CommandRunner;
import dev.caisson.cli.command.CommandTable;
import dev.caisson.engine.Engine;
import dev.caisson.engine.Filters;
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
  private TestPlace place;
  private Engine engine;

  @BeforeEach
  void open() throws Exception {
    place = TestPlace.make();
    engine = Engine.open(place.options());
    succeeds("image", "build-base", "busybox");
  }

  @AfterEach
  void close() throws Exception {
    if (engine != null) {
      for (var left : engine.containers().list(true, 0, false, Filters.none())) {
        engine.containers().remove(left.id(), true, true);
      }
      engine.close();
      place.close();
    }
  }

  private record Result(int code, String out, String err) {}

  private Result caisson(String... words) {
    var console = new MemoryConsole("", place.directory());
    int code = new CommandRunner(engine, new CommandTable()).run(List.of(words), console);
    return new Result(code, console.outText(), console.errText());
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
    Files.delete(place.directory().resolve("saved.tar"));
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
    try (var files = Files.walk(place.options().root())) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }
}
