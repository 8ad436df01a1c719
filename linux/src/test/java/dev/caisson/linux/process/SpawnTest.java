/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpawnTest {
  @TempDir Path temporary;

  @Test
  void exitCodeAndSignalAreTold() {
    assertThat(shell("exit 7", Map.of())).isEqualTo(new ExitStatus.Exited(7));
    ExitStatus killed = shell("kill -TERM $$", Map.of());
    assertThat(killed).isEqualTo(new ExitStatus.Killed(15, false));
    assertThat(killed.code()).isEqualTo(143);
  }

  @Test
  void childHasExactlyTheListedDescriptors() throws Exception {
    try (Fd out = output("list");
        Fd other = output("other")) {
      shell("cd /proc/self/fd; echo * >&1", Map.of(0, other, 1, out, 5, other));
    }
    // The shell's own open of "." for the glob takes the lowest free number.
    assertThat(Files.readString(temporary.resolve("list")).strip()).isEqualTo("0 1 2 5");
  }

  @Test
  void descriptorsMaySwapNumbers() throws Exception {
    try (Fd a = output("a");
        Fd b = output("b")) {
      shell(
          "echo to-a >/proc/self/fd/" + b.number() + "; echo to-b >/proc/self/fd/" + a.number(),
          Map.of(a.number(), b, b.number(), a));
    }
    assertThat(temporary.resolve("a")).hasContent("to-a\n");
    assertThat(temporary.resolve("b")).hasContent("to-b\n");
  }

  @Test
  void signalsAreReset() throws Exception {
    try (Fd out = output("status")) {
      shell("grep -E 'Sig(Blk|Ign)' /proc/self/status", Map.of(1, out));
    }
    assertThat(Files.readString(temporary.resolve("status")).replaceAll("[^0-9a-f\n]", ""))
        .contains("00000000");
    assertThat(Files.readString(temporary.resolve("status"))).contains("SigBlk:\t0000000000000000");
  }

  @Test
  void environmentIsPassedExactly() throws Exception {
    try (Fd out = output("env")) {
      new Spawn(
              new Executable.At("/usr/bin/env"),
              List.of("env", "-0"),
              List.of("A=1\n2", "=odd", "EMPTY="),
              new TreeMap<>(Map.of(1, out)))
          .start()
          .await();
    }
    assertThat(Files.readString(temporary.resolve("env"))).isEqualTo("A=1\n2\0=odd\0EMPTY=\0");
  }

  @Test
  void openFileRunsWithoutAPath() {
    try (Fd program = Directory.openFile(Path.of("/bin/true"), 0, OpenFlag.READ)) {
      Spawn spawn =
          new Spawn(new Executable.Open(program), List.of("true"), List.of(), new TreeMap<>());
      try (ProcessFd child = spawn.start()) {
        assertThat(child.await()).isEqualTo(new ExitStatus.Exited(0));
        assertThat(child.signal(Signal.TERM)).isFalse();
      }
    }
  }

  @Test
  void missingProgramIsTheSubject() {
    assertThatThrownBy(() ->
            new Spawn(new Executable.At("/absent"), List.of("x"), List.of(), new TreeMap<>())
                .start())
        .isInstanceOfSatisfying(
            LinuxException.class,
            e -> {
              assertThat(e.errno()).isEqualTo(Errno.ENOENT);
              assertThat(e.subject()).isEqualTo("/absent");
            });
  }

  private Fd output(String name) {
    return Directory.openFile(
        temporary.resolve(name), 0600, OpenFlag.CREATE, OpenFlag.WRITE, OpenFlag.APPEND);
  }

  private ExitStatus shell(String script, Map<Integer, Fd> files) {
    Spawn spawn =
        new Spawn(
            new Executable.At("/bin/sh"),
            List.of("sh", "-c", script),
            List.of("PATH=/usr/bin:/bin"),
            new TreeMap<>(files));
    try (ProcessFd child = spawn.start()) {
      return child.await();
    }
  }
}
