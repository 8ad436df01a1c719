/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where an engine keeps its things and what it does by default.
 *
 * @param root what must survive a reboot: images, volumes, state
 * @param run what need not: sockets, mounts, network namespaces
 * @param isolation for containers that name none
 * @param labels shown by {@code caisson info}
 */
public record EngineOptions(Path root, Path run, String isolation, Map<String, String> labels) {
  public EngineOptions {
    root = root.toAbsolutePath().normalize();
    run = run.toAbsolutePath().normalize();
    labels = Map.copyOf(labels);
  }

  public static EngineOptions at(Path root, Path run) {
    return new EngineOptions(root, run, "container", Map.of());
  }

  /** For temporary files; nothing in it outlives the engine. */
  public Path scratch() {
    return root.resolve("scratch");
  }

  /**
   * What is not yet, or no longer, any container's: roots made ahead of need, directories that are
   * being removed. Empty when an engine opens.
   */
  public Path aside() {
    return aside(root);
  }

  /** As {@link #aside()}, of an engine whose state is below a directory. */
  public static Path aside(Path root) {
    return root.resolve("aside");
  }

  /** CAISSON_ROOT and CAISSON_RUN if set, else the system's places, else the user's. */
  public static EngineOptions fromEnvironment() {
    return fromEnvironment(System.getenv(), System.getProperty("user.name", ""));
  }

  static EngineOptions fromEnvironment(Map<String, String> environment, String user) {
    boolean system = user.equals("root");
    var home = Optional.ofNullable(environment.get("HOME")).orElse("/");
    var data = Optional.ofNullable(environment.get("XDG_DATA_HOME")).orElse(home + "/.local/share");
    var runtime = Optional.ofNullable(environment.get("XDG_RUNTIME_DIR")).orElse(data);
    var root =
        Optional.ofNullable(environment.get("CAISSON_ROOT"))
            .orElse(system ? "/var/lib/caisson" : data + "/caisson");
    var run =
        Optional.ofNullable(environment.get("CAISSON_RUN"))
            .orElse(
                system
                    ? "/run/caisson"
                    : runtime + (runtime.equals(data) ? "/caisson/run" : "/caisson"));
    return at(Path.of(root), Path.of(run));
  }
}
