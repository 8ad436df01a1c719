/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Events;
import dev.caisson.engine.Host;
import dev.caisson.engine.Images;
import dev.caisson.engine.Networks;
import dev.caisson.engine.Snapshots;
import dev.caisson.engine.Volumes;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The parts of an engine, whose methods are called by name. */
enum Service {
  CONTAINERS(Containers.class, Engine::containers),
  IMAGES(Images.class, Engine::images),
  NETWORKS(Networks.class, Engine::networks),
  VOLUMES(Volumes.class, Engine::volumes),
  SNAPSHOTS(Snapshots.class, Engine::snapshots),
  EVENTS(Events.class, Engine::events),
  HOST(Host.class, Engine::host);

  private final Class<?> type;
  private final Function<Engine, Object> part;
  private final Map<String, Method> methods = new HashMap<>();

  Service(Class<?> type, Function<Engine, Object> part) {
    this.type = type;
    this.part = part;
    for (var method : type.getMethods()) {
      if (methods.put(method.getName(), method) != null) {
        throw new IllegalStateException("two methods are called " + method.getName());
      }
    }
  }

  Class<?> type() {
    return type;
  }

  /** That part of {@code engine}. */
  Object of(Engine engine) {
    return part.apply(engine);
  }

  Map<String, Method> methods() {
    return Map.copyOf(methods);
  }

  /**
   * @throws EngineException UNSUPPORTED
   */
  Method method(String name) {
    return Optional.ofNullable(methods.get(name))
        .orElseThrow(() ->
            EngineException.unsupported(
                "the engine has no " + type.getSimpleName() + "." + name,
                "use the library and the engine of one release"));
  }
}
