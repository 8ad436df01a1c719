/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a container of this image runs and with which settings, unless told otherwise: the {@code
 * config} object of an image configuration.
 *
 * <p>Everything here was written by the image's author. It is a default for the workload, never an
 * instruction to the engine.
 *
 * @param user {@code user[:group]} by name or number; empty means root
 * @param exposedPorts such as {@code 80/tcp}
 * @param entrypoint absent when not set, which differs from an empty list
 * @param volumes absolute paths in the container
 * @param workingDirectory empty means {@code /}
 * @param onBuild instructions for a build that starts from this image
 */
public record Defaults(
    String user,
    Set<String> exposedPorts,
    List<String> environment,
    Optional<List<String>> entrypoint,
    Optional<List<String>> command,
    Set<String> volumes,
    String workingDirectory,
    Map<String, String> labels,
    Optional<String> stopSignal,
    Optional<Long> stopTimeoutSeconds,
    Optional<HealthCheck> healthCheck,
    List<String> shell,
    List<String> onBuild) {
  /** An image that says nothing. */
  public static final Defaults NONE = builder().build();

  public Defaults {
    exposedPorts = Ordered.copyOf(exposedPorts);
    environment = List.copyOf(environment);
    entrypoint = entrypoint.map(List::copyOf);
    command = command.map(List::copyOf);
    volumes = Ordered.copyOf(volumes);
    labels = Ordered.copyOf(labels);
    shell = List.copyOf(shell);
    onBuild = List.copyOf(onBuild);
  }

  public static DefaultsBuilder builder() {
    return new DefaultsBuilder();
  }

  static Defaults parse(JsonFields fields) {
    return builder()
        .user(fields.optionalText("User").orElse(""))
        .exposedPorts(keys(fields, "ExposedPorts"))
        .environment(fields.texts("Env"))
        .entrypoint(fields.optionalTexts("Entrypoint"))
        .command(fields.optionalTexts("Cmd"))
        .volumes(keys(fields, "Volumes"))
        .workingDirectory(fields.optionalText("WorkingDir").orElse(""))
        .labels(fields.textMap("Labels"))
        .stopSignal(fields.optionalText("StopSignal").filter(s -> !s.isEmpty()))
        .stopTimeoutSeconds(fields.optionalCount("StopTimeout"))
        .healthCheck(fields.fields("Healthcheck").map(HealthCheck::parse))
        .shell(fields.texts("Shell"))
        .onBuild(fields.texts("OnBuild"))
        .build();
  }

  // Go writes a set as an object whose values are empty objects.
  private static Set<String> keys(JsonFields fields, String name) {
    return fields.fields(name).map(JsonFields::names).stream()
        .flatMap(names -> names)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }
}
