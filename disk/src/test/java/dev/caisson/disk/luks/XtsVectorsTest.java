/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Test vectors of IEEE 1619-2007, annex B, for whole sectors. */
class XtsVectorsTest {
  @Test
  void vector4() {
    byte[] key =
        HexFormat.of().parseHex("2718281828459045235360287471352631415926535897932384626433832795");
    var data = ByteBuffer.allocateDirect(512);
    for (int i = 0; i < 512; i++) {
      data.put(i, (byte) i);
    }
    var cipher = CipherSpec.XTS_PLAIN64.cipher(key);
    cipher.encrypt(0, data);
    var head = new byte[32];
    data.get(0, head);
    assertThat(HexFormat.of().formatHex(head))
        .isEqualTo("27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c");
    cipher.decrypt(0, data);
    for (int i = 0; i < 512; i++) {
      assertThat(data.get(i)).isEqualTo((byte) i);
    }
  }
}
