/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.image.model.Defaults;
import dev.caisson.image.model.HealthCheck;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** An image's defaults as the image module has them, and as the engine's clients see them. */
final class ConfigConversion {
  private ConfigConversion() {}

  static ImageConfig toEngine(Defaults defaults) {
    return new ImageConfig(
        defaults.entrypoint().orElse(List.of()),
        defaults.command().orElse(List.of()),
        defaults.environment(),
        defaults.user(),
        defaults.workingDirectory(),
        ports(defaults.exposedPorts()),
        defaults.volumes(),
        defaults.labels(),
        defaults.stopSignal().orElse(""),
        defaults.stopTimeoutSeconds().map(Duration::ofSeconds),
        defaults.healthCheck().map(ConfigConversion::check),
        defaults.shell(),
        defaults.onBuild());
  }

  /** What an image calls a port and is none is passed over: it is only a word to people. */
  private static Set<PortSpec> ports(Set<String> texts) {
    var ports = new LinkedHashSet<PortSpec>();
    for (var text : texts) {
      try {
        ports.add(PortSpec.parse(text));
      } catch (EngineException e) {
        // such as 80-90/tcp
      }
    }
    return ports;
  }

  private static HealthcheckSpec check(HealthCheck check) {
    return new HealthcheckSpec(
        check.test(),
        check.interval(),
        check.timeout(),
        check.startPeriod(),
        check.startInterval(),
        check.retries() > 0
            ? OptionalInt.of(Math.toIntExact(check.retries()))
            : OptionalInt.empty());
  }

  static Defaults toImage(ImageConfig config) {
    return Defaults.builder()
        .user(config.user())
        .exposedPorts(
            config.exposedPorts().stream()
                .sorted()
                .map(PortSpec::toString)
                .collect(Collectors.toCollection(LinkedHashSet::new)))
        .environment(config.environment())
        .entrypoint(words(config.entrypoint()))
        .command(words(config.command()))
        .volumes(config.volumes())
        .workingDirectory(config.workingDirectory())
        .labels(config.labels())
        .stopSignal(Optional.of(config.stopSignal()).filter(text -> !text.isEmpty()))
        .stopTimeoutSeconds(config.stopTimeout().map(Duration::toSeconds))
        .healthCheck(config.healthcheck().map(ConfigConversion::check))
        .shell(config.shell())
        .onBuild(config.onBuild())
        .build();
  }

  private static Optional<List<String>> words(List<String> words) {
    return words.isEmpty() ? Optional.empty() : Optional.of(words);
  }

  private static HealthCheck check(HealthcheckSpec check) {
    return new HealthCheck(
        check.test(),
        check.interval(),
        check.timeout(),
        check.startPeriod(),
        check.startInterval(),
        check.retries().orElse(0));
  }
}
