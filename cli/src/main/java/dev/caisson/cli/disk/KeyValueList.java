/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@code a=1,b=2} as qemu-img writes options; a comma in a value is doubled. */
final class KeyValueList {
  private KeyValueList() {}

  static Map<String, String> parse(String text) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String part : text.replace(",,", "\0").split(",")) {
      String whole = part.replace('\0', ',');
      int equals = whole.indexOf('=');
      if (!whole.isEmpty()) {
        fields.put(
            equals < 0 ? whole : whole.substring(0, equals),
            equals < 0 ? "on" : whole.substring(equals + 1));
      }
    }
    return fields;
  }
}
