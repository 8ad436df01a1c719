/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A writer that is killed at any moment leaks clusters at worst, and what it flushed is there.
 * {@code -Dcaisson.disk.kills=200} for the long run.
 */
@Tag("integration")
class KilledWriterTest {
  @TempDir Path folder;

  @Test
  void aKillLeaksAtWorst() throws IOException, InterruptedException {
    QemuImg.require();
    var random = new Random(Long.getLong("caisson.disk.seed", 9));
    int kills = Integer.getInteger("caisson.disk.kills", 4);
    for (int kill = 0; kill < kills; kill++) {
      Path image = folder.resolve("k" + kill);
      int clusterBits = 9 + random.nextInt(8);
      Images.create(image, Qcow2Format.DEFAULT.withClusterSize(1 << clusterBits), KilledWriter.SIZE)
          .close();
      long flushed = runAndKill(image, random.nextInt(1 << 30), 20 + random.nextInt(400));
      var check = QemuImg.run("check", image.toString());
      assertThat(check.exitCode()).as("kill %d: %s", kill, check).isIn(0, 3); // 3: leaks only
      verifyFlushed(image, flushed);
    }
  }

  /** Returns the last round that the victim said it had flushed. */
  private static long runAndKill(Path image, int seed, int milliseconds)
      throws IOException, InterruptedException {
    Path said = image.resolveSibling(image.getFileName() + ".said");
    var victim =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                classPath(),
                KilledWriter.class.getName(),
                image.toString(),
                Integer.toString(seed))
            .redirectOutput(said.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    for (int wait = 0; Files.size(said) == 0; wait++) {
      assertThat(victim.isAlive() && wait < 6000).as("the victim starts").isTrue();
      Thread.sleep(10);
    }
    Thread.sleep(milliseconds);
    victim.destroyForcibly();
    assertThat(victim.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readAllLines(said).stream()
        .filter(line -> line.matches("\\d+\\."))
        .mapToLong(line -> Long.parseLong(line.substring(0, line.length() - 1)))
        .max()
        .orElse(-1);
  }

  /** Tests run as a patched module; the victim runs from plain folders and jars. */
  static String classPath() {
    return String.join(
        java.io.File.pathSeparator,
        System.getProperty("java.class.path"),
        System.getProperty("jdk.module.path", ""),
        "target/classes",
        "target/test-classes");
  }

  /** Every entry of the ledger holds its round, or a later one that was not told any more. */
  private static void verifyFlushed(Path image, long flushed) {
    try (var disk = Images.open(image, false)) {
      long first = Math.max(0, flushed - KilledWriter.LEDGER + 1);
      for (long round = first; round <= flushed; round++) {
        byte[] entry =
            disk.read(round % KilledWriter.LEDGER * KilledWriter.ENTRY, KilledWriter.ENTRY);
        long holds = ByteBuffer.wrap(entry).getLong();
        boolean later =
            holds > flushed && holds % KilledWriter.LEDGER == round % KilledWriter.LEDGER;
        assertThat(holds == round || later)
            .as("round %d of %d was flushed; its entry holds %d", round, flushed, holds)
            .isTrue();
        assertThat(holds == round ? entry : KilledWriter.entry(round).array())
            .isEqualTo(KilledWriter.entry(round).array());
      }
    }
  }
}
