/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

/**
 * A run of bytes of one kind.
 *
 * @param offset where it starts on the disk, in bytes
 * @param length how long it is, in bytes; 1 or more
 * @param kind what reading it gives
 * @param depth which file of the chain answers: 0 is the top file, 1 its base, and so on
 * @param hostOffset where the bytes lie, uncompressed and in plain, in that layer's file; -1 when
 *     they do not
 */
public record Extent(long offset, long length, Kind kind, int depth, long hostOffset) {

  /** What a run holds. */
  public enum Kind {
    /** Stored bytes. */
    DATA,
    /** Stored, but packed; see {@link Extent#hostOffset()}. */
    COMPRESSED,
    /** Said to be zero by the file that answers. */
    ZERO,
    /** Present in no file of the chain: reads as zero. */
    HOLE
  }

  /** A run of bytes that lie somewhere, without saying where. */
  public static Extent data(long offset, long length) {
    return new Extent(offset, length, Kind.DATA, 0, -1);
  }

  /** First byte after the run. */
  public long end() {
    return offset + length;
  }

  /** Whether reading it surely gives zeroes. */
  public boolean readsAsZero() {
    return kind == Kind.ZERO || kind == Kind.HOLE;
  }

  /** Whether some file of the chain says what is here. */
  public boolean present() {
    return kind != Kind.HOLE;
  }
}
