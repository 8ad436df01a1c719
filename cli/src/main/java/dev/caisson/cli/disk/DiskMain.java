/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.console.Console;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import picocli.CommandLine;

/** {@code disk ...} in a process of its own, without an engine: for hosts that run none. */
public final class DiskMain {
  private DiskMain() {}

  static void main(String[] words) {
    System.exit(run(new OwnStreams(), words));
  }

  /** Does one command for {@code console}'s user and returns its exit code. */
  static int run(Console console, String... words) {
    var maker = words.length == 0 ? null : new DiskCommands().commands().get("disk " + words[0]);
    if (maker == null) {
      console
          .err()
          .println("usage: disk create|info|map|check|convert|resize|commit|rebase|snapshot|...");
      return 1;
    }
    var command = (DiskCommand) maker.get();
    command.bind(console);
    var line = new CommandLine(command).setCommandName("disk " + words[0]);
    return line.execute(List.of(words).subList(1, words.length).toArray(String[]::new));
  }

  /** This process's own streams. */
  private static final class OwnStreams implements Console {
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
      // Disk commands read no keys.
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
      return Path.of("").toAbsolutePath();
    }
  }
}
