/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Installation.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an engine that ends leaves on the host: nothing, or what its containers need. */
@Tag("integration")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LeavingEngineTest {
  private TestPlace place;
  private Path program;

  @BeforeEach
  void install() throws Exception {
    place = TestPlace.make();
    program = Installation.in(place.directory().resolve("prefix")).prefix().resolve("bin/caisson");
    assertThat(caisson("image", "build-base", "busybox").code()).isZero();
  }

  @AfterEach
  void leave() throws Exception {
    caisson("rm", "-f", "kept");
    assertThat(caisson("engine", "stop").code()).isZero();
    place.close();
  }

  private Result caisson(String... words) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                "env",
                "CAISSON_ROOT=" + place.directory().resolve("root"),
                "CAISSON_RUN=" + run(),
                program.toString()));
    command.addAll(List.of(words));
    return Installation.run(command, "");
  }

  private Path run() {
    return place.directory().resolve("run");
  }

  /** What firewall and interfaces of this engine are called after. docs/networks.md */
  private String tag() {
    var digits = Integer.toString(run().toString().hashCode() & 0x7fff_ffff, 36);
    return digits.substring(Math.max(0, digits.length() - 4));
  }

  /** Of all that could be left, what is, a line each. */
  private List<String> left() throws Exception {
    var found = new ArrayList<String>();
    matching(found, Installation.run(List.of("nft", "list", "tables"), "").out(), "_" + tag());
    matching(found, Installation.run(List.of("ip", "-o", "link"), "").out(), " cs" + tag() + "-");
    matching(found, Installation.run(List.of("ip", "-o", "link"), "").out(), " cb" + tag() + "-");
    var directory = place.directory() + "/";
    matching(found, Files.readString(Path.of("/proc/self/mounts")), directory);
    for (var name : List.of("run/c", "root/scratch", "root/aside", "root/containers")) {
      var folder = place.directory().resolve(name);
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.list(folder)) {
          files.forEach(file -> found.add(file.toString()));
        }
      }
    }
    return found;
  }

  private static void matching(List<String> found, String text, String word) {
    text.lines().filter(line -> line.contains(word)).forEach(found::add);
  }

  /** The kernel takes interfaces down in its own time. */
  private void assertNothingLeft() throws Exception {
    for (int i = 0; i < 300 && !left().isEmpty(); i++) {
      Thread.sleep(100);
    }
    assertThat(left()).isEmpty();
  }

  @Test
  void anEngineWithoutContainersLeavesNothing() throws Exception {
    assertThat(caisson("network", "create", "more").code()).isZero();
    assertThat(caisson("run", "--rm", "--network", "more", "busybox", "true").code()).isZero();
    assertThat(caisson("run", "--name", "kept", "-p", "127.0.0.1::80", "busybox", "true").code())
        .isZero();
    assertThat(caisson("rm", "kept").code()).isZero();
    assertThat(left()).isNotEmpty();
    assertThat(caisson("engine", "stop").code()).isZero();
    assertNothingLeft();
  }

  @Test
  void anEngineWithContainersLeavesWhatTheyNeedAndTheNextOneTakesItAway() throws Exception {
    var script = "while :; do echo hello | nc -l -p 80; done";
    var port = "127.0.0.1::80";
    assertThat(caisson("run", "-d", "--name", "kept", "-p", port, "busybox", "sh", "-c", script))
        .extracting(Result::code)
        .isEqualTo(0);
    var number = caisson("port", "kept", "80").out().strip().split(":")[1];
    assertThat(caisson("engine", "stop").code()).isZero();
    assertThat(left()).anyMatch(line -> line.contains("caisson_" + tag()));
    // The server may be between two answers.
    var ask =
        "for i in $(seq 100); do nc -w 2 127.0.0.1 %s </dev/null | grep hello && break; sleep 0.1; done";
    var answer = Installation.run(List.of("busybox", "sh", "-c", ask.formatted(number)), "");
    assertThat(answer.out()).isEqualTo("hello\n");
    assertThat(caisson("rm", "-f", "kept").code()).isZero();
    assertThat(caisson("engine", "stop").code()).isZero();
    assertNothingLeft();
  }
}
