/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

/** Feature bits of a version 3 header. docs/interop/qcow2.txt of QEMU */
public final class Features {
  /** Incompatible: refcounts may be wrong, because the image was not closed. */
  public static final long DIRTY = 1;

  /** Incompatible: some structure is broken; only a repair may write. */
  public static final long CORRUPT = 1 << 1;

  /** Incompatible: guest data lies in a file of its own. */
  public static final long EXTERNAL_DATA = 1 << 2;

  /** Incompatible: the header says which compression is used. */
  public static final long COMPRESSION_TYPE = 1 << 3;

  /** Incompatible: L2 entries are 16 bytes. */
  public static final long EXTENDED_L2 = 1 << 4;

  static final long KNOWN_INCOMPATIBLE =
      DIRTY | CORRUPT | EXTERNAL_DATA | COMPRESSION_TYPE | EXTENDED_L2;

  /** Compatible: refcounts may be written late. */
  public static final long LAZY_REFCOUNTS = 1;

  /** Autoclear: the bitmap extension is consistent with the image. */
  public static final long BITMAPS = 1;

  /** Autoclear: the external data file alone is a valid raw image. */
  public static final long RAW_EXTERNAL = 1 << 1;

  public static final long KNOWN_AUTOCLEAR = BITMAPS | RAW_EXTERNAL;

  private Features() {}
}
