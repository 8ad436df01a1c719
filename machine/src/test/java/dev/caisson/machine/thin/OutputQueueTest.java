/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.sandbox.ability.Attachment.Stream;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class OutputQueueTest {
  @Test
  void aFloodOfSingleBytesIsBoundedAndAnHonestSendersArriveAll() throws Exception {
    int sent = 1000;
    var queue = new OutputQueue(OutputQueue.room(sent), (stream, bytes) -> {});
    for (int i = 0; i < 10 * sent; i++) { // ten times what it may
      queue.add(Stream.STDOUT, ByteBuffer.wrap(new byte[] {(byte) i}));
    }
    for (int i = 0; i < sent; i++) {
      assertThat(queue.take().orElseThrow().bytes().get()).isEqualTo((byte) i);
    }
    queue.end();
    queue.add(Stream.STDOUT, ByteBuffer.wrap(new byte[1])); // nobody reads any more
    assertThat(queue.take()).isEmpty();
  }
}
