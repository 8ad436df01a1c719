/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

import java.util.Optional;

/** What a client may ask for before it uses an export. */
public enum Option {
  EXPORT_NAME(1),
  ABORT(2),
  LIST(3),
  STARTTLS(5),
  INFO(6),
  GO(7),
  STRUCTURED_REPLY(8),
  LIST_META_CONTEXT(9),
  SET_META_CONTEXT(10),
  EXTENDED_HEADERS(11);

  private static final Option[] ALL = values();
  private final int number;

  Option(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  public static Optional<Option> of(int number) {
    for (var option : ALL) {
      if (option.number == number) {
        return Optional.of(option);
      }
    }
    return Optional.empty();
  }
}
