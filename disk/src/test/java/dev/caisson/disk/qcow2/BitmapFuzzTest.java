/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.Fuzzing;
import dev.caisson.disk.MemoryStorage;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Spoilt bitmap directories, tables and extensions are edited or refused, and nothing else. */
class BitmapFuzzTest {
  private static final int CLUSTER = 1 << 12;

  @Test
  void spoiltBitmapsAreEditedOrRefused() {
    byte[] good = image();
    int extension = extensionAt(good);
    int directory = (int) ByteBuffer.wrap(good).getLong(extension + 8 + 16);
    int table = (int) ByteBuffer.wrap(good).getLong(directory);
    Fuzzing.repeat(random -> {
      byte[] spoilt = good.clone();
      switch (random.nextInt(3)) {
        case 0 -> Fuzzing.spoil(spoilt, extension, extension + 32, random);
        case 1 -> Fuzzing.spoil(spoilt, directory, directory + 96, random);
        default -> Fuzzing.spoil(spoilt, table, table + 16, random);
      }
      Fuzzing.allowed(() -> {
        try (var disk = Qcow2Disk.open(new MemoryStorage(spoilt), Qcow2Access.PLAIN)) {
          Fuzzing.allowed(() -> disk.bitmapEditor().add("new", 1 << 16, true));
          Fuzzing.allowed(() -> disk.bitmapEditor().clear("one"));
          Fuzzing.allowed(() -> disk.bitmapEditor().record("two", false));
          Fuzzing.allowed(() -> disk.write(5, new byte[9000]));
          Fuzzing.allowed(() -> disk.bitmapEditor().remove("two"));
          Fuzzing.allowed(() -> disk.amendment().version(2, disk));
        }
      });
    });
  }

  private static int extensionAt(byte[] bytes) {
    var header = ByteBuffer.wrap(bytes);
    int at = header.getInt(100);
    while (header.getInt(at) != HeaderExtension.BITMAPS) {
      at += 8 + (header.getInt(at + 4) + 7) / 8 * 8;
    }
    return at;
  }

  private static byte[] image() {
    var storage = new MemoryStorage(new byte[0]);
    Qcow2Format.DEFAULT.withClusterSize(CLUSTER).write(storage, 1 << 20);
    try (var disk = Qcow2Disk.open(storage, Qcow2Access.PLAIN)) {
      disk.bitmapEditor().add("one", 512, true);
      disk.bitmapEditor().add("two", 1 << 16, true);
      disk.write(0, new byte[70_000]);
    }
    var bytes = ByteBuffer.allocate((int) storage.size());
    storage.read(0, bytes);
    return bytes.array();
  }
}
