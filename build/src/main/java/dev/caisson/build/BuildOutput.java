/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

/** Where a build tells what it does. */
public interface BuildOutput {
  /** A piece of text, as it is: headings of steps and what commands print. */
  void print(String text);

  /** Says nothing. */
  BuildOutput SILENT = text -> {};
}
