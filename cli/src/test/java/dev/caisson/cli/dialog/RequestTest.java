/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestTest {
  private static byte[] sample() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var head = ByteBuffer.allocate(14).order(ByteOrder.LITTLE_ENDIAN);
    head.put((byte) 1).put((byte) 6).putShort((short) 24).putShort((short) 80).putInt(2).putInt(1);
    bytes.write(head.array());
    bytes.write("run\0busybox\0A=b=c\0/home\0".getBytes(StandardCharsets.UTF_8));
    return bytes.toByteArray();
  }

  private static Request parse(byte[] bytes) throws IOException {
    return Request.parse(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
  }

  @Test
  void whatTheFrontEndSendsIsRead() throws Exception {
    var request = parse(sample());
    assertThat(request.arguments()).containsExactly("run", "busybox");
    assertThat(request.environment()).containsEntry("A", "b=c");
    assertThat(request.directory()).hasToString("/home");
    assertThat(request.size().columns()).isEqualTo(80);
    assertThat(request.terminals()).isEqualTo(6);
  }

  @Test
  void damagedRequestsAreRefusedAndNothingElse() throws Exception {
    var random = new Random(7);
    var sound = sample();
    for (int round = 0; round < 20_000; round++) {
      var damaged = java.util.Arrays.copyOf(sound, random.nextInt(sound.length + 1));
      for (int i = 0; i < 3 && damaged.length > 0; i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      try {
        parse(damaged);
      } catch (IOException | java.nio.file.InvalidPathException e) {
        // refused, as it shall be
      }
    }
  }
}
