/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.ProgressListener;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** One line for each part of a transfer: redrawn on a terminal, else only what changed. */
public final class ProgressBars implements ProgressListener {
  private static final int WIDTH = 40;
  private static final long REDRAW_NANOS = 50_000_000;

  private final PrintStream stream;
  private final boolean terminal;
  private final Map<String, Step> steps = new LinkedHashMap<>();
  private int drawn;
  private long lastDrawn;

  /** On standard output, of which it is the result. */
  public ProgressBars(Console console) {
    this(console.out(), console.isTerminal(1));
  }

  private ProgressBars(PrintStream stream, boolean terminal) {
    this.stream = stream;
    this.terminal = terminal;
  }

  /** On standard error, beside a result that is something else. */
  public static ProgressBars aside(Console console) {
    return new ProgressBars(console.err(), console.isTerminal(2));
  }

  @Override
  public synchronized void onProgress(Step step) {
    var former = steps.put(step.subject(), step);
    boolean news = former == null || !former.status().equals(step.status());
    if (!terminal) {
      if (news) {
        stream.println(label(step) + step.status());
      }
      return;
    }
    long now = System.nanoTime();
    if (news || now - lastDrawn > REDRAW_NANOS) {
      lastDrawn = now;
      draw();
    }
  }

  /** Draws the last state. */
  public synchronized void finish() {
    if (terminal) {
      draw();
    }
    stream.flush();
  }

  private void draw() {
    var text = new StringBuilder();
    if (drawn > 0) {
      text.append("\u001b[").append(drawn).append('A');
    }
    for (var step : steps.values()) {
      text.append("\r\u001b[K")
          .append(label(step))
          .append(step.status())
          .append(bar(step))
          .append('\n');
    }
    drawn = steps.size();
    stream.print(text);
    stream.flush();
  }

  private static String label(Step step) {
    return step.subject().isEmpty() ? "" : step.subject() + ": ";
  }

  private static String bar(Step step) {
    if (step.current().isEmpty()) {
      return "";
    }
    long current = step.current().getAsLong();
    if (step.total().isEmpty() || step.total().getAsLong() <= 0) {
      return "  " + HumanSize.decimal(current);
    }
    long total = step.total().getAsLong();
    int filled = (int) Math.min(WIDTH, WIDTH * current / total);
    return "  ["
        + "=".repeat(filled)
        + (filled < WIDTH ? ">" : "")
        + " ".repeat(Math.max(0, WIDTH - filled - 1))
        + "]  "
        + HumanSize.decimal(current)
        + "/"
        + HumanSize.decimal(total);
  }
}
