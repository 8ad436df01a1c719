/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.stream;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.EngineException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class DetachKeysTest {
  private static String typed(DetachKeys keys, String text) {
    var result = keys.filter(ByteBuffer.wrap(text.getBytes(US_ASCII)));
    var bytes = new byte[result.bytes().remaining()];
    result.bytes().get(bytes);
    return new String(bytes, US_ASCII) + (result.detach() ? " detached" : "");
  }

  @Test
  void theSequenceDetachesAndIsNotPassedOn() {
    var keys = DetachKeys.parse("ctrl-p,ctrl-q");
    assertThat(typed(keys, "ab\u0010\u0011c")).isEqualTo("ab detached");
  }

  @Test
  void aBeginningThatComesToNothingIsPassedOnLate() {
    var keys = DetachKeys.parse("ctrl-p,ctrl-q");
    assertThat(typed(keys, "a\u0010")).isEqualTo("a");
    assertThat(typed(keys, "b")).isEqualTo("\u0010b");
    assertThat(typed(keys, "\u0010\u0010\u0011")).isEqualTo("\u0010 detached");
  }

  @Test
  void noKeysNeverDetachAndUnknownKeysAreRefused() {
    assertThat(typed(DetachKeys.parse(""), "\u0010\u0011")).isEqualTo("\u0010\u0011");
    assertThatThrownBy(() -> DetachKeys.parse("alt-x")).isInstanceOf(EngineException.class);
  }
}
