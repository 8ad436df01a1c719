/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code NAME=VALUE} words; a bare name has an empty value. */
public final class KeyValues {
  private KeyValues() {}

  public static Map<String, String> map(List<String> words) {
    var map = new LinkedHashMap<String, String>();
    for (var word : words) {
      int equals = word.indexOf('=');
      map.put(
          equals < 0 ? word : word.substring(0, equals),
          equals < 0 ? "" : word.substring(equals + 1));
    }
    return map;
  }

  /** {@code a=b,c=d} as of {@code --mount}; quotes around a value keep commas in it. */
  public static Map<String, String> list(String text) {
    var map = new LinkedHashMap<String, String>();
    for (var word : text.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1)) {
      var plain = word.replace("\"", "");
      int equals = plain.indexOf('=');
      map.put(
          equals < 0 ? plain : plain.substring(0, equals),
          equals < 0 ? "" : plain.substring(equals + 1));
    }
    return map;
  }
}
