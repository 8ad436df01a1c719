/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Stretches a passphrase into a key. RFC 8018, section 5.2
 *
 * <p>The JDK's own PBKDF2 takes characters only; a LUKS passphrase is any bytes, often a key file.
 */
final class Pbkdf2 {
  private Pbkdf2() {}

  static byte[] derive(LuksHash hash, byte[] passphrase, byte[] salt, long iterations, int bytes) {
    try {
      var mac = Mac.getInstance(hash.hmac());
      // HMAC pads its key with zeros, so one zero byte is the same key as none; the JDK refuses
      // none.
      mac.init(new SecretKeySpec(passphrase.length == 0 ? new byte[1] : passphrase, hash.hmac()));
      var key = new byte[bytes];
      for (int block = 1, done = 0; done < bytes; block++) {
        byte[] piece = block(mac, salt, iterations, block);
        int length = Math.min(piece.length, bytes - done);
        System.arraycopy(piece, 0, key, done, length);
        Arrays.fill(piece, (byte) 0);
        done += length;
      }
      return key;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + hash.hmac(), e);
    }
  }

  private static byte[] block(Mac mac, byte[] salt, long iterations, int number)
      throws GeneralSecurityException {
    mac.update(salt);
    mac.update(ByteBuffer.allocate(4).putInt(0, number));
    byte[] chain = mac.doFinal();
    byte[] sum = chain.clone();
    for (long i = 1; i < iterations; i++) {
      mac.update(chain);
      mac.doFinal(chain, 0);
      for (int b = 0; b < sum.length; b++) {
        sum[b] ^= chain[b];
      }
    }
    return sum;
  }
}
