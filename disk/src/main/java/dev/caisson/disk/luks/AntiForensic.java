/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import java.nio.ByteBuffer;
import java.security.SecureRandom;

/**
 * Spreads a key over thousands of stripes, so that losing any one sector loses the key: a slot can
 * be wiped even on storage that keeps old copies of some sectors. LUKS 1.2.3, section 2.4
 */
final class AntiForensic {
  private AntiForensic() {}

  static byte[] split(LuksHash hash, byte[] key, int stripes, SecureRandom random) {
    var material = new byte[key.length * stripes];
    random.nextBytes(material);
    byte[] sum = fold(hash, material, key.length, stripes);
    int last = (stripes - 1) * key.length;
    for (int i = 0; i < key.length; i++) {
      material[last + i] = (byte) (sum[i] ^ key[i]);
    }
    return material;
  }

  static byte[] merge(LuksHash hash, byte[] material, int keyBytes, int stripes) {
    byte[] key = fold(hash, material, keyBytes, stripes);
    xor(key, material, (stripes - 1) * keyBytes);
    return key;
  }

  /** All stripes but the last, each mixed into the next. */
  private static byte[] fold(LuksHash hash, byte[] material, int keyBytes, int stripes) {
    var sum = new byte[keyBytes];
    for (int stripe = 0; stripe < stripes - 1; stripe++) {
      xor(sum, material, stripe * keyBytes);
      sum = diffuse(hash, sum);
    }
    return sum;
  }

  private static byte[] diffuse(LuksHash hash, byte[] block) {
    var digest = hash.digest();
    var mixed = new byte[block.length];
    for (int piece = 0, at = 0; at < block.length; piece++, at += hash.bytes()) {
      int length = Math.min(hash.bytes(), block.length - at);
      digest.update(ByteBuffer.allocate(4).putInt(0, piece));
      digest.update(block, at, length);
      System.arraycopy(digest.digest(), 0, mixed, at, length);
    }
    return mixed;
  }

  private static void xor(byte[] into, byte[] from, int offset) {
    for (int i = 0; i < into.length; i++) {
      into[i] ^= from[offset + i];
    }
  }
}
