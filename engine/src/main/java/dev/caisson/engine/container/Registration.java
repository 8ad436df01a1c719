/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.state.Ids;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.workload.Outline;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Gives containers an id, a name and a place among all; no name is another's. */
final class Registration {
  private final InstanceTable table;

  Registration(InstanceTable table) {
    this.table = table;
  }

  /** An id whose first twelve digits, as they are shown, are no other container's. */
  String newId() {
    while (true) {
      var id = Ids.random();
      if (isFree(id)) {
        return id;
      }
    }
  }

  /** The same for a container that starts sooner with some ids than with others. */
  String newId(Isolation isolation, Outline outline) {
    return isolation.readyId(outline, Ids::random).filter(this::isFree).orElseGet(this::newId);
  }

  private boolean isFree(String id) {
    return !table.knowsPrefix(id.substring(0, 12));
  }

  /**
   * Reserves the wanted name, or else a free one.
   *
   * @throws EngineException INVALID; CONFLICT when it is taken
   */
  String claim(Optional<String> wanted, String id) {
    if (wanted.isEmpty() || wanted.get().isEmpty()) {
      return InstanceName.random(RandomGenerator.getDefault(), name -> table.claim(name, id));
    }
    var name = InstanceName.check(wanted.get());
    if (!table.claim(name, id)) {
      throw taken(name);
    }
    return name;
  }

  /** Gives back a claimed name of which no container came. */
  void release(String name, String id) {
    table.release(name, id);
  }

  /** From here on the container is found by its id and its claimed name. */
  void add(Instance instance) {
    table.add(instance);
  }

  private EngineException taken(String name) {
    return EngineException.conflict(
        "Conflict. The container name \"/%s\" is already in use by container \"%s\". You have to remove (or rename) that container to be able to reuse that name."
            .formatted(name, table.owner(name).orElse("")),
        "caisson rm " + name);
  }

  /**
   * @throws EngineException INVALID; CONFLICT when the name is taken
   */
  void rename(Instance instance, String wanted) {
    var id = instance.definition().id();
    var old = instance.definition().name();
    var name = InstanceName.check(wanted);
    if (name.equals(old)) {
      throw EngineException.invalid(
          "Renaming a container with the same name as its current name", "choose another");
    }
    if (!table.claim(name, id)) {
      throw taken(name);
    }
    try {
      instance.rename(name);
      table.release(old, id);
    } catch (RuntimeException e) {
      table.release(name, id);
      throw e;
    }
  }
}
