/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/** Compressed and plain tar archives, told apart by their first bytes. */
final class TarArchives {
  private static final int TAR_MAGIC_AT = 257;
  private static final int BUFFER = 64 << 10;

  private TarArchives() {}

  /** The uncompressed tar, if {@code file} is one. */
  static Optional<InputStream> open(InputStream file) throws IOException {
    var raw = new BufferedInputStream(file, BUFFER);
    try {
      byte[] start = peek(raw);
      if (starts(start, 0x1f, 0x8b)) {
        return tarIn(new GZIPInputStream(raw, BUFFER));
      }
      if (starts(start, 0xfd, '7', 'z', 'X', 'Z')) {
        return tarIn(new XZCompressorInputStream(raw));
      }
      if (starts(start, 'B', 'Z', 'h')) {
        return tarIn(new BZip2CompressorInputStream(raw));
      }
      return tarIn(raw);
    } catch (IOException damaged) {
      return Optional.empty(); // it only looked like one, and is copied as it is
    }
  }

  private static Optional<InputStream> tarIn(InputStream in) throws IOException {
    var plain = new BufferedInputStream(in, BUFFER);
    byte[] start = peek(plain);
    boolean tar =
        start.length == 512
            && new String(start, TAR_MAGIC_AT, 5, StandardCharsets.US_ASCII).equals("ustar");
    return tar ? Optional.of(plain) : Optional.empty();
  }

  private static byte[] peek(BufferedInputStream in) throws IOException {
    in.mark(512);
    byte[] start = in.readNBytes(512);
    in.reset();
    return start;
  }

  private static boolean starts(byte[] bytes, int... magic) {
    if (bytes.length < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((bytes[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }
}
