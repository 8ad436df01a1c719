/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Expansion;
import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.PortSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a stage has come to: its image so far, the configuration of the next, the arguments in
 * sight.
 */
final class StageState {
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final List<String> SHELL = List.of("/bin/sh", "-c");

  private final char escape;
  final Map<String, String> arguments = new TreeMap<>();
  private final Map<String, String> environment = new LinkedHashMap<>();

  /** The image so far; empty as long as there is nothing, from scratch. */
  Optional<String> base;

  List<String> entrypoint;
  List<String> command;
  boolean commandIsOwn;
  String user;
  String workingDirectory;
  final Set<PortSpec> ports;
  final Set<String> volumes;
  final Map<String, String> labels;
  String stopSignal;
  final Optional<Duration> stopTimeout;
  Optional<HealthcheckSpec> healthcheck;
  List<String> shell;
  final List<String> onBuild = new ArrayList<>();

  StageState(Optional<String> image, ImageConfig base, char escape) {
    this.base = image;
    this.escape = escape;
    entrypoint = base.entrypoint();
    command = base.command();
    user = base.user();
    workingDirectory = base.workingDirectory();
    ports = new LinkedHashSet<>(base.exposedPorts());
    volumes = new LinkedHashSet<>(base.volumes());
    labels = new LinkedHashMap<>(base.labels());
    stopSignal = base.stopSignal();
    stopTimeout = base.stopTimeout();
    healthcheck = base.healthcheck();
    shell = base.shell();
    for (String each : base.environment()) {
      int equals = each.indexOf('=');
      environment.put(
          equals < 0 ? each : each.substring(0, equals),
          equals < 0 ? "" : each.substring(equals + 1));
    }
    // As Docker's builder: "ENV PATH=/app:$PATH" has to work whatever the base says.
    environment.putIfAbsent("PATH", DEFAULT_PATH);
  }

  /** The image so far, of a stage that has one. */
  String image() {
    return base.orElseThrow(() -> new IllegalStateException("nothing is built yet"));
  }

  /** The configuration as text that is the same whenever the configuration is. */
  String key() {
    return List.of(
            entrypoint,
            command,
            environment,
            user,
            workingDirectory,
            new TreeSet<>(ports),
            new TreeSet<>(volumes),
            new TreeMap<>(labels),
            stopSignal,
            stopTimeout,
            healthcheck,
            shell,
            onBuild)
        .toString();
  }

  ImageConfig config() {
    return new ImageConfig(
        entrypoint,
        command,
        environmentList(),
        user,
        workingDirectory,
        ports,
        volumes,
        labels,
        stopSignal,
        stopTimeout,
        healthcheck,
        shell,
        onBuild);
  }

  List<String> environmentList() {
    return environment.entrySet().stream()
        .map(each -> each.getKey() + "=" + each.getValue())
        .toList();
  }

  List<String> shellOrDefault() {
    return shell.isEmpty() ? SHELL : shell;
  }

  void setEnvironment(String name, String value) {
    environment.put(name, value);
  }

  /** The environment hides an argument of the same name. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name))
        .or(() -> Optional.ofNullable(arguments.get(name)));
  }

  /** Arguments that RUN sees: those the environment does not hide. */
  List<String> runArguments() {
    return arguments.entrySet().stream()
        .filter(each -> !environment.containsKey(each.getKey()))
        .map(each -> each.getKey() + "=" + each.getValue())
        .toList();
  }

  String expand(String word) {
    return Expansion.expand(word, escape, this::variable);
  }

  String expandText(String text) {
    return Expansion.expandText(text, escape, this::variable);
  }

  List<String> expandAll(List<String> words) {
    return words.stream().map(this::expand).filter(word -> !word.isEmpty()).toList();
  }

  /** {@code path} from the working directory, without dots. */
  String absolute(String path) {
    String from = path.startsWith("/") ? "" : workingDirectory.isEmpty() ? "/" : workingDirectory;
    List<String> words = new ArrayList<>();
    for (String word : (from + "/" + path).split("/")) {
      switch (word) {
        case "", "." -> {}
        case ".." -> {
          if (!words.isEmpty()) {
            words.removeLast();
          }
        }
        default -> words.add(word);
      }
    }
    return "/" + String.join("/", words);
  }
}
