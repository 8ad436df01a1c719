/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.Output;
import dev.caisson.engine.ProgressListener;

/**
 * Where a build tells what it does. The classic builder's words come to {@link #print}; who wants
 * to draw the steps themselves listens to the others.
 */
public interface BuildOutput {
  /** A piece of text, as it is: headings of steps and results. */
  void print(String text);

  /** The step that was going on is over, and this one begins. */
  default void begin(BuildStep step) {}

  /** The step that began last needed no work. */
  default void cached() {}

  /** What a command of the step writes. */
  default void command(Output.Stream stream, String text) {
    print(text);
  }

  /** How far a transfer of the step is. */
  default void transfer(ProgressListener.Step progress) {}

  /** Says nothing. */
  BuildOutput SILENT = text -> {};
}
