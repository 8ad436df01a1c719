/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** SPECIFICATION.md names what guards each promise; this reads whether it is there. */
class SpecificationTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern NAME = Pattern.compile("`([^`]+)`");
  private static final int COLUMNS = 3;

  @Test
  void everyPromiseNamesAGuardThatExists() throws IOException {
    var sources = testSources();
    var wrong = new ArrayList<String>();
    for (var row : rows()) {
      var cells = row.substring(1).split("(?<!\\\\)\\|", -1);
      if (cells.length != COLUMNS + 1) {
        wrong.add("not three columns: " + row);
        continue;
      }
      var guards = NAME.matcher(cells[1]).results().map(match -> match.group(1)).toList();
      if (guards.isEmpty() && !cells[1].contains("*unguarded*")) {
        wrong.add("neither a guard nor *unguarded*: " + row);
      }
      guards.stream().filter(guard -> !exists(guard, sources)).forEach(wrong::add);
    }
    assertThat(wrong).isEmpty();
  }

  private static List<String> rows() throws IOException {
    var rows =
        Files.readAllLines(ROOT.resolve("SPECIFICATION.md")).stream()
            .filter(line -> line.startsWith("| "))
            .filter(line -> !line.startsWith("| promise |"))
            .toList();
    assertThat(rows).isNotEmpty();
    return rows;
  }

  private static boolean exists(String guard, Map<String, List<Path>> sources) {
    if (guard.startsWith("./dev ")) {
      var words = guard.split(" ");
      return switch (words[1]) {
        case "bench", "lab" -> Files.isExecutable(ROOT.resolve(words[1]).resolve(words[2]));
        default -> read(ROOT.resolve("dev")).contains("  " + words[1] + ")");
      };
    }
    var words = guard.split("\\.");
    return sources.getOrDefault(words[0], List.of()).stream()
        .anyMatch(source -> words.length == 1 || read(source).contains(" " + words[1] + "("));
  }

  private static Map<String, List<Path>> testSources() throws IOException {
    var sources = new HashMap<String, List<Path>>();
    try (var modules = Files.newDirectoryStream(ROOT)) {
      for (var module : modules) {
        var tests = module.resolve("src/test/java");
        if (Files.isDirectory(tests)) {
          try (var files = Files.walk(tests)) {
            files
                .filter(file -> file.toString().endsWith(".java"))
                .forEach(file ->
                    sources
                        .computeIfAbsent(
                            file.getFileName().toString().replace(".java", ""),
                            name -> new ArrayList<>())
                        .add(file));
          }
        }
      }
    }
    return sources;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
