/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.stream;

import dev.caisson.engine.EngineException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * Watches typed bytes for the keys that detach. Bytes that may begin the sequence are held back
 * until it is clear that they do not.
 */
final class DetachKeys {
  private final byte[] keys;
  private int matched;

  private DetachKeys(byte[] keys) {
    this.keys = keys;
  }

  /** Reads {@code ctrl-p,ctrl-q}; empty text never matches. */
  static DetachKeys parse(String text) {
    var keys = new ByteArrayOutputStream();
    if (!text.isEmpty()) {
      for (var key : text.split(",", -1)) {
        keys.write(code(key));
      }
    }
    return new DetachKeys(keys.toByteArray());
  }

  private static int code(String key) {
    if (key.length() == 1 && key.charAt(0) < 128) {
      return key.charAt(0);
    }
    if (key.length() == 6 && key.startsWith("ctrl-")) {
      char letter = key.charAt(5);
      if (letter >= 'a' && letter <= 'z') {
        return letter - 'a' + 1;
      }
      int special = "@[\\]^_".indexOf(letter);
      if (special >= 0) {
        return special == 0 ? 0 : 26 + special;
      }
    }
    throw EngineException.invalid(
        "Invalid detach keys: unknown key '" + key + "'",
        "use letters and ctrl-LETTER, separated by commas");
  }

  /**
   * What of the typed bytes is for the workload.
   *
   * @param detach whether the sequence was completed; what follows it is dropped
   */
  record Typed(ByteBuffer bytes, boolean detach) {}

  Typed filter(ByteBuffer typed) {
    if (keys.length == 0) {
      return new Typed(typed, false);
    }
    var kept = new ByteArrayOutputStream();
    while (typed.hasRemaining()) {
      byte key = typed.get();
      if (key == keys[matched]) {
        if (++matched == keys.length) {
          matched = 0;
          return new Typed(ByteBuffer.wrap(kept.toByteArray()), true);
        }
        continue;
      }
      kept.write(keys, 0, matched);
      matched = key == keys[0] ? 1 : 0;
      if (matched == 0) {
        kept.write(key);
      } else if (keys.length == 1) {
        return new Typed(ByteBuffer.wrap(kept.toByteArray()), true);
      }
    }
    return new Typed(ByteBuffer.wrap(kept.toByteArray()), false);
  }
}
