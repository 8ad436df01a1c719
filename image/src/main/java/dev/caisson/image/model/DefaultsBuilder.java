/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Collects the values of {@link Defaults}, where they are explained. */
public final class DefaultsBuilder {
  private String user = "";
  private Set<String> exposedPorts = Set.of();
  private List<String> environment = List.of();
  private Optional<List<String>> entrypoint = Optional.empty();
  private Optional<List<String>> command = Optional.empty();
  private Set<String> volumes = Set.of();
  private String workingDirectory = "";
  private Map<String, String> labels = Map.of();
  private Optional<String> stopSignal = Optional.empty();
  private Optional<Long> stopTimeoutSeconds = Optional.empty();
  private Optional<HealthCheck> healthCheck = Optional.empty();
  private List<String> shell = List.of();
  private List<String> onBuild = List.of();

  DefaultsBuilder() {}

  public DefaultsBuilder user(String value) {
    user = value;
    return this;
  }

  public DefaultsBuilder exposedPorts(Set<String> value) {
    exposedPorts = value;
    return this;
  }

  public DefaultsBuilder environment(List<String> value) {
    environment = value;
    return this;
  }

  public DefaultsBuilder entrypoint(Optional<List<String>> value) {
    entrypoint = value;
    return this;
  }

  public DefaultsBuilder command(Optional<List<String>> value) {
    command = value;
    return this;
  }

  public DefaultsBuilder volumes(Set<String> value) {
    volumes = value;
    return this;
  }

  public DefaultsBuilder workingDirectory(String value) {
    workingDirectory = value;
    return this;
  }

  public DefaultsBuilder labels(Map<String, String> value) {
    labels = value;
    return this;
  }

  public DefaultsBuilder stopSignal(Optional<String> value) {
    stopSignal = value;
    return this;
  }

  public DefaultsBuilder stopTimeoutSeconds(Optional<Long> value) {
    stopTimeoutSeconds = value;
    return this;
  }

  public DefaultsBuilder healthCheck(Optional<HealthCheck> value) {
    healthCheck = value;
    return this;
  }

  public DefaultsBuilder shell(List<String> value) {
    shell = value;
    return this;
  }

  public DefaultsBuilder onBuild(List<String> value) {
    onBuild = value;
    return this;
  }

  public Defaults build() {
    return new Defaults(
        user,
        exposedPorts,
        environment,
        entrypoint,
        command,
        volumes,
        workingDirectory,
        labels,
        stopSignal,
        stopTimeoutSeconds,
        healthCheck,
        shell,
        onBuild);
  }
}
