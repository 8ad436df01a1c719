/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.digest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the lengths and the kinds of memory, the digest is the JDK's. */
final class LibraryDigestsTest {
  private final Random random = new Random(7);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 16_383, 16_384, 16_385, 100_000, 1_000_000})
  void digestsAsTheJdk(int length) throws Exception {
    byte[] data = new byte[length];
    random.nextBytes(data);
    MessageDigest ours = ours();
    for (int done = 0; done < length; ) {
      int next = Math.min(length - done, 1 + random.nextInt(40_000));
      ours.update(data, done, next);
      done += next;
    }
    assertThat(ours.digest()).isEqualTo(jdk().digest(data));
    assertThat(ours.digest(data)).as("used again").isEqualTo(jdk().digest(data));
  }

  @Test
  void aCopyGoesItsOwnWay() throws Exception {
    byte[] data = new byte[50_000];
    random.nextBytes(data);
    for (int before : new int[] {100, 20_000}) {
      MessageDigest first = ours();
      first.update(data, 0, before);
      MessageDigest copy = (MessageDigest) first.clone();
      first.update(data, before, data.length - before);
      copy.update(data, 0, 10);
      assertThat(first.digest()).isEqualTo(jdk().digest(data));
      MessageDigest expected = jdk();
      expected.update(data, 0, before);
      expected.update(data, 0, 10);
      assertThat(copy.digest()).isEqualTo(expected.digest());
    }
  }

  @Test
  void buffersOfEveryKindAreReadToTheirEnd() throws Exception {
    byte[] data = new byte[70_000];
    random.nextBytes(data);
    ByteBuffer direct = ByteBuffer.allocateDirect(data.length).put(data).flip();
    for (ByteBuffer buffer :
        new ByteBuffer[] {
          direct, ByteBuffer.wrap(data), ByteBuffer.wrap(data).asReadOnlyBuffer()
        }) {
      MessageDigest ours = ours();
      ours.update(buffer);
      assertThat(buffer.hasRemaining()).isFalse();
      assertThat(ours.digest()).isEqualTo(jdk().digest(data));
    }
  }

  private static MessageDigest ours() throws Exception {
    LibraryDigests.install();
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    assertThat(digest.getProvider().getName()).isEqualTo("Caisson");
    return digest;
  }

  private static MessageDigest jdk() throws Exception {
    return MessageDigest.getInstance("SHA-256", "SUN");
  }
}
