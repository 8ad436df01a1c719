/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Output;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Writes output to a client: as it is for a terminal, otherwise in frames of {@code {stream, 0, 0,
 * 0, length}} and bytes, as the attach section of the Docker Engine API says.
 */
final class Frames {
  private static final int HEADER = 8;

  private final OutputStream out;
  private final boolean raw;

  Frames(OutputStream out, boolean raw) {
    this.out = out;
    this.raw = raw;
  }

  void write(Output.Stream stream, byte[] data) throws IOException {
    if (raw) {
      out.write(data);
      return;
    }
    out.write(
        ByteBuffer.allocate(HEADER + data.length)
            .put((byte) stream.ordinal())
            .put(new byte[3])
            .putInt(data.length)
            .put(data)
            .array());
  }

  /** The media type of the stream, which clients older than 1.42 do not know. */
  static String type(boolean raw, boolean knowsMultiplexed) {
    return raw || !knowsMultiplexed
        ? "application/vnd.docker.raw-stream"
        : "application/vnd.docker.multiplexed-stream";
  }
}
