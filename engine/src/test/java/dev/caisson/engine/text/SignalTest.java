/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.EngineException;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignalTest {
  @Test
  void signalsAreReadByNameAndNumber() {
    assertThat(Signal.parse("SIGTERM")).isEqualTo(15);
    assertThat(Signal.parse("kill")).isEqualTo(9);
    assertThat(Signal.parse("10")).isEqualTo(10);
    assertThat(Signal.parse("RTMIN+2")).isEqualTo(36);
    for (var bad : List.of("", "0", "65", "-9", "NOSUCH", "RTMIN+x")) {
      assertThatThrownBy(() -> Signal.parse(bad)).isInstanceOf(EngineException.class);
    }
  }

  @Test
  void sizesCountIn1024s() {
    assertThat(ByteSize.parse("64m")).isEqualTo(64L << 20);
    assertThat(ByteSize.parse("1.5GiB")).isEqualTo(3L << 29);
    assertThat(ByteSize.parse("512")).isEqualTo(512);
    for (var bad : List.of("", "m", "-1", "1x", "1 2")) {
      assertThatThrownBy(() -> ByteSize.parse(bad)).isInstanceOf(EngineException.class);
    }
  }
}
