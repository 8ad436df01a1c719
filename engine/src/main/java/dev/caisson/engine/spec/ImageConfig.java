/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What an image says about the containers made of it. Empty texts and lists mean not said. */
public record ImageConfig(
    List<String> entrypoint,
    List<String> command,
    List<String> environment,
    String user,
    String workingDirectory,
    Set<PortSpec> exposedPorts,
    Set<String> volumes,
    Map<String, String> labels,
    String stopSignal,
    Optional<Duration> stopTimeout,
    Optional<HealthcheckSpec> healthcheck,
    List<String> shell,
    List<String> onBuild) {
  public ImageConfig {
    entrypoint = List.copyOf(entrypoint);
    command = List.copyOf(command);
    environment = List.copyOf(environment);
    exposedPorts = Set.copyOf(exposedPorts);
    volumes = Set.copyOf(volumes);
    labels = Map.copyOf(labels);
    shell = List.copyOf(shell);
    onBuild = List.copyOf(onBuild);
  }

  public static ImageConfig empty() {
    return new ImageConfig(
        List.of(),
        List.of(),
        List.of(),
        "",
        "",
        Set.of(),
        Set.of(),
        Map.of(),
        "",
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of());
  }
}
