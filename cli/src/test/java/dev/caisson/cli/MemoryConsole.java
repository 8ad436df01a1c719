/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.cli.console.Console;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** A caller with pipes. */
public final class MemoryConsole implements Console {
  private final InputStream in;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
  private final PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
  private final Path directory;

  private final Map<String, String> environment;

  public MemoryConsole(String input, Path directory) {
    this(input, directory, Map.of());
  }

  public MemoryConsole(String input, Path directory, Map<String, String> environment) {
    this.in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    this.directory = directory;
    this.environment = Map.copyOf(environment);
  }

  public String outText() {
    return out.toString(StandardCharsets.UTF_8);
  }

  public String errText() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Override
  public InputStream in() {
    return in;
  }

  @Override
  public PrintStream out() {
    return outStream;
  }

  @Override
  public PrintStream err() {
    return errStream;
  }

  @Override
  public boolean isTerminal(int descriptor) {
    return false;
  }

  @Override
  public Size size() {
    return new Size(0, 0);
  }

  @Override
  public void raw(boolean on) {}

  @Override
  public void onSignal(IntConsumer listener) {}

  @Override
  public void onResize(Consumer<Size> listener) {}

  @Override
  public Map<String, String> environment() {
    return environment;
  }

  @Override
  public Path directory() {
    return directory;
  }
}
