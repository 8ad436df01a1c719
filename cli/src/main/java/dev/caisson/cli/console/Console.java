/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.console;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** The terminal, files or pipes a command was called with, wherever its caller is. */
public interface Console {
  /** Reading begins with the first read; what is not read stays with the caller. */
  InputStream in();

  PrintStream out();

  PrintStream err();

  /**
   * @param descriptor 0, 1 or 2
   */
  boolean isTerminal(int descriptor);

  Size size();

  /** Passes every key through as it is typed, or gives line editing back. */
  void raw(boolean on);

  /**
   * Hears the signals sent to the caller, by number, from now on. Without a listener SIGINT,
   * SIGTERM and SIGHUP end the command.
   */
  void onSignal(IntConsumer listener);

  void onResize(Consumer<Size> listener);

  Map<String, String> environment();

  Path directory();

  /** In characters; 0 by 0 without a terminal. */
  record Size(int rows, int columns) {}
}
