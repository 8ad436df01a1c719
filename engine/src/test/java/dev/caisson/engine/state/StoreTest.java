/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
  @TempDir Path directory;

  private static Change put(String key, String value) {
    return new Change.Put(key, value.getBytes(UTF_8));
  }

  private Path journal() {
    return directory.resolve("journal");
  }

  private java.util.Map<String, String> contents() {
    try (var store = Store.open(directory)) {
      var found = new java.util.TreeMap<String, String>();
      store.entries("").forEach((key, value) -> found.put(key, new String(value, UTF_8)));
      return found;
    }
  }

  @Test
  void whatIsWrittenIsThereAgain() {
    try (var store = Store.open(directory)) {
      store.write(put("a/1", "one"), put("a/2", "two"), put("b/1", "other"));
      store.write(new Change.Remove("a/2"), put("a/1", "uno"));
      assertThat(store.entries("a/")).containsOnlyKeys("a/1");
    }
    assertThat(contents()).containsEntry("a/1", "uno").containsEntry("b/1", "other").hasSize(2);
  }

  @Test
  void aTornEndLosesOnlyTheLastFrame() throws Exception {
    try (var store = Store.open(directory)) {
      store.write(put("a", "kept"));
      store.write(put("b", "torn"), put("c", "torn"));
    }
    try (var file = new RandomAccessFile(journal().toFile(), "rw")) {
      file.setLength(file.length() - 1);
    }
    assertThat(contents()).containsOnlyKeys("a");
    assertThat(directory.resolve("journal.damaged")).exists();
  }

  @Test
  void noDamageEverStopsTheStoreFromOpening() throws Exception {
    var random = new Random(42);
    try (var store = Store.open(directory)) {
      for (int i = 0; i < 50; i++) {
        store.write(put("key" + i, "value".repeat(i)));
      }
    }
    var sound = Files.readAllBytes(journal());
    for (int round = 0; round < 200; round++) {
      var damaged = sound.clone();
      damaged[20 + random.nextInt(damaged.length - 20)] ^= (byte) (1 + random.nextInt(255));
      Files.write(journal(), damaged, StandardOpenOption.TRUNCATE_EXISTING);
      try (var store = Store.open(directory)) {
        store.write(put("new", "works"));
      }
      assertThat(contents()).containsEntry("new", "works");
    }
  }

  @Test
  void aLaterSchemaIsRefusedAndLeftAlone() throws Exception {
    Files.createDirectories(directory);
    Files.writeString(journal(), "caisson state 2\nwhatever");
    assertThatThrownBy(() -> Store.open(directory)).hasMessageContaining("another version");
    assertThat(Files.readString(journal())).endsWith("whatever");
  }

  @Test
  void staleBytesAreCompactedAway() throws Exception {
    var value = "x".repeat(100_000);
    try (var store = Store.open(directory)) {
      for (int i = 0; i < 200; i++) {
        store.write(put("same", value + i));
      }
      store.write(put("other", "kept"));
    }
    assertThat(Files.size(journal())).isLessThan(5 << 20);
    assertThat(contents()).containsEntry("same", value + 199).containsEntry("other", "kept");
  }

  @Test
  void manyWritersShareTheSyncs() throws Exception {
    try (var store = Store.open(directory)) {
      var threads = new java.util.ArrayList<Thread>();
      for (int t = 0; t < 8; t++) {
        int number = t;
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  for (int i = 0; i < 20; i++) {
                    store.write(put("k" + number + "/" + i, "v"));
                    store.sync();
                  }
                }));
      }
      for (var thread : threads) {
        thread.join();
      }
    }
    assertThat(contents()).hasSize(160);
  }
}
