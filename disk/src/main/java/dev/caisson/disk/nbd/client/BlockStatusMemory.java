/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import dev.caisson.disk.Extent;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.MetaContext;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The last answer about block status: one holds thousands of runs, and whoever asks for one soon
 * asks for the next. Forgotten when this client writes, and soon in any case, since others may
 * write.
 */
final class BlockStatusMemory {
  private static final long LIFETIME = Duration.ofSeconds(1).toNanos();

  private List<MetaContext.Run> runs = List.of();
  private long start;
  private long born;
  private long writes;

  /** A mark to give to {@link #keep}: answers asked for before a write are not kept after it. */
  synchronized long moment() {
    return writes;
  }

  synchronized void keep(long moment, long offset, List<MetaContext.Run> answer) {
    if (moment == writes) {
      start = offset;
      runs = answer;
      born = System.nanoTime();
    }
  }

  synchronized void forget() {
    writes++;
    runs = List.of();
  }

  synchronized Optional<Extent> find(long offset, long length) {
    return System.nanoTime() - born > LIFETIME
        ? Optional.empty()
        : find(runs, start, offset, length);
  }

  /**
   * The run at {@code offset}, cut to {@code length}, in an answer that begins at {@code start}.
   */
  static Optional<Extent> find(List<MetaContext.Run> runs, long start, long offset, long length) {
    long at = start;
    for (var run : runs) {
      if (at > offset) {
        break;
      }
      if (offset - at < run.length()) {
        long end = Math.min(run.length() - (offset - at), length);
        return Optional.of(new Extent(offset, end, kind(run.state()), 0, -1));
      }
      at += run.length();
    }
    return Optional.empty();
  }

  private static Extent.Kind kind(int state) {
    return switch (state & (Flags.State.ZERO | Flags.State.HOLE)) {
      case Flags.State.ZERO -> Extent.Kind.ZERO;
      case Flags.State.ZERO | Flags.State.HOLE -> Extent.Kind.HOLE;
      default -> Extent.Kind.DATA; // A hole that is not said to be zero reads as anything.
    };
  }
}
