/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.check;

import java.util.ArrayList;
import java.util.List;

/** What a check came across; only the first lines are kept, all are counted. */
final class Findings {
  private static final int KEPT = 100;

  long corruptions;
  long leaks;
  final List<String> messages = new ArrayList<>();

  void corruption(String what) {
    corruptions++;
    keep("ERROR " + what);
  }

  void leak(String what) {
    leaks++;
    keep(what);
  }

  boolean clean() {
    return corruptions == 0 && leaks == 0;
  }

  private void keep(String line) {
    if (messages.size() < KEPT) {
      messages.add(line);
    }
  }
}
