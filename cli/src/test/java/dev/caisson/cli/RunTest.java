/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.LocalCommands.Result;
import dev.caisson.engine.Filters;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole commands on the real kernel. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RunTest {
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

  private Result caissonWith(String input, String... words) {
    return local.runWith(input, words);
  }

  @Test
  void outputErrorAndExitCodeComeBack() {
    var result =
        caisson(
            "run",
            "--rm",
            "--network",
            "none",
            "busybox",
            "sh",
            "-c",
            "echo a; echo b >&2; exit 7");
    assertThat(result).isEqualTo(new Result(7, "a\n", "b\n"));
    assertThat(local.engine.containers().list(true, 0, false, Filters.none())).isEmpty();
  }

  @Test
  void inputGoesIn() {
    var result =
        caissonWith(
            "x".repeat(300_000), "run", "--rm", "-i", "--network", "none", "busybox", "wc", "-c");
    assertThat(result.out().strip()).isEqualTo("300000");
  }

  @Test
  void missingAndUnexecutableCommandsHaveDockersCodes() {
    var missing = caisson("run", "--rm", "--network", "none", "busybox", "nosuch");
    assertThat(missing.code()).isEqualTo(127);
    assertThat(missing.err()).contains("nosuch").contains("try:");
    assertThat(caisson("run", "--rm", "--network", "none", "busybox", "/etc").code())
        .isEqualTo(126);
    assertThat(caisson("run", "--rm", "--pull=never", "nosuchimage").code()).isEqualTo(125);
    assertThat(caisson("run", "--nosuchflag", "busybox").code()).isEqualTo(125);
    assertThat(local.engine.containers().list(true, 0, false, Filters.none())).isEmpty();
  }

  @Test
  void theFirstProcessSeesThreeDescriptorsOnly() {
    // security note 3; ls itself opens the directory it lists.
    var result =
        caisson(
            "run",
            "--rm",
            "--network",
            "none",
            "busybox",
            "sh",
            "-c",
            "for f in /proc/1/fd/*; do echo ${f##*/}; done");
    assertThat(result.out().lines().filter(line -> line.matches("[0-2]")).toList())
        .containsExactly("0", "1", "2");
    assertThat(result.out().lines().count()).isLessThanOrEqualTo(4);
  }

  @Test
  void execJoinsAndDetachedContainersStop() {
    assertThat(
            caisson("run", "-d", "--name", "web", "--network", "none", "busybox", "sleep", "1000")
                .code())
        .isZero();
    assertThat(caisson("exec", "web", "sh", "-c", "exit 9").code()).isEqualTo(9);
    assertThat(caissonWith("in", "exec", "-i", "web", "cat").out()).isEqualTo("in");
    assertThat(caisson("ps", "--format", "{{.Names}} {{.State}}").out()).isEqualTo("web running\n");
    assertThat(caisson("stop", "-t", "0", "web").out()).isEqualTo("web\n");
    assertThat(caisson("ps").out()).doesNotContain("web");
    assertThat(caisson("rm", "web").code()).isZero();
  }

  @Test
  void logsFilesAndCommitSurviveTheRun() throws Exception {
    caisson(
        "run",
        "--name",
        "one",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        "echo logged; echo data >/file");
    assertThat(caisson("logs", "one").out()).isEqualTo("logged\n");
    assertThat(caisson("diff", "one").out()).contains("A /file");
    assertThat(caisson("cp", "-q", "one:/file", "copy").code()).isZero();
    assertThat(Files.readString(local.place.directory().resolve("copy"))).isEqualTo("data\n");
    assertThat(caisson("commit", "-c", "CMD cat /file", "one", "made").code()).isZero();
    assertThat(caisson("run", "--rm", "--network", "none", "made").out()).isEqualTo("data\n");
  }

  @Test
  void memoryBeyondTheLimitIs137AndToldAsOutOfMemory() {
    // security note 17
    var result =
        caisson(
            "run",
            "--name",
            "hog",
            "--network",
            "none",
            "-m",
            "32m",
            "--memory-swap",
            "32m",
            "busybox",
            "sh",
            "-c",
            "head -c 200m /dev/zero | tail");
    assertThat(result.code()).isEqualTo(137);
    assertThat(local.engine.containers().inspect("hog", false).state().oomKilled()).isTrue();
  }

  @Test
  void volumesKeepWhatContainersWrite() {
    caisson(
        "run",
        "--rm",
        "--network",
        "none",
        "-v",
        "data:/data",
        "busybox",
        "sh",
        "-c",
        "echo kept >/data/f");
    assertThat(
            caisson(
                    "run",
                    "--rm",
                    "--network",
                    "none",
                    "-v",
                    "data:/data:ro",
                    "busybox",
                    "cat",
                    "/data/f")
                .out())
        .isEqualTo("kept\n");
    assertThat(caisson("volume", "rm", "data").code()).isZero();
  }

  @Test
  void explainShowsThePlanAndMakesNothing() {
    var result = caisson("explain", "busybox", "true");
    assertThat(result.out()).contains("execute");
    assertThat(local.engine.containers().list(true, 0, false, Filters.none())).isEmpty();
  }
}
