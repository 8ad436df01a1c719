/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Has the disk begin with what a guest writes as a stream while the guest makes more of it, so that
 * the flush at its end finds little left to wait for. Done between requests, never while one waits.
 */
final class WriteBehind {
  private final AtomicReference<@Nullable OpenHandle> due = new AtomicReference<>();

  void wrote(OpenHandle handle, long offset, long size) {
    if (handle.stream.wrote(offset, size)) {
      due.set(handle);
    }
  }

  /** No request waits: now is the time. */
  void catchUp() {
    if (due.get() == null) {
      return;
    }
    @Nullable OpenHandle handle = due.getAndSet(null);
    if (handle == null || !handle.enter()) {
      return;
    }
    try (handle) {
      WriteStream.Piece piece = handle.stream.next();
      if (piece.length() > 0) {
        long began = System.nanoTime();
        // Refused where a file system has no disk behind it; what fails later, a flush tells.
        handle.file.startWriting(piece.offset(), piece.length());
        handle.stream.told(System.nanoTime() - began);
      }
    }
  }
}
