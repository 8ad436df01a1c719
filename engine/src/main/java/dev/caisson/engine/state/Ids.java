/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.state;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Identities that nobody can guess. */
public final class Ids {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** 64 hexadecimal digits, the first twelve not all decimal: those could be taken for a number. */
  public static String random() {
    var bytes = new byte[32];
    while (true) {
      RANDOM.nextBytes(bytes);
      var id = HexFormat.of().formatHex(bytes);
      if (id.substring(0, 12).chars().anyMatch(Character::isLetter)) {
        return id;
      }
    }
  }
}
