/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class UserNamespaceTest {
  @Test
  void theHostsMapsEveryIdToItself() {
    assertThat(UserNamespace.of(List.of("         0          0 4294967295")))
        .isEqualTo(new UserNamespace(true, 4_294_967_295L));
  }

  @Test
  void anOrdinaryUsersHasItsOwnIdAndARange() {
    var own = UserNamespace.of(List.of(" 0 1000 1", " 1 100000 65536"));
    assertThat(own).isEqualTo(new UserNamespace(false, 65_537));
    assertThat(own.single()).isFalse();
  }

  @Test
  void withoutARangeThereIsOneUser() {
    assertThat(UserNamespace.of(List.of(" 0 1000 1")).single()).isTrue();
  }
}
