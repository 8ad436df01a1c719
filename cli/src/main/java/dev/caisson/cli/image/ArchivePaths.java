/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Optional;
import java.util.function.Consumer;

/** Archives the caller names, or has on standard streams. */
final class ArchivePaths {
  private ArchivePaths() {}

  /** What the caller named, or sends. */
  static InputStream input(Optional<String> file, Console console) throws IOException {
    if (file.isEmpty()) {
      return console.in();
    }
    var path = console.directory().resolve(file.get());
    if (Files.notExists(path) || Files.isDirectory(path)) {
      throw EngineException.invalid(
          file.get() + (Files.notExists(path) ? ": no such file" : ": is a directory"),
          "name an archive, a file of this host");
    }
    return Files.newInputStream(path);
  }

  static int toOutput(Optional<String> file, Console console, Consumer<OutputStream> work) {
    if (file.isEmpty()) {
      if (console.isTerminal(1)) {
        throw EngineException.invalid(
            "cowardly refusing to save to a terminal", "use -o FILE, or redirect the output");
      }
      work.accept(console.out());
      console.out().flush();
      return 0;
    }
    var path = console.directory().resolve(file.get());
    try (var out = Files.newOutputStream(path)) {
      work.accept(out);
      return 0;
    } catch (IOException e) {
      throw EngineException.io("cannot write " + path + ": " + e.getMessage(), e);
    }
  }
}
