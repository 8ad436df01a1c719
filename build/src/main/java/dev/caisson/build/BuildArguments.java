/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Dockerfile;
import dev.caisson.build.dockerfile.Expansion;
import dev.caisson.build.dockerfile.Instruction;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The arguments of one build: those the client gave, and those declared before the first FROM. A
 * stage knows the ones it declares itself. Dockerfile reference, ARG.
 */
final class BuildArguments {
  /**
   * Those that every Dockerfile may use without declaring them; they do not count for the cache.
   * Dockerfile reference, ARG.
   */
  static final Set<String> PREDEFINED =
      Set.of(
          "HTTP_PROXY",
          "http_proxy",
          "HTTPS_PROXY",
          "https_proxy",
          "FTP_PROXY",
          "ftp_proxy",
          "NO_PROXY",
          "no_proxy",
          "ALL_PROXY",
          "all_proxy");

  private final Map<String, String> given;
  private final char escape;
  private final Map<String, String> globals = new LinkedHashMap<>();
  private final Set<String> unused;

  BuildArguments(BuildRequest request, Dockerfile dockerfile) {
    this.given = request.arguments();
    this.escape = dockerfile.escape();
    this.unused = new HashSet<>(given.keySet());
    unused.removeAll(PREDEFINED);
    platforms(request);
    for (Instruction.Arg arg : dockerfile.globals()) {
      for (Instruction.Variable variable : arg.variables()) {
        asked(variable)
            .or(() -> variable.value().map(this::expand))
            .ifPresent(value -> globals.put(variable.name(), value));
      }
    }
  }

  private void platforms(BuildRequest request) {
    String machine = System.getProperty("os.arch", "").equals("aarch64") ? "arm64" : "amd64";
    String platform = request.platform().orElse("linux/" + machine);
    String[] parts = platform.split("/");
    for (String prefix : List.of("TARGET", "BUILD")) {
      globals.put(prefix + "PLATFORM", platform);
      globals.put(prefix + "OS", parts[0]);
      globals.put(prefix + "ARCH", parts.length > 1 ? parts[1] : machine);
      globals.put(prefix + "VARIANT", parts.length > 2 ? parts[2] : "");
    }
  }

  private Optional<String> asked(Instruction.Variable variable) {
    unused.remove(variable.name());
    return Optional.ofNullable(given.get(variable.name()));
  }

  /**
   * A word of FROM, or of what names a stage: only what is declared before the first FROM counts.
   */
  String expand(String word) {
    return Expansion.expand(word, escape, name -> Optional.ofNullable(globals.get(name)));
  }

  /**
   * What a variable that ARG declares in a stage is there: as given, else as it says itself, else
   * as before the first FROM.
   *
   * @param inStage expands a word with what the stage knows so far
   */
  Optional<String> declared(Instruction.Variable variable, UnaryOperator<String> inStage) {
    return asked(variable)
        .or(() -> variable.value().map(inStage))
        .or(() -> Optional.ofNullable(globals.get(variable.name())));
  }

  /** Names of those given that nothing has declared so far. */
  Set<String> unused() {
    return unused;
  }
}
