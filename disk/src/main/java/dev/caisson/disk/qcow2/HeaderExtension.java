/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

/** A typed block after the header; unknown types are kept byte for byte. */
@SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
record HeaderExtension(int type, byte[] data) {
  static final int END = 0;
  static final int BACKING_FORMAT = 0xe2792aca;
  static final int FEATURE_NAMES = 0x6803f857;
  static final int BITMAPS = 0x23852875;
  static final int ENCRYPTION = 0x0537be77;
  static final int DATA_FILE = 0x44415441;
}
