/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.console.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** This process's own streams and terminal. */
final class ProcessConsole implements Console {
  private final Path directory;

  /**
   * @param directory where relative names start
   */
  ProcessConsole(Path directory) {
    this.directory = directory;
  }

  @Override
  public InputStream in() {
    return System.in;
  }

  @Override
  public PrintStream out() {
    return System.out;
  }

  @Override
  public PrintStream err() {
    return System.err;
  }

  @Override
  public boolean isTerminal(int descriptor) {
    var console = System.console();
    return console != null && console.isTerminal();
  }

  @Override
  public Size size() {
    return new Size(0, 0);
  }

  @Override
  public void raw(boolean on) {
    // Asked for by a prompt alone; the terminal's own program knows how, on every system.
    String[] command =
        on ? new String[] {"stty", "raw", "-echo", "opost"} : new String[] {"stty", "sane"};
    try {
      var stty = new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.INHERIT).start();
      int _ = stty.waitFor();
    } catch (IOException without) {
      // What is typed is seen then, and works.
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void onSignal(IntConsumer listener) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> listener.accept(2)));
  }

  @Override
  public void onResize(Consumer<Size> listener) {
    // Nothing is drawn that depends on it.
  }

  @Override
  public Map<String, String> environment() {
    return System.getenv();
  }

  @Override
  public Path directory() {
    return directory;
  }
}
