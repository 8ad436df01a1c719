/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import picocli.CommandLine.Option;

/** Whether ids and texts are shown whole. */
final class WholeOption {
  private static final int SHORT_ID = 12;

  @Option(names = "--no-trunc", description = "whole ids and texts")
  boolean whole;

  /** An id without the name of its digest's algorithm, unless it is wanted whole. */
  String id(String id) {
    if (whole) {
      return id;
    }
    var digits = id.substring(id.indexOf(':') + 1);
    return digits.substring(0, Math.min(SHORT_ID, digits.length()));
  }

  String text(String text, int longest) {
    return whole || text.length() <= longest ? text : text.substring(0, longest - 1) + "…";
  }
}
