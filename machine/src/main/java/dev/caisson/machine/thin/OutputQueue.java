/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.ability.Attachment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/** Output on its way to one reader. */
final class OutputQueue {
  private static final int OVERHEAD = 96; // of a chunk in memory: output may come byte by byte

  private final int limit;
  private final ObjIntConsumer<Attachment.Stream> taken;
  private final ArrayDeque<Attachment.Chunk> chunks = new ArrayDeque<>();
  private int bytes;
  private boolean ended;

  /**
   * @param limit bytes of memory used; beyond it, output is lost to this reader
   * @param taken told of every chunk the reader took
   */
  OutputQueue(int limit, ObjIntConsumer<Attachment.Stream> taken) {
    this.limit = limit;
    this.taken = taken;
  }

  synchronized void add(Attachment.Stream stream, ByteBuffer output) {
    if (ended || bytes + OVERHEAD + output.remaining() > limit) {
      return;
    }
    bytes += OVERHEAD + output.remaining();
    chunks.add(new Attachment.Chunk(stream, output));
    notifyAll();
  }

  /**
   * The most that output of this many bytes can use, which its sender may have on the way: no byte
   * of an honest one is lost.
   */
  static int room(int bytes) {
    return bytes * (OVERHEAD + 1);
  }

  /** No more will come. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Waits for the next output; empty at the end. */
  Optional<Attachment.Chunk> take() throws InterruptedException {
    Attachment.@Nullable Chunk chunk;
    int size;
    synchronized (this) {
      while (chunks.isEmpty() && !ended) {
        wait();
      }
      chunk = chunks.poll();
      if (chunk == null) {
        return Optional.empty();
      }
      size = chunk.bytes().remaining();
      bytes -= OVERHEAD + size;
    }
    taken.accept(chunk.stream(), size);
    return Optional.of(chunk);
  }
}
