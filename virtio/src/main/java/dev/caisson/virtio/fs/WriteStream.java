/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

/**
 * Whether an open file is being written from front to back in large pieces, and how much of it the
 * disk has not been told of yet. Offsets and lengths are bytes.
 */
final class WriteStream {
  /** Smaller writes are no stream. */
  static final long LEAST = 64 << 10;

  /** So much in a row makes a stream: what is shorter may well be removed before it is written. */
  static final long STREAM = 8 << 20;

  /** The disk is told of so much at once. */
  static final long PIECE = 4 << 20;

  /** A disk that takes longer to be told has enough to do. */
  static final long SLOW_NANOS = 10_000_000;

  private long first;
  private long start;
  private long end;
  private boolean slow;

  /** A part of the file. */
  record Piece(long offset, long length) {}

  /** The guest wrote; answers whether the disk should now be told of a piece. */
  synchronized boolean wrote(long offset, long size) {
    if (size < LEAST || slow) {
      return false;
    }
    if (offset != end || end == 0) {
      first = offset;
      start = offset;
    }
    end = offset + size;
    return due();
  }

  private boolean due() {
    return end - first >= STREAM && end - start >= PIECE;
  }

  /** What the disk has not been told of; empty where another thread took it. */
  synchronized Piece next() {
    var piece = new Piece(start, due() ? end - start : 0);
    start += piece.length;
    return piece;
  }

  /** The disk was told, which took so long. */
  synchronized void told(long nanos) {
    slow |= nanos > SLOW_NANOS;
  }
}
