/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

/**
 * What an image's own tables say about a run of guest bytes.
 *
 * @param length in bytes; never crosses what one page of an L2 table maps
 * @param host where the first byte's place in the file is, which DATA has, and ZERO and ABSENT may
 *     have; for COMPRESSED where the packed cluster starts; {@link #NOWHERE} for no place
 * @param packed for COMPRESSED the packed cluster's bytes, up to a sector's end
 * @param writable for DATA whether it may be overwritten in place
 */
public record Run(Kind kind, long length, long host, int packed, boolean writable) {
  static final long NOWHERE = -1;

  public enum Kind {
    ABSENT,
    ZERO,
    DATA,
    COMPRESSED
  }
}
