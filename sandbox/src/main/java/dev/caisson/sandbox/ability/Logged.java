/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;

/** A sandbox that keeps what its first process wrote, over all runs in its place. */
public interface Logged {
  /**
   * A stretch of the log.
   *
   * @param since entries at or after it; {@link Instant#MIN} for all
   * @param until entries before it; {@link Instant#MAX} for all
   * @param tail how many of the last lines, or -1 for all
   * @param follow whether to wait for more until the run ends
   */
  record Range(Instant since, Instant until, int tail, boolean follow) {
    public static final Range ALL = new Range(Instant.MIN, Instant.MAX, -1, false);
  }

  /**
   * One line, or a part of a very long one.
   *
   * @param bytes with the line's end, if it was written
   */
  record Entry(Instant time, Attachment.Stream stream, ByteBuffer bytes) {}

  /** A cursor over entries, oldest first. */
  interface Entries extends AutoCloseable {
    /** The next entry; empty at the end. Waits while following. */
    Optional<Entry> next() throws IOException;

    @Override
    void close();
  }

  Entries logs(Range range);
}
