/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** A file with some stretches replaced, in memory only; later patches cover earlier ones. */
final class PatchedStorage implements Storage {
  private final Storage below;
  private final List<Patch> patches;
  private final long size;

  PatchedStorage(Storage below, List<Patch> patches) {
    this.below = below;
    this.patches = List.copyOf(patches);
    this.size = patches.stream().mapToLong(Patch::end).reduce(below.size(), Math::max);
    for (var patch : patches) {
      if (patch.offset() < 0 || patch.length() < 0 || patch.end() < 0) {
        throw DiskException.corrupt(below.name(), "a log entry for an impossible place");
      }
    }
  }

  /** A stretch: given bytes, or zeroes. */
  record Patch(long offset, long length, Optional<ByteBuffer> bytes) {
    static Patch zero(long offset, long length) {
      return new Patch(offset, length, Optional.empty());
    }

    long end() {
      return offset + length;
    }

    /** Copies what falls into {@code target}, which holds the file from {@code start} on. */
    void apply(long start, ByteBuffer target) {
      long from = Math.max(start, offset);
      long to = Math.min(start + target.limit(), end());
      for (long at = from; at < to && bytes.isEmpty(); at++) {
        target.put((int) (at - start), (byte) 0);
      }
      if (bytes.isPresent() && from < to) {
        target.put((int) (from - start), bytes.get(), (int) (from - offset), (int) (to - from));
      }
    }
  }

  @Override
  public String name() {
    return below.name();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean writable() {
    return false;
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    var window = target.slice();
    int stored = Math.clamp(below.size() - offset, 0, target.remaining());
    int end = target.limit();
    below.read(offset, target.limit(target.position() + stored));
    target.limit(end);
    while (target.hasRemaining()) {
      target.put((byte) 0);
    }
    patches.forEach(patch -> patch.apply(offset, window));
  }

  @Override
  public void write(long offset, ByteBuffer source) {
    throw readOnly();
  }

  @Override
  public void truncate(long newSize) {
    throw readOnly();
  }

  @Override
  public void zero(long offset, long length) {
    throw readOnly();
  }

  @Override
  public void flush() {
    // Nothing is ever written.
  }

  @Override
  public void close() {
    below.close();
  }

  private DiskException readOnly() {
    return new DiskException(
        DiskException.Kind.READ_ONLY, name() + ": its log is applied in memory");
  }
}
