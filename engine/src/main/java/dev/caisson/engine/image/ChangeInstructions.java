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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** The Dockerfile instructions that commit and import take, applied to an image's configuration. */
final class ChangeInstructions {
  private static final Pattern JSON_WORD = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Pattern PAIR =
      Pattern.compile("([^=\\s]+)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|(\\S*))");

  private ChangeInstructions() {}

  static ImageConfig apply(ImageConfig config, List<String> instructions) {
    var changed = config;
    for (var instruction : instructions) {
      changed = apply(changed, instruction.strip());
    }
    return changed;
  }

  private static ImageConfig apply(ImageConfig c, String instruction) {
    int space = instruction.indexOf(' ');
    var name = space < 0 ? instruction : instruction.substring(0, space);
    var rest = space < 0 ? "" : instruction.substring(space + 1).strip();
    return switch (name.toUpperCase(Locale.ROOT)) {
      case "CMD" -> with(c, c.entrypoint(), words(rest), c.environment());
      case "ENTRYPOINT" -> with(c, words(rest), c.command(), c.environment());
      case "ENV" -> with(c, c.entrypoint(), c.command(), environment(c.environment(), rest));
      case "USER" -> place(c, rest, c.workingDirectory(), c.stopSignal());
      case "WORKDIR" -> place(c, c.user(), rest, c.stopSignal());
      case "STOPSIGNAL" -> place(c, c.user(), c.workingDirectory(), rest);
      case "EXPOSE" -> {
        var ports = new HashSet<>(c.exposedPorts());
        for (var word : rest.split("\\s+")) {
          ports.add(PortSpec.parse(word));
        }
        yield sets(c, ports, c.volumes(), c.labels());
      }
      case "VOLUME" -> {
        var volumes = new HashSet<>(c.volumes());
        volumes.addAll(rest.startsWith("[") ? words(rest) : List.of(rest.split("\\s+")));
        yield sets(c, c.exposedPorts(), volumes, c.labels());
      }
      case "LABEL" -> {
        var labels = new HashMap<>(c.labels());
        labels.putAll(pairs(rest));
        yield sets(c, c.exposedPorts(), c.volumes(), labels);
      }
      case "ONBUILD" -> {
        var onBuild = new ArrayList<>(c.onBuild());
        onBuild.add(rest);
        yield new ImageConfig(
            c.entrypoint(),
            c.command(),
            c.environment(),
            c.user(),
            c.workingDirectory(),
            c.exposedPorts(),
            c.volumes(),
            c.labels(),
            c.stopSignal(),
            c.stopTimeout(),
            c.healthcheck(),
            c.shell(),
            onBuild);
      }
      default ->
          throw EngineException.invalid(
              name + " is not a valid change command",
              "use CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR");
    };
  }

  private static ImageConfig with(
      ImageConfig c, List<String> entrypoint, List<String> command, List<String> environment) {
    return new ImageConfig(
        entrypoint,
        command,
        environment,
        c.user(),
        c.workingDirectory(),
        c.exposedPorts(),
        c.volumes(),
        c.labels(),
        c.stopSignal(),
        c.stopTimeout(),
        c.healthcheck(),
        c.shell(),
        c.onBuild());
  }

  private static ImageConfig place(
      ImageConfig c, String user, String directory, String stopSignal) {
    return new ImageConfig(
        c.entrypoint(),
        c.command(),
        c.environment(),
        user,
        directory,
        c.exposedPorts(),
        c.volumes(),
        c.labels(),
        stopSignal,
        c.stopTimeout(),
        c.healthcheck(),
        c.shell(),
        c.onBuild());
  }

  private static ImageConfig sets(
      ImageConfig c,
      java.util.Set<PortSpec> ports,
      java.util.Set<String> volumes,
      Map<String, String> labels) {
    return new ImageConfig(
        c.entrypoint(),
        c.command(),
        c.environment(),
        c.user(),
        c.workingDirectory(),
        ports,
        volumes,
        labels,
        c.stopSignal(),
        c.stopTimeout(),
        c.healthcheck(),
        c.shell(),
        c.onBuild());
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

  private static List<String> environment(List<String> old, String text) {
    var changed = new ArrayList<>(old);
    pairs(text)
        .forEach((name, value) -> {
          changed.removeIf(entry -> entry.startsWith(name + "="));
          changed.add(name + "=" + value);
        });
    return changed;
  }

  /** {@code A=b C="d e"}, or the old form {@code A b}. */
  private static Map<String, String> pairs(String text) {
    var pairs = new HashMap<String, String>();
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
