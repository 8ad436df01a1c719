/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The records of a pax extended header: {@code LENGTH KEY=VALUE\n}. Values stay bytes, because
 * extended attributes are binary. pax(1), extended header
 */
final class PaxRecords {
  static final String XATTR = "SCHILY.xattr.";

  private static final int MAX_LENGTH_DIGITS = 10;

  private final Map<String, byte[]> values = new HashMap<>();
  // GNU's sparse format 0.0 repeats these two keys, in order.
  private final List<Long> sparseNumbers = new ArrayList<>();

  static PaxRecords none() {
    return new PaxRecords();
  }

  static PaxRecords parse(byte[] bytes) {
    var records = new PaxRecords();
    int position = 0;
    while (position < bytes.length && bytes[position] != 0) {
      position = records.record(bytes, position);
    }
    return records;
  }

  private int record(byte[] bytes, int start) {
    int space = start;
    long length = 0;
    while (space < bytes.length && bytes[space] != ' ') {
      int digit = bytes[space] - '0';
      if (digit < 0 || digit > 9 || space - start >= MAX_LENGTH_DIGITS) {
        throw malformed();
      }
      length = length * 10 + digit;
      space++;
    }
    long end = start + length;
    if (end > bytes.length || end <= space + 2L || bytes[(int) end - 1] != '\n') {
      throw malformed();
    }
    int equals = space + 1;
    while (equals < end && bytes[equals] != '=') {
      equals++;
    }
    if (equals == end || equals == space + 1) {
      throw malformed();
    }
    var key = new String(bytes, space + 1, equals - space - 1, StandardCharsets.UTF_8);
    put(key, Arrays.copyOfRange(bytes, equals + 1, (int) end - 1));
    return (int) end;
  }

  private void put(String key, byte[] value) {
    if (key.equals("GNU.sparse.offset") || key.equals("GNU.sparse.numbytes")) {
      sparseNumbers.add(decimal(key, new String(value, StandardCharsets.US_ASCII)));
    }
    values.put(key, value);
  }

  /** A text; empty counts as absent, as pax says. */
  Optional<String> text(String key) {
    return Optional.ofNullable(values.get(key))
        .filter(value -> value.length > 0)
        .map(value -> Utf8.decode(value, 0, value.length));
  }

  Optional<Long> number(String key) {
    return text(key).map(value -> decimal(key, value));
  }

  List<Long> sparseNumbers() {
    return sparseNumbers;
  }

  Map<String, byte[]> extendedAttributes() {
    var attributes = new HashMap<String, byte[]>();
    values.forEach((key, value) -> {
      if (key.startsWith(XATTR) && key.length() > XATTR.length()) {
        attributes.put(key.substring(XATTR.length()), value);
      }
    });
    return attributes;
  }

  static long decimal(String key, String value) {
    try {
      long number = Long.parseLong(value);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException _) {
      // told below
    }
    throw new ImageException(
        Kind.INVALID, "a tar header's " + key + " is no whole number of 0 or more");
  }

  private static ImageException malformed() {
    return new ImageException(Kind.INVALID, "the layer has a malformed pax header");
  }
}
