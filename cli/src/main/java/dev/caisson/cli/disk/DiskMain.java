/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.alone.CommandGroup;
import dev.caisson.cli.console.Console;

/** {@code disk ...} in a process of its own, without an engine: for hosts that run none. */
public final class DiskMain {
  private DiskMain() {}

  static void main(String[] words) {
    group().exit(words);
  }

  /** Does one command for {@code console}'s user and returns its exit code. */
  static int run(Console console, String... words) {
    return group().run(console, words);
  }

  private static CommandGroup group() {
    return new CommandGroup("disk", new DiskCommands().commands());
  }
}
