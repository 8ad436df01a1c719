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
  /** Nanoseconds; what is shorter measures the JIT compiler. */
  private static final long LONG_ENOUGH = 50_000_000;

  private Pbkdf2() {}

  static byte[] derive(LuksHash hash, byte[] passphrase, byte[] salt, long iterations, int bytes) {
    return KeyStretching.installed()
        .flatMap(host -> host.pbkdf2(hash.label(), passphrase, salt, iterations, bytes))
        .orElseGet(() -> deriveHere(hash, passphrase, salt, iterations, bytes));
  }

  private static byte[] deriveHere(
      LuksHash hash, byte[] passphrase, byte[] salt, long iterations, int bytes) {
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

  /** How many rounds this host does in a second for a key of so many bytes. */
  static double roundsInSecond(LuksHash hash, int bytes) {
    var salt = new byte[KeySlot.SALT];
    long rounds = 1 << 12;
    while (true) {
      long start = System.nanoTime();
      derive(hash, salt, salt, rounds, bytes);
      long took = System.nanoTime() - start;
      if (took > LONG_ENOUGH || rounds >= LuksHeader.MOST_ITERATIONS) {
        return rounds * 1e9 / Math.max(1, took);
      }
      rounds *= 2;
    }
  }
}
