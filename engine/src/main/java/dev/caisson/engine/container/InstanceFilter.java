/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.Status;
import dev.caisson.engine.workload.Definition;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Docker's filters on lists of containers. */
final class InstanceFilter {
  private static final Set<String> KNOWN =
      Set.of(
          "ancestor",
          "before",
          "exited",
          "expose",
          "health",
          "id",
          "is-task",
          "isolation",
          "label",
          "label!",
          "name",
          "network",
          "publish",
          "since",
          "status",
          "volume");

  private final Filters filters;
  private final InstanceTable table;

  InstanceFilter(Filters filters, InstanceTable table) {
    filters.requireKnown(KNOWN);
    this.filters = filters;
    this.table = table;
    filters.of("status").forEach(InstanceFilter::status);
    filters.of("exited").forEach(InstanceFilter::requireCode);
    filters.of("health").forEach(InstanceFilter::requireCondition);
  }

  /** Whether the filters ask for containers that do not run, too. */
  boolean wantsStopped() {
    return filters.has("status") || filters.has("exited");
  }

  boolean accepts(Instance instance) {
    var definition = instance.definition();
    return filters.accepts("id", definition.id()::startsWith)
        && filters.accepts("name", pattern -> matches(pattern, definition.name()))
        && filters.acceptsLabels(definition.effective().labels())
        && filters.accepts("status", wanted -> status(wanted) == instance.status())
        && filters.accepts("exited", wanted -> exitedWith(instance, wanted))
        && filters.accepts("health", wanted -> condition(instance).equals(wanted))
        && filters.accepts("isolation", definition.isolation()::equals)
        && filters.accepts("is-task", "false"::equals)
        && filters.accepts("ancestor", wanted -> madeOf(definition, wanted))
        && filters.accepts("before", other -> definition.created().isBefore(created(other)))
        && filters.accepts("since", other -> definition.created().isAfter(created(other)))
        && acceptsPlaces(instance);
  }

  private boolean acceptsPlaces(Instance instance) {
    var definition = instance.definition();
    return filters.accepts("volume", wanted -> mounts(definition, wanted))
        && filters.accepts("network", wanted -> connected(instance, wanted))
        && filters.accepts(
            "publish",
            port ->
                definition.spec().networking().published().stream()
                    .anyMatch(binding -> publishes(binding, PortSpec.parse(port))))
        && filters.accepts("expose", port -> definition.exposed().contains(PortSpec.parse(port)));
  }

  /** Newer dockerds go by the port of the container, older ones by that of the host. */
  private static boolean publishes(PortBinding binding, PortSpec wanted) {
    boolean ofHost =
        binding.hostPort() == wanted.number() && binding.port().protocol() == wanted.protocol();
    return ofHost || binding.port().equals(wanted);
  }

  private static boolean matches(String pattern, String name) {
    try {
      var expression = Pattern.compile(pattern);
      return expression.matcher(name).find() || expression.matcher("/" + name).find();
    } catch (PatternSyntaxException e) {
      return name.contains(pattern);
    }
  }

  private static void requireCode(String text) {
    if (!text.matches("-?\\d{1,9}")) {
      throw EngineException.invalid("invalid filter 'exited=" + text + "'", "use an exit code");
    }
  }

  private static void requireCondition(String text) {
    for (var condition : Health.Condition.values()) {
      if (condition.toString().equals(text)) {
        return;
      }
    }
    throw EngineException.invalid(
        "invalid filter 'health=" + text + "'", "use starting, healthy, unhealthy or none");
  }

  private static Status status(String text) {
    for (var status : Status.values()) {
      if (status.toString().equals(text)) {
        return status;
      }
    }
    throw EngineException.invalid(
        "invalid filter 'status=" + text + "'",
        "use created, running, paused, restarting, removing, exited or dead");
  }

  private static boolean exitedWith(Instance instance, String code) {
    return instance.status() == Status.EXITED
        && String.valueOf(instance.progress().exitCode()).equals(code);
  }

  private static String condition(Instance instance) {
    return instance.health().map(Health::condition).orElse(Health.Condition.NONE).toString();
  }

  private static boolean madeOf(Definition definition, String wanted) {
    var image = definition.image();
    var id = image.id();
    return id.equals(wanted)
        || id.startsWith("sha256:" + wanted)
        || definition.spec().image().equals(wanted)
        || definition.spec().image().equals(wanted + ":latest")
        || image.name().equals(wanted)
        || image.name().equals(wanted + ":latest");
  }

  private Instant created(String reference) {
    return table.find(reference).definition().created();
  }

  private static boolean mounts(Definition definition, String wanted) {
    return definition.mounts().stream()
        .anyMatch(mount ->
            mount.spec().target().equals(wanted)
                || mount.source().toString().equals(wanted)
                || (mount.spec() instanceof MountSpec.Volume volume
                    && volume.name().equals(wanted)));
  }

  private static boolean connected(Instance instance, String wanted) {
    var mode = instance.definition().spec().networking().mode();
    return mode.equals(wanted)
        || (mode.equals("default") && wanted.equals("bridge"))
        || instance.definition().spec().networking().endpoints().containsKey(wanted)
        || Optional.ofNullable(instance.progress().network().endpoints().get(wanted)).isPresent()
        || instance.progress().network().endpoints().values().stream()
            .anyMatch(endpoint -> endpoint.networkId().equals(wanted));
  }
}
