/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.state;

import java.nio.charset.StandardCharsets;

/** One entry of the store set or removed. */
public sealed interface Change {
  String key();

  /** The entry holds these bytes from now on. */
  @SuppressWarnings("ArrayRecordComponent") // written once, never compared
  record Put(String key, byte[] value) implements Change {}

  /** The entry is gone. */
  record Remove(String key) implements Change {}

  /** The longest key in bytes of UTF-8. */
  int LONGEST_KEY = 1024;

  /** The key as it is written. */
  default byte[] keyBytes() {
    var bytes = key().getBytes(StandardCharsets.UTF_8);
    if (bytes.length > LONGEST_KEY) {
      throw new IllegalArgumentException("key of " + bytes.length + " bytes");
    }
    return bytes;
  }
}
