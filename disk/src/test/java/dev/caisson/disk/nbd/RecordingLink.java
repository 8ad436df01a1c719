/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import dev.caisson.disk.nbd.link.Link;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Keeps what passes through another link. */
final class RecordingLink implements Link {
  final ByteArrayOutputStream heard = new ByteArrayOutputStream();
  final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Link link;

  RecordingLink(Link link) {
    this.link = link;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int from = into.position();
    int count = link.read(into);
    keep(into, from, heard);
    return count;
  }

  @Override
  public void write(ByteBuffer from) throws IOException {
    int start = from.position();
    link.write(from);
    keep(from, start, said);
  }

  private static void keep(ByteBuffer buffer, int from, ByteArrayOutputStream to) {
    var bytes = new byte[buffer.position() - from];
    buffer.get(from, bytes);
    synchronized (to) {
      to.writeBytes(bytes);
    }
  }

  @Override
  public void stopReading() throws IOException {
    link.stopReading();
  }

  @Override
  public void abort() throws IOException {
    link.abort();
  }

  @Override
  public void close() throws IOException {
    link.close();
  }
}
