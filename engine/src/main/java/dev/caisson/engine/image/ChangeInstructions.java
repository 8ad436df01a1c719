/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.PortSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The Dockerfile instructions that commit and import take, applied to an image's configuration. */
final class ChangeInstructions {
  private static final Pattern JSON_WORD = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Pattern PAIR =
      Pattern.compile("([^=\\s]+)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|(\\S*))");

  private List<String> entrypoint;
  private List<String> command;
  private String user;
  private String workingDirectory;
  private String stopSignal;
  private final List<String> environment;
  private final Set<PortSpec> ports;
  private final Set<String> volumes;
  private final Map<String, String> labels;
  private final List<String> onBuild;

  private ChangeInstructions(ImageConfig config) {
    entrypoint = config.entrypoint();
    command = config.command();
    user = config.user();
    workingDirectory = config.workingDirectory();
    stopSignal = config.stopSignal();
    environment = new ArrayList<>(config.environment());
    ports = new HashSet<>(config.exposedPorts());
    volumes = new HashSet<>(config.volumes());
    labels = new HashMap<>(config.labels());
    onBuild = new ArrayList<>(config.onBuild());
  }

  static ImageConfig apply(ImageConfig config, List<String> instructions) {
    var changed = new ChangeInstructions(config);
    instructions.forEach(instruction -> changed.apply(instruction.strip()));
    return changed.to(config);
  }

  private ImageConfig to(ImageConfig config) {
    return new ImageConfig(
        entrypoint,
        command,
        environment,
        user,
        workingDirectory,
        ports,
        volumes,
        labels,
        stopSignal,
        config.stopTimeout(),
        config.healthcheck(),
        config.shell(),
        onBuild);
  }

  private void apply(String instruction) {
    int space = instruction.indexOf(' ');
    var name = space < 0 ? instruction : instruction.substring(0, space);
    var rest = space < 0 ? "" : instruction.substring(space + 1).strip();
    switch (name.toUpperCase(Locale.ROOT)) {
      case "CMD" -> command = words(rest);
      case "ENTRYPOINT" -> entrypoint = words(rest);
      case "ENV" -> pairs(rest).forEach(this::variable);
      case "USER" -> user = rest;
      case "WORKDIR" -> workingDirectory = rest;
      case "STOPSIGNAL" -> stopSignal = rest;
      case "EXPOSE" -> List.of(rest.split("\\s+")).forEach(word -> ports.add(PortSpec.parse(word)));
      case "VOLUME" ->
          volumes.addAll(rest.startsWith("[") ? words(rest) : List.of(rest.split("\\s+")));
      case "LABEL" -> labels.putAll(pairs(rest));
      case "ONBUILD" -> onBuild.add(rest);
      default ->
          throw EngineException.invalid(
              name + " is not a valid change command",
              "use CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR");
    }
  }

  private void variable(String name, String value) {
    environment.removeIf(entry -> entry.startsWith(name + "="));
    environment.add(name + "=" + value);
  }

  /** A JSON list, or a line for the shell. */
  private static List<String> words(String text) {
    if (!text.startsWith("[")) {
      return text.isEmpty() ? List.of() : List.of("/bin/sh", "-c", text);
    }
    return JSON_WORD.matcher(text).results().map(match -> unescaped(match.group(1))).toList();
  }

  private static String unescaped(String text) {
    return text.replaceAll("\\\\(.)", "$1");
  }

  /** {@code A=b C="d e"}, or the old form {@code A b}; in the order they are said in. */
  private static Map<String, String> pairs(String text) {
    var pairs = new LinkedHashMap<String, String>();
    var match = PAIR.matcher(text);
    while (match.find()) {
      pairs.put(
          match.group(1), match.group(2) == null ? match.group(3) : unescaped(match.group(2)));
    }
    int space = text.indexOf(' ');
    if (pairs.isEmpty() && space > 0) {
      pairs.put(text.substring(0, space), text.substring(space + 1).strip());
    }
    return pairs;
  }
}
