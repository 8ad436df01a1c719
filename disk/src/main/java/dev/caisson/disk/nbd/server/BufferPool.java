/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.storage.PageBuffer;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Direct buffers of one size, used again: the JDK is slow to make them and slower to free them. */
public final class BufferPool {
  private final int bytes;
  private final ConcurrentLinkedQueue<ByteBuffer> idle = new ConcurrentLinkedQueue<>();

  public BufferPool(int bytes) {
    this.bytes = bytes;
  }

  int bytes() {
    return bytes;
  }

  ByteBuffer take() {
    var buffer = idle.poll();
    return buffer != null ? buffer.clear() : PageBuffer.allocate(bytes);
  }

  void give(ByteBuffer buffer) {
    idle.add(buffer);
  }
}
