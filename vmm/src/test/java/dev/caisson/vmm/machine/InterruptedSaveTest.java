/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.kvm.Kvm;
import dev.caisson.vmm.snapshot.Snapshot;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A snapshot that is cut short while it is written, by a kill or a full disk, is no snapshot, and
 * in nobody's way. {@code -Dcaisson.snapshot.kills=50} for the long run.
 */
@Tag("integration")
@Timeout(300)
class InterruptedSaveTest {
  private static final String UNFINISHED = ".unfinished";

  @TempDir Path directory;

  @BeforeEach
  void require() {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm");
  }

  @Test
  void aKillLeavesWholeSnapshotsOnly() throws Exception {
    var random = new Random(Long.getLong("caisson.snapshot.seed", 4));
    int kills = Integer.getInteger("caisson.snapshot.kills", 4);
    int cutShort = 0;
    for (int kill = 0; kill < kills; kill++) {
      Path place = Files.createDirectory(directory.resolve("k" + kill));
      List<String> said = runAndKill(place, random.nextInt(500));
      String last = said.getLast();
      List<String> left = names(place);
      for (String name : left) {
        if (!name.endsWith(UNFINISHED)) {
          Snapshot.open(place.resolve(name)).verify();
        }
      }
      if (last.startsWith("begin")) {
        String name = "s" + last.substring("begin ".length());
        assertThat(left).contains(left.contains(name) ? name : name + UNFINISHED);
        cutShort += left.contains(name) ? 0 : 1;
        saveAgain(place, name);
      }
    }
    System.out.println(cutShort + " of " + kills + " kills were in the middle of a save");
  }

  /** What the victim said until it was killed. */
  private static List<String> runAndKill(Path place, int milliseconds)
      throws IOException, InterruptedException {
    Path said = place.resolveSibling(place.getFileName() + ".said");
    Path failed = place.resolveSibling(place.getFileName() + ".failed");
    var victim =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath(),
                SavingVictim.class.getName(),
                place.toString())
            .redirectOutput(said.toFile())
            .redirectError(failed.toFile())
            .start();
    for (int wait = 0; Files.size(said) == 0; wait++) {
      assertThat(victim.isAlive() && wait < 6000).as(Files.readString(failed)).isTrue();
      Thread.sleep(10);
    }
    Thread.sleep(milliseconds);
    victim.destroyForcibly();
    assertThat(victim.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readAllLines(said).stream()
        .filter(line -> line.matches("(begin|whole) \\d+"))
        .toList();
  }

  /** Tests run as a patched module; the victim runs from plain folders and jars. */
  private static String classPath() {
    return String.join(
        File.pathSeparator,
        System.getProperty("java.class.path"),
        System.getProperty("jdk.module.path", ""),
        "target/classes",
        "target/test-classes");
  }

  private static List<String> names(Path place) throws IOException {
    try (Stream<Path> entries = Files.list(place)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.equals("kernel"))
          .toList();
    }
  }

  /** Under the same name, with what was left of the other in the way. */
  private static void saveAgain(Path place, String name) throws Exception {
    if (Files.exists(place.resolve(name))) {
      SnapshotFiles.delete(place.resolve(name));
    }
    try (Kvm kvm = Kvm.open();
        Machine machine = SavingVictim.counting(kvm, place.resolve("kernel"), 8 << 20)) {
      machine.start();
      machine.pause();
      machine.save(place.resolve(name)).verify();
    }
    assertThat(names(place)).contains(name).noneMatch(entry -> entry.endsWith(UNFINISHED));
  }

  @Test
  void aFullDiskLeavesNothingAndTheMachineGoesOn() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "needs root: mount(8)");
    Path small = Files.createDirectory(directory.resolve("small"));
    run("mount", "-t", "tmpfs", "-o", "size=4m", "none", small.toString());
    try (Kvm kvm = Kvm.open();
        Machine machine = SavingVictim.counting(kvm, directory.resolve("kernel"), 16 << 20)) {
      machine.start();
      machine.pause();
      assertThatThrownBy(() -> machine.save(small.resolve("snapshot")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("No space left");
      assertThat(names(small)).isEmpty();
      machine.resume();
      assertThat(machine.ended()).isNotDone();
      run("mount", "-o", "remount,size=32m", small.toString());
      machine.pause();
      machine.save(small.resolve("snapshot")).verify();
    } finally {
      run("umount", "-l", small.toString());
    }
  }

  private static void run(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }
}
