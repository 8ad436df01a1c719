/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.workload;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.view.InstanceInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What was asked for, completed from the image as Docker completes it. */
public final class EffectiveConfig {
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private EffectiveConfig() {}

  /**
   * @throws EngineException INVALID when neither says what to run
   */
  public static InstanceInfo.Effective merge(InstanceSpec spec, ImageConfig image, String id) {
    var process = spec.process();
    var entrypoint = process.entrypoint().map(EffectiveConfig::words).orElse(image.entrypoint());
    // A new entrypoint makes the image's command meaningless.
    var imageCommand = process.entrypoint().isPresent() ? List.<String>of() : image.command();
    var command = process.command().filter(words -> !words.isEmpty()).orElse(imageCommand);
    var line = new ArrayList<>(entrypoint);
    line.addAll(command);
    if (line.isEmpty()) {
      throw EngineException.invalid(
          "no command specified", "give a command, as the image " + spec.image() + " has none");
    }
    return new InstanceInfo.Effective(
        line.getFirst(),
        List.copyOf(line.subList(1, line.size())),
        entrypoint,
        command,
        environment(image.environment(), process.environment()),
        first(process.user(), image.user()),
        first(process.workingDirectory(), first(image.workingDirectory(), "/")),
        hostname(spec, id),
        labels(image.labels(), spec.labels()),
        spec.stopSignal().orElse(first(image.stopSignal(), "SIGTERM")),
        spec.stopTimeout().or(image::stopTimeout).orElse(STOP_TIMEOUT),
        healthcheck(spec.healthcheck(), image.healthcheck()),
        image.exposedPorts().stream().sorted().map(PortSpec::toString).toList(),
        List.copyOf(volumes(spec, image)));
  }

  /** Docker removes the image's entrypoint by a list with one empty text. */
  private static List<String> words(List<String> entrypoint) {
    return entrypoint.equals(List.of("")) ? List.of() : entrypoint;
  }

  private static String first(String preferred, String otherwise) {
    return preferred.isEmpty() ? otherwise : preferred;
  }

  private static String hostname(InstanceSpec spec, String id) {
    if (spec.namespaces().uts().equals("host")) {
      return "";
    }
    return spec.networking().hostname().filter(name -> !name.isEmpty()).orElse(id.substring(0, 12));
  }

  private static List<String> environment(List<String> image, List<String> own) {
    var merged = new LinkedHashMap<String, String>();
    merged.put("PATH", PATH);
    image.forEach(entry -> merged.put(name(entry), entry));
    for (var entry : own) {
      if (entry.indexOf('=') > 0) {
        merged.put(name(entry), entry);
      } else if (entry.isEmpty() || entry.startsWith("=")) {
        throw EngineException.invalid("invalid environment variable: " + entry, "write NAME=value");
      } else {
        merged.remove(entry);
      }
    }
    return List.copyOf(merged.values());
  }

  private static String name(String entry) {
    int equals = entry.indexOf('=');
    return equals < 0 ? entry : entry.substring(0, equals);
  }

  private static Map<String, String> labels(Map<String, String> image, Map<String, String> own) {
    var merged = new HashMap<>(image);
    merged.putAll(own);
    return Map.copyOf(merged);
  }

  private static Set<String> volumes(InstanceSpec spec, ImageConfig image) {
    var volumes = new TreeSet<>(image.volumes());
    volumes.addAll(spec.storage().anonymousVolumes());
    return volumes;
  }

  private static Optional<HealthcheckSpec> healthcheck(
      Optional<HealthcheckSpec> own, Optional<HealthcheckSpec> image) {
    if (own.isEmpty()) {
      return image.filter(check -> !check.test().isEmpty());
    }
    var base = image.orElse(own.get());
    var check = own.get();
    var merged =
        new HealthcheckSpec(
            check.test().isEmpty() ? base.test() : check.test(),
            check.interval().or(base::interval),
            check.timeout().or(base::timeout),
            check.startPeriod().or(base::startPeriod),
            check.startInterval().or(base::startInterval),
            check.retries().isPresent() ? check.retries() : base.retries());
    return merged.test().isEmpty() ? Optional.empty() : Optional.of(merged);
  }

  /**
   * What a health check's test runs: the words after CMD, or a shell with the line after CMD-SHELL.
   */
  public static List<String> healthCommand(List<String> test) {
    return switch (test.getFirst()) {
      case "CMD" -> test.subList(1, test.size());
      case "CMD-SHELL" -> List.of("/bin/sh", "-c", String.join(" ", test.subList(1, test.size())));
      default -> test;
    };
  }
}
