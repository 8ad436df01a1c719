/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.RootfsException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** One run of a command of this host, with a plain environment and no standard input. */
final class HostCommand {
  private static final int LINES_TOLD = 15;

  private HostCommand() {}

  /** The path of {@code name} in the usual folders. */
  static Optional<Path> find(String name) {
    for (var folder : List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin")) {
      var candidate = Path.of(folder, name);
      if (Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /** As {@link #find}; {@code remedy} completes the message when it is missing. */
  static Path require(String name, String remedy) {
    return find(name)
        .orElseThrow(
            () -> new RootfsException(Kind.UNAVAILABLE, name + " is not installed; " + remedy));
  }

  /**
   * Runs {@code command} in {@code folder}, handing on each line of its output.
   *
   * @throws RootfsException UNAVAILABLE with the last lines when it fails
   */
  static void run(Path folder, List<String> command, Consumer<String> lines) {
    Deque<String> last = new ArrayDeque<>();
    try {
      var builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
      builder.environment().put("LC_ALL", "C.UTF-8");
      builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
      builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
      var process = builder.start();
      try (var output = process.inputReader(StandardCharsets.UTF_8)) {
        for (var line = output.readLine(); line != null; line = output.readLine()) {
          lines.accept(line);
          last.addLast(line);
          if (last.size() > LINES_TOLD) {
            last.removeFirst();
          }
        }
      }
      int status = process.waitFor();
      if (status != 0) {
        throw new RootfsException(
            Kind.UNAVAILABLE,
            command.getFirst()
                + " failed with status "
                + status
                + ":\n  "
                + String.join("\n  ", last));
      }
    } catch (IOException e) {
      throw new RootfsException(Kind.UNAVAILABLE, "cannot run " + command.getFirst() + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RootfsException(Kind.IO, command.getFirst() + " was interrupted", e);
    }
  }

  /** The lines {@code command} prints. */
  static List<String> lines(Path folder, List<String> command) {
    var lines = new ArrayList<String>();
    run(folder, command, lines::add);
    return lines;
  }
}
