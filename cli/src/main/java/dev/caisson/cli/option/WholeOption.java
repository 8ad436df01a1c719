/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import picocli.CommandLine.Option;

/** Whether ids and texts are shown whole. */
public final class WholeOption {
  private static final int SHORT_ID = 12;

  @Option(names = "--no-trunc", description = "whole ids and texts")
  public boolean whole;

  /** An id without the name of its digest's algorithm, unless it is wanted whole. */
  public String id(String id) {
    if (whole) {
      return id;
    }
    var digits = id.substring(id.indexOf(':') + 1);
    return digits.substring(0, Math.min(SHORT_ID, digits.length()));
  }

  public String text(String text, int longest) {
    return whole || text.length() <= longest ? text : text.substring(0, longest - 1) + "…";
  }
}
