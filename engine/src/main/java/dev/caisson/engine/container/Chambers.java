/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import dev.caisson.sandbox.Diagnosis;
import dev.caisson.sandbox.Isolation;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The isolations this engine was given, and the one for those who name none. */
public final class Chambers {
  private final Map<String, Isolation> byName = new TreeMap<>();
  private final String standard;

  public Chambers(List<Isolation> isolations, String standard) {
    isolations.forEach(isolation -> byName.put(isolation.name(), isolation));
    this.standard = standard;
  }

  String standard() {
    return standard;
  }

  Isolation named(String name) {
    var isolation = byName.get(name);
    if (isolation == null) {
      throw EngineException.invalid(
          "unknown isolation \"" + name + "\"",
          byName.isEmpty()
              ? "put dev.caisson.container on the module path, or its jar on the class path"
              : "use one of " + byName.keySet());
    }
    return isolation;
  }

  /**
   * @throws EngineException INVALID if there is none of this name; UNAVAILABLE if this host cannot
   *     offer it
   */
  Isolation available(String name) {
    var isolation = named(name);
    var reason = isolation.unavailable();
    if (reason.isPresent()) {
      throw new EngineException(
          EngineException.Kind.UNAVAILABLE,
          "isolation " + name + " is not available here: " + reason.get().reason(),
          reason.get().remedy(),
          null);
    }
    return isolation;
  }

  /** The engine leaves: nothing that was made ahead of need is left. */
  void release() {
    byName.values().forEach(Isolation::release);
  }

  /** Each with the reason why it is not available, if so. */
  public Map<String, Optional<String>> availability() {
    var found = new TreeMap<String, Optional<String>>();
    byName.forEach((name, isolation) ->
        found.put(name, isolation.unavailable().map(reason -> reason.reason())));
    return found;
  }

  /** What would make the unavailable ones available, by name. */
  public Map<String, String> remedies() {
    var found = new TreeMap<String, String>();
    byName.forEach((name, isolation) ->
        isolation.unavailable().ifPresent(reason -> found.put(name, reason.remedy())));
    return found;
  }

  /** What each says of this host, by name. */
  public Map<String, List<Diagnosis>> diagnoses() {
    var found = new TreeMap<String, List<Diagnosis>>();
    byName.forEach((name, isolation) -> found.put(name, isolation.diagnose()));
    return found;
  }
}
