/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for arguments that one thread uses at a time.
 *
 * <p>A platform thread keeps its slab; virtual threads, of which there may be many thousands, share
 * a pool as large as the number of calls that were ever in flight together.
 */
final class Slab {
  static final long SIZE = 16 << 10;

  private static final ThreadLocal<Slab> OWN = ThreadLocal.withInitial(() -> new Slab(false));
  private static final ConcurrentLinkedDeque<Slab> POOL = new ConcurrentLinkedDeque<>();

  final MemorySegment room;
  private final boolean pooled;
  long used;

  private Slab(boolean pooled) {
    this.pooled = pooled;
    this.room = Arena.ofAuto().allocate(SIZE, 16);
  }

  static Slab take() {
    if (!Thread.currentThread().isVirtual()) {
      return OWN.get();
    }
    @Nullable Slab free = POOL.pollFirst();
    return free == null ? new Slab(true) : free;
  }

  void give() {
    if (pooled) {
      POOL.addFirst(this);
    }
  }
}
