/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import dev.caisson.disk.Fuzzing;
import dev.caisson.disk.MemoryStorage;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class LuksFuzzTest {
  @Test
  void spoiltHeadersAreReadOrRefused() {
    byte[] good = header();
    Fuzzing.repeat(random -> {
      byte[] spoilt = good.clone();
      Fuzzing.spoil(spoilt, 0, LuksHeader.BYTES, random);
      int length = random.nextInt(10) == 0 ? random.nextInt(spoilt.length) : spoilt.length;
      var bytes = ByteBuffer.wrap(spoilt, 0, length);
      Fuzzing.allowed(() -> LuksHeader.parse(bytes, "header").areaBytes());
      Fuzzing.allowed(
          () -> LuksContainer.open(LuksArea.of(new MemoryStorage(spoilt), 0), "header"));
    });
  }

  private static byte[] header() {
    var storage = new MemoryStorage(new byte[0]);
    var options = LuksOptions.DEFAULT.withIterations(1000);
    LuksDisk.create(storage, 512, options, new byte[1]).close();
    var bytes = ByteBuffer.allocate(LuksHeader.BYTES);
    storage.read(0, bytes);
    return bytes.array();
  }
}
