/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.User;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AccountsTest {
  private static final Accounts ACCOUNTS =
      parse(
          "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/srv:/bin/sh\nminus:x:-1:0::/:/\n"
              + "wraps:x:4294967296:0::/:/\nhex:x:0x0:0::/:/\nshort:x:7\n",
          "web:x:44:\ntape:x:26:other,web\nbig:x:4294967295:web\n");

  private static Accounts parse(String passwd, String group) {
    return Accounts.parse(
        passwd.getBytes(StandardCharsets.UTF_8), group.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aNameGivesNumbersGroupsAndHome() {
    assertThat(ACCOUNTS.resolve(User.parse("web")))
        .isEqualTo(new Identity(33, 44, List.of(44L, 26L), "/srv"));
  }

  @Test
  void aNumberNeedNotBeKnown() {
    assertThat(ACCOUNTS.resolve(User.parse("999:888")))
        .isEqualTo(new Identity(999, 888, List.of(888L), "/"));
    assertThat(ACCOUNTS.resolve(User.parse("33")).group()).isEqualTo(44);
  }

  @Test
  void aGroupGivenLeavesTheUsersOthersOut() {
    assertThat(ACCOUNTS.resolve(User.parse("web:tape")).groups()).containsExactly(26L);
    assertThat(ACCOUNTS.resolve(User.parse("web").withAdditional(List.of("tape", "5"))).groups())
        .containsExactly(44L, 26L, 5L);
  }

  @Test
  void numbersOutOfRangeAreNoUsersAndNeverRoot() {
    for (String name : List.of("minus", "wraps", "hex", "short", "nobody")) {
      assertThatThrownBy(() -> ACCOUNTS.resolve(User.parse(name)))
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining(name);
    }
    assertThatThrownBy(() -> ACCOUNTS.resolve(User.parse("web:big")))
        .isInstanceOf(SandboxException.class);
  }

  @Test
  void junkIsPassedOver() {
    String alphabet = ":\n0123456789,xX\0-\u00ff ";
    var random = new Random(11);
    for (int round = 0; round < 2_000; round++) {
      byte[] junk = new byte[random.nextInt(400)];
      for (int i = 0; i < junk.length; i++) {
        junk[i] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
      }
      Accounts accounts = Accounts.parse(junk, junk);
      assertThat(accounts.users()).allMatch(user -> user.user() >= 0 && user.group() >= 0);
    }
  }
}
