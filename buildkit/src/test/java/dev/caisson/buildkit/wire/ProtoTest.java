/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Protocol buffers as far as BuildKit needs them. */
class ProtoTest {
  /** Protocol Buffers, "Encoding": the examples of that page. */
  @Test
  void theExamplesOfTheSpecificationAreWrittenAndRead() {
    byte[] number = new ProtoWriter().number(1, 150).toBytes();
    assertThat(number).isEqualTo(HexFormat.of().parseHex("089601"));
    byte[] text = new ProtoWriter().text(2, "testing").toBytes();
    assertThat(text).isEqualTo(HexFormat.of().parseHex("120774657374696e67"));
    byte[] nested = new ProtoWriter().message(3, new ProtoWriter().number(1, 150)).toBytes();
    assertThat(nested).isEqualTo(HexFormat.of().parseHex("1a03089601"));
    var in = new ProtoReader(nested);
    assertThat(in.next()).isTrue();
    assertThat(in.field()).isEqualTo(3);
    var inner = in.message();
    assertThat(inner.next()).isTrue();
    assertThat(inner.number()).isEqualTo(150);
    assertThat(inner.next()).isFalse();
  }

  @Test
  void negativeNumbersAndFieldsNobodyAsksForArePassedOver() {
    byte[] message =
        new ProtoWriter().number(1, -2).text(9, "unknown").map(4, Map.of("k", "v")).toBytes();
    var in = new ProtoReader(message);
    in.next();
    assertThat(in.number()).isEqualTo(-2);
    in.next();
    in.next();
    assertThat(in.entry()).isEqualTo(Map.entry("k", "v"));
    assertThat(in.next()).isFalse();
    var fixed = new ProtoReader(HexFormat.of().parseHex("0d010203041102030405060708090802"));
    assertThat(fixed.next() && fixed.next() && fixed.next()).isTrue();
    assertThat(fixed.number()).isEqualTo(2);
  }

  @Test
  void malformedBytesAreRefused() {
    for (String hex :
        new String[] {
          "08",
          "1205616263",
          "12ffffffff0f",
          "08ffffffffffffffffffff01",
          "00",
          "0b",
          "0c",
          "12ffffffffffffffffff01",
          "0a02c328"
        }) {
      assertThatThrownBy(() -> readAll(HexFormat.of().parseHex(hex)))
          .as(hex)
          .isInstanceOf(ProtoException.class);
    }
    var in = new ProtoReader(HexFormat.of().parseHex("089601"));
    in.next();
    assertThatThrownBy(in::text).isInstanceOf(ProtoException.class);
  }

  private static void readAll(byte[] message) {
    var in = new ProtoReader(message);
    while (in.next()) {
      if (in.field() == 1 && message[0] == 0x0a) {
        in.text();
      }
    }
  }

  @Test
  void noiseNeverGetsFurtherThanARefusal() {
    var random = new Random(7);
    for (int i = 0; i < 200_000; i++) {
      byte[] noise = new byte[random.nextInt(40)];
      random.nextBytes(noise);
      try {
        readAll(noise);
      } catch (ProtoException refused) {
        assertThat(refused).hasMessageMatching(".+");
      }
    }
  }
}
