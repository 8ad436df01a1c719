/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A command under a pseudo terminal, typed into by a test. script(1) provides the terminal. */
final class Terminal implements AutoCloseable {
  private final Process process;
  private final StringBuilder screen = new StringBuilder();

  Terminal(String command) {
    process = Shell.of("script", "-qefc", command, "/dev/null").start();
    Thread.ofVirtual().start(this::read);
  }

  private void read() {
    byte[] buffer = new byte[4096];
    try (InputStream in = process.getInputStream()) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        synchronized (screen) {
          screen.append(new String(buffer, 0, count, StandardCharsets.UTF_8));
        }
      }
    } catch (IOException ended) {
      // the terminal is gone
    }
  }

  String screen() {
    synchronized (screen) {
      return screen.toString();
    }
  }

  void type(String text) throws IOException {
    process.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /**
   * Asks the docker command line for a terminal, and types into it.
   *
   * @param options of {@code docker run}, beside those that ask for the terminal
   * @param seconds how long the first prompt may take: a machine has to boot for it
   */
  static void takesInputAndHasASize(EngineProcess engine, String options, int seconds)
      throws Exception {
    String run = "docker -H " + engine.address() + " run -it --rm " + options + " busybox sh";
    try (Terminal terminal = new Terminal("stty rows 33 cols 111; exec " + run)) {
      terminal.await("#", seconds);
      terminal.type("stty size; echo $((40+2))\n");
      terminal.await("42");
      assertThat(terminal.screen()).contains("33 111");
      terminal.type("exit 5\n");
      assertThat(terminal.end()).isEqualTo(5);
    }
  }

  void await(String text) {
    await(text, 30);
  }

  void await(String text, int seconds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!screen().contains(text)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("'" + text + "' does not appear:\n" + screen());
      }
      EngineProcess.pause(20);
    }
  }

  /** The exit code of the command. */
  int end() throws InterruptedException {
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      throw new AssertionError("does not end:\n" + screen());
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
