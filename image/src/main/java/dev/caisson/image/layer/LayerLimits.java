/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

/**
 * How much a layer may cost whoever unpacks it.
 *
 * @param entries most entries
 * @param bytes most uncompressed bytes of the archive, and most bytes of all files with their holes
 * @param pathBytes longest path, in bytes
 * @param headerBytes longest extended header of one entry: long names and attributes
 */
public record LayerLimits(long entries, long bytes, int pathBytes, int headerBytes) {
  /** PATH_MAX less its final NUL. limits.h */
  private static final int PATH_MAX = 4095;

  /** 500,000 entries, 64 GiB, 1 MiB of extended header. */
  public static final LayerLimits DEFAULT = new LayerLimits(500_000, 64L << 30, PATH_MAX, 1 << 20);

  public LayerLimits withBytes(long quota) {
    return new LayerLimits(entries, quota, pathBytes, headerBytes);
  }
}
