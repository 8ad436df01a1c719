/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;

/** The disk a command looks at, and how it is opened. */
final class SourceOptions {
  private String format = "";
  private boolean unlocked;
  private String file = "";

  void declare(Words words) {
    words.value("FORMAT", "the format, instead of looking", value -> format = value, "-f");
    words.flag("even while somebody writes to it", () -> unlocked = true, "-U", "--force-share");
    words.argument("FILE", "the disk", value -> file = value);
  }

  /** Its format's name; empty for what the file says itself. */
  String format() {
    return format;
  }

  /** Whether it is opened although somebody writes to it. */
  boolean unlocked() {
    return unlocked;
  }

  /** A file's name, or the address of an export. */
  String file() {
    return file;
  }
}
