/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTailTest {
  @TempDir Path directory;

  @Test
  void onlyTheEndOfALogOfAnySizeIsRead() throws Exception {
    Path log = directory.resolve("log");
    assertThat(LogTail.of(log)).isEmpty();
    try (var file = new RandomAccessFile(log.toFile(), "rw")) {
      file.write(" short \n".getBytes(StandardCharsets.US_ASCII));
      assertThat(LogTail.of(log)).isEqualTo("short");
      file.setLength(1L << 40); // far more than any memory
      file.seek((1L << 40) - 5);
      file.write("last\n".getBytes(StandardCharsets.US_ASCII));
    }
    assertThat(LogTail.of(log)).endsWith("last").hasSizeLessThanOrEqualTo(2000);
  }
}
