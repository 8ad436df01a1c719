/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.Disk;
import dev.caisson.disk.Extent;
import java.util.ArrayList;
import java.util.List;

/** Something a client can learn of every range of an export, by {@code BLOCK_STATUS}. */
public sealed interface MetaContext {
  /** Descriptors in one reply: a client asks on from where they end. */
  int MOST_DESCRIPTORS = 4096;

  /** Runs looked at for one reply, so that one request cannot hold a thread for long. */
  int MOST_LOOKS = 1 << 16;

  /** What the client calls it on this connection. */
  int id();

  String name();

  /** The state of the run that starts at {@code offset} and has at most {@code length} bytes. */
  Run run(long offset, long length);

  /** Some bytes in the same state. */
  record Run(long length, int state) {
    boolean sameAs(Run other) {
      return state == other.state;
    }
  }

  /** The states of {@code [offset, offset + length)} in order, equal neighbours joined. */
  default List<Run> describe(long offset, long length, boolean one) {
    var runs = new ArrayList<Run>();
    long end = offset + length;
    long at = offset;
    for (int looks = 0; at < end && looks < MOST_LOOKS; looks++) {
      Run next = run(at, end - at);
      at += next.length();
      if (!runs.isEmpty() && runs.getLast().sameAs(next)) {
        runs.set(runs.size() - 1, new Run(runs.getLast().length() + next.length(), next.state()));
      } else if (runs.size() == (one ? 1 : MOST_DESCRIPTORS)) {
        break;
      } else {
        runs.add(next);
      }
    }
    return runs;
  }

  /** {@code base:allocation}: what is stored, and what is zero. */
  record Allocation(int id, Disk disk) implements MetaContext {
    public static final String NAME = "base:allocation";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Run run(long offset, long length) {
      var extent = disk.extent(offset, length);
      int state =
          switch (extent.kind()) {
            case DATA, COMPRESSED -> 0;
            // A zero cluster that keeps its place in the file is no hole: writing there finds room.
            case ZERO ->
                extent.hostOffset() >= 0 ? Flags.State.ZERO : Flags.State.ZERO | Flags.State.HOLE;
            case HOLE -> Flags.State.ZERO | Flags.State.HOLE;
          };
      return new Run(Math.min(extent.length(), length), state);
    }
  }

  /** {@code qemu:allocation-depth}: which file of a chain holds the bytes; 0 none, 1 the top. */
  record Depth(int id, Disk disk) implements MetaContext {
    public static final String NAME = "qemu:allocation-depth";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Run run(long offset, long length) {
      var extent = disk.extent(offset, length);
      int state = extent.kind() == Extent.Kind.HOLE ? 0 : extent.depth() + 1;
      return new Run(Math.min(extent.length(), length), state);
    }
  }

  /** {@code qemu:dirty-bitmap:NAME}: what changed since the bitmap was started. */
  record Dirty(int id, DirtyBitmap bitmap) implements MetaContext {
    public static final String PREFIX = "qemu:dirty-bitmap:";

    @Override
    public String name() {
      return PREFIX + bitmap.name();
    }

    @Override
    public Run run(long offset, long length) {
      long end = bitmap.runEnd(offset, offset + length);
      return new Run(end - offset, bitmap.dirty(offset) ? Flags.DIRTY : 0);
    }
  }
}
