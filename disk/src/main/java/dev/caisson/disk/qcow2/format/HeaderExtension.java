/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

/** A typed block after the header; unknown types are kept byte for byte. */
@SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
public record HeaderExtension(int type, byte[] data) {
  static final int END = 0;
  public static final int BACKING_FORMAT = 0xe2792aca;
  public static final int FEATURE_NAMES = 0x6803f857;
  public static final int BITMAPS = 0x23852875;
  public static final int ENCRYPTION = 0x0537be77;
  public static final int DATA_FILE = 0x44415441;
}
