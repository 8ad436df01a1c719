/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.XZInputStream;

/** How a layer or archive is compressed, told by its first bytes and never by its name. */
public enum Compression {
  NONE,
  GZIP,
  ZSTD,
  XZ,
  BZIP2;

  private static final int LONGEST_MAGIC = 6;
  // 128 MiB: what zstd itself accepts without being asked for more.
  private static final int ZSTD_WINDOW_LOG = 27;
  private static final int XZ_MEMORY_KIB = 256 << 10;

  static Compression detect(byte[] start, int length) {
    if (starts(start, length, 0x1f, 0x8b)) {
      return GZIP;
    }
    if (starts(start, length, 0x28, 0xb5, 0x2f, 0xfd) || zstdSkippable(start, length)) {
      return ZSTD;
    }
    if (starts(start, length, 0xfd, '7', 'z', 'X', 'Z', 0)) {
      return XZ;
    }
    return starts(start, length, 'B', 'Z', 'h') ? BZIP2 : NONE;
  }

  // zstd:chunked layers may begin with a skippable frame. RFC 8878, 3.1.2
  private static boolean zstdSkippable(byte[] start, int length) {
    return length >= 4
        && (start[0] & 0xf0) == 0x50
        && (start[1] & 0xff) == 0x2a
        && (start[2] & 0xff) == 0x4d
        && (start[3] & 0xff) == 0x18;
  }

  private static boolean starts(byte[] start, int length, int... magic) {
    if (length < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((start[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  /** The unpacked bytes of {@code in}, whatever its compression. */
  public static InputStream unpack(InputStream in) throws IOException {
    var pushback = new PushbackInputStream(in, LONGEST_MAGIC);
    var start = new byte[LONGEST_MAGIC];
    int n = pushback.readNBytes(start, 0, LONGEST_MAGIC);
    pushback.unread(start, 0, n);
    return switch (detect(start, n)) {
      case NONE -> pushback;
      case GZIP -> new GzipInput(pushback);
      case ZSTD -> new ZstdInputStreamNoFinalizer(pushback).setLongMax(ZSTD_WINDOW_LOG);
      case XZ -> new XZInputStream(pushback, XZ_MEMORY_KIB);
      case BZIP2 -> new BZip2CompressorInputStream(pushback, true);
    };
  }
}
