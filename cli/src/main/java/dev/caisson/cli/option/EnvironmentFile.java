/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;

/** Variables for a process: from files, then from options; a bare name takes the caller's value. */
final class EnvironmentFile {
  private static final long LARGEST = 1 << 20;

  private EnvironmentFile() {}

  static List<String> merge(List<String> files, List<String> options, Console console) {
    var merged = new ArrayList<String>();
    for (var file : files) {
      for (var line : lines(file, console)) {
        var text = line.stripLeading();
        if (!text.isEmpty() && !text.startsWith("#")) {
          add(text, merged, console);
        }
      }
    }
    options.forEach(entry -> add(entry, merged, console));
    return merged;
  }

  private static void add(String entry, List<String> to, Console console) {
    if (entry.indexOf('=') >= 0) {
      to.add(entry);
    } else {
      var value = console.environment().get(entry);
      if (value != null) {
        to.add(entry + "=" + value);
      }
    }
  }

  static List<String> lines(String file, Console console) {
    var path = console.directory().resolve(file);
    try {
      if (Files.size(path) > LARGEST) {
        throw EngineException.invalid(path + " is larger than 1 MiB", "give another file");
      }
      return Files.readAllLines(path);
    } catch (NoSuchFileException e) {
      throw EngineException.invalid(path + ": no such file", "name one that exists");
    } catch (IOException e) {
      throw new EngineException(
          EngineException.Kind.INVALID, "cannot read " + path + ": " + e.getMessage(), "", e);
    }
  }
}
