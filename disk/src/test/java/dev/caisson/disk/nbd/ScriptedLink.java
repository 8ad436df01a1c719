/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import dev.caisson.disk.nbd.link.Link;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The other side as a recording: says its bytes, whatever it hears. */
final class ScriptedLink implements Link {
  private final ByteBuffer script;
  private boolean ended;

  ScriptedLink(byte[] script) {
    this.script = ByteBuffer.wrap(script);
  }

  @Override
  public synchronized int read(ByteBuffer into) {
    if (ended || !script.hasRemaining()) {
      return -1;
    }
    int count = Math.min(script.remaining(), into.remaining());
    into.put(script.slice(script.position(), count));
    script.position(script.position() + count);
    return count;
  }

  @Override
  public synchronized void write(ByteBuffer from) throws IOException {
    if (ended) {
      throw new IOException("closed");
    }
    from.position(from.limit());
  }

  @Override
  public synchronized void stopReading() {
    ended = true;
  }

  @Override
  public synchronized void abort() {
    ended = true;
  }

  @Override
  public synchronized void close() {
    ended = true;
  }
}
