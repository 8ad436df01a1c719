/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import java.util.List;
import java.util.stream.Stream;

/** The names that words of a command can be. */
interface KnownNames {
  List<String> containers();

  /** With their tags, but for {@code latest}, which need not be said. */
  List<String> images();

  List<String> networks();

  List<String> volumes();

  List<String> snapshots();

  /** Kernels, by version. */
  List<String> kernels();

  List<String> isolations();

  /** All that {@code inspect} takes. */
  default List<String> everything() {
    return Stream.of(containers(), images(), networks(), volumes()).flatMap(List::stream).toList();
  }
}
