/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.console.Console;
import java.util.Locale;
import java.util.function.LongConsumer;

/** One line that shows how far a copy is, as qemu-img -p does. */
final class ProgressLine implements LongConsumer {
  private final Console console;
  private final long total;
  private int shown = -1;

  ProgressLine(Console console, long total) {
    this.console = console;
    this.total = Math.max(1, total);
  }

  @Override
  public synchronized void accept(long done) {
    int permille = (int) (1000 * Math.min(done, total) / total);
    if (permille <= shown) {
      return;
    }
    shown = permille;
    var out = console.out();
    out.print(String.format(Locale.ROOT, "    (%.2f/100%%)\r", permille / 10.0));
    if (permille == 1000) {
      out.println();
    }
    out.flush();
  }
}
