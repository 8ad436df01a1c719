/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.instance.Instance;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** All containers by id and by name. */
final class InstanceTable {
  private final ConcurrentSkipListMap<String, Instance> byId = new ConcurrentSkipListMap<>();
  private final ConcurrentMap<String, String> idByName = new ConcurrentHashMap<>();

  /** Reserves a name; false when it is taken. */
  boolean claim(String name, String id) {
    return idByName.putIfAbsent(name, id) == null;
  }

  /** Gives a name back, if it is this container's. */
  void release(String name, String id) {
    idByName.remove(name, id);
  }

  /** Whose the name is. */
  Optional<String> owner(String name) {
    return Optional.ofNullable(idByName.get(name));
  }

  void add(Instance instance) {
    byId.put(instance.definition().id(), instance);
  }

  void remove(Instance instance) {
    byId.remove(instance.definition().id());
    release(instance.definition().name(), instance.definition().id());
  }

  Collection<Instance> all() {
    return byId.values();
  }

  boolean knowsPrefix(String prefix) {
    var next = byId.ceilingKey(prefix);
    return next != null && next.startsWith(prefix);
  }

  /** As {@link #find}; empty where there is none. */
  Optional<Instance> known(String reference) {
    return Optional.ofNullable(lookUp(reference));
  }

  /**
   * Finds by full id, then name, then prefix of an id.
   *
   * @throws EngineException NOT_FOUND; INVALID when the prefix fits several
   */
  Instance find(String reference) {
    var plain = reference.startsWith("/") ? reference.substring(1) : reference;
    var found = lookUp(plain);
    if (found == null) {
      throw EngineException.notFound("No such container: " + plain);
    }
    return found;
  }

  private @Nullable Instance lookUp(String reference) {
    if (reference.isEmpty()) {
      return null;
    }
    var exact = byId.get(reference);
    if (exact != null) {
      return exact;
    }
    var named = idByName.get(reference);
    if (named != null) {
      return byId.get(named);
    }
    var first = byId.ceilingEntry(reference);
    if (first == null || !first.getKey().startsWith(reference)) {
      return null;
    }
    var second = byId.higherKey(first.getKey());
    if (second != null && second.startsWith(reference)) {
      throw EngineException.invalid(
          "multiple IDs found with provided prefix: " + reference, "give more digits of the id");
    }
    return first.getValue();
  }
}
