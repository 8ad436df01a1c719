/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.engine.EngineException;
import java.io.PrintStream;

/** A failure on one screen: what failed and why, then what to try. */
public final class ErrorText {
  private ErrorText() {}

  public static void print(PrintStream err, EngineException failure) {
    print(err, failure, "");
  }

  /**
   * Tells a failure and what may help.
   *
   * @param path the words of the command that failed; empty if it is none
   */
  static void print(PrintStream err, EngineException failure, String path) {
    err.println("caisson: " + failure.getMessage());
    var remedy = Suggestions.after(failure, path);
    if (!remedy.isEmpty()) {
      err.println("  try: " + remedy);
    }
  }

  /** A failure nobody foresaw. */
  public static void printUnexpected(PrintStream err, Throwable failure) {
    err.println("caisson: internal error: " + failure);
    err.println("  this is a defect in Caisson; the engine's log holds the details");
  }
}
