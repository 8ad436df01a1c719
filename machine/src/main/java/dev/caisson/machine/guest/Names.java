/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Interface names as the kernel has them: 16 bytes with a NUL. */
final class Names {
  private static final int SIZE = 16;

  private Names() {}

  static byte[] fixed(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length >= SIZE) {
      throw new IllegalArgumentException("interface name \"" + name + "\"");
    }
    return Arrays.copyOf(bytes, SIZE);
  }
}
