/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.SandboxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "4294967296",
        "-1",
        "0x0",
        "2147483648",
        "1 ",
        "+0",
        "a b",
        "a\n",
        "99999999999",
        "0:-1",
        "1:",
        ":"
      })
  void whatIsNoUserIsRefusedAndNeverBecomesRoot(String text) {
    if (text.equals("1:")) {
      assertThat(User.parse(text).group()).isEmpty();
      return;
    }
    if (text.equals(":")) {
      assertThat(User.parse(text)).isEqualTo(User.ROOT);
      return;
    }
    assertThatThrownBy(() -> User.parse(text))
        .isInstanceOfSatisfying(
            SandboxException.class,
            refused -> assertThat(refused.kind()).isEqualTo(SandboxException.Kind.INVALID));
  }

  @Test
  void dockersFormsAreRead() {
    assertThat(User.parse("")).isEqualTo(User.ROOT);
    assertThat(User.parse("web:99")).isEqualTo(new User("web", "99", java.util.List.of()));
    assertThat(User.parse("1000").user()).isEqualTo("1000");
  }
}
