/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/**
 * Finds what may open an encrypted disk. Asked only when one is met, so that nobody is asked in
 * vain for a passphrase.
 */
@FunctionalInterface
public interface Passphrases {

  /** There are none. */
  Passphrases NONE = disk -> List.of();

  /**
   * All that are worth trying, in this order; empty when there are none.
   *
   * @param disk the name of the disk, for whoever is asked
   */
  List<byte[]> of(String disk);

  /** This text, in UTF-8. */
  static Passphrases of(Iterable<String> texts) {
    return disk -> {
      List<byte[]> all = new java.util.ArrayList<>();
      texts.forEach(text -> all.add(text.getBytes(UTF_8)));
      return all;
    };
  }
}
