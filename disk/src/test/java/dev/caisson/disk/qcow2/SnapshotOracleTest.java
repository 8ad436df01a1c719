/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Internal snapshots, taken, applied and deleted by qemu-img and by us in turn. */
@Tag("integration")
class SnapshotOracleTest {
  private static final int SIZE = 3 << 20;

  @TempDir Path folder;
  private Path image;
  private byte[] model = new byte[SIZE];

  @BeforeEach
  void create() {
    QemuImg.require();
    image = folder.resolve("x.qcow2");
    QemuImg.must(
        "create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", "" + image, Integer.toString(SIZE));
  }

  @Test
  void eachSideUsesTheOthersSnapshots() throws IOException {
    var random = new Random(8);
    Map<String, byte[]> kept = new HashMap<>();
    for (int round = 0; round < 24; round++) {
      write(random, random.nextBoolean());
      String name = "s" + round;
      boolean ours = random.nextBoolean();
      switch (random.nextInt(4)) {
        case 0, 1 -> {
          take(name, ours);
          kept.put(name, model.clone());
        }
        case 2 -> {
          if (!kept.isEmpty()) {
            String chosen = kept.keySet().iterator().next();
            bringBack(chosen, ours);
            model = kept.get(chosen).clone();
          }
        }
        default -> {
          if (kept.size() > 2) {
            String chosen = kept.keySet().iterator().next();
            delete(chosen, ours);
            kept.remove(chosen);
          }
        }
      }
      verify(kept, random);
    }
  }

  private void write(Random random, boolean ours) {
    int offset = random.nextInt(SIZE - 200_000) & -512;
    int length = 512 * (1 + random.nextInt(380));
    int pattern = 1 + random.nextInt(255);
    var bytes = new byte[length];
    Arrays.fill(bytes, (byte) pattern);
    if (ours) {
      try (var disk = Images.open(image, true)) {
        disk.write(offset, bytes);
      }
    } else {
      String command = "write -P %d %d %d".formatted(pattern, offset, length);
      assertThat(QemuImg.io("-f", "qcow2", "-c", command, "" + image).exitCode()).isZero();
    }
    System.arraycopy(bytes, 0, model, offset, length);
  }

  private void take(String name, boolean ours) {
    if (ours) {
      try (var disk = Images.open(image, true)) {
        disk.createSnapshot(name);
      }
    } else {
      QemuImg.must("snapshot", "-c", name, "" + image);
    }
  }

  private void bringBack(String name, boolean ours) {
    if (ours) {
      try (var disk = Images.open(image, true)) {
        disk.applySnapshot(name);
      }
    } else {
      QemuImg.must("snapshot", "-a", name, "" + image);
    }
  }

  private void delete(String name, boolean ours) {
    if (ours) {
      try (var disk = Images.open(image, true)) {
        disk.deleteSnapshot(name);
      }
    } else {
      QemuImg.must("snapshot", "-d", name, "" + image);
    }
  }

  private void verify(Map<String, byte[]> kept, Random random) throws IOException {
    var check = QemuImg.run("check", "" + image);
    assertThat(check.exitCode()).as(check.output()).isZero();
    try (var disk = Images.open(image, false)) {
      assertThat(Arrays.equals(disk.read(0, SIZE), model)).isTrue();
      assertThat(disk.snapshots().stream().map(Snapshot::name))
          .containsExactlyInAnyOrderElementsOf(kept.keySet());
      for (var one : kept.entrySet()) {
        assertThat(Arrays.equals(disk.openSnapshot(one.getKey()).read(0, SIZE), one.getValue()))
            .as("we read " + one.getKey())
            .isTrue();
      }
    }
    String list = QemuImg.must("snapshot", "-l", "" + image);
    kept.keySet().forEach(name -> assertThat(list).contains(name));
    if (!kept.isEmpty()) {
      String chosen = kept.keySet().stream().skip(random.nextInt(kept.size())).findFirst().get();
      Path flat = folder.resolve("flat");
      QemuImg.must("convert", "-l", "snapshot.name=" + chosen, "-O", "raw", "" + image, "" + flat);
      assertThat(Arrays.equals(Files.readAllBytes(flat), kept.get(chosen)))
          .as("qemu reads " + chosen)
          .isTrue();
    }
  }
}
