/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.alone;

import dev.caisson.cli.console.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** This process's own streams and terminal. */
public final class ProcessConsole implements Console {
  private static final int LONGEST_END = 10; // seconds

  private final Path directory;
  private final CountDownLatch ended = new CountDownLatch(1);

  /**
   * @param directory where relative names start
   */
  public ProcessConsole(Path directory) {
    this.directory = directory;
  }

  /** The command is done: a signal it was told has nothing more to wait for. */
  void ended() {
    ended.countDown();
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
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(listener)));
  }

  /** The process is over when its hooks are, whatever the command still has to close. */
  private void end(IntConsumer listener) {
    listener.accept(2);
    try {
      var _ = ended.await(LONGEST_END, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
