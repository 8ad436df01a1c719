/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.view.NetworkInfo;
import java.util.Set;

/** Whether a network is one of those asked for. */
final class NetworkFilter {
  private final Filters filters;

  /**
   * @throws EngineException INVALID for a filter there is not
   */
  NetworkFilter(Filters filters) {
    filters.requireKnown(
        Set.of("dangling", "driver", "id", "label", "label!", "name", "scope", "type"));
    this.filters = filters;
  }

  /**
   * @param builtIn whether nobody made it
   * @param used whether a container is in it
   */
  boolean accepts(NetworkRecord record, boolean builtIn, boolean used) {
    return accepts(record.name(), record.id(), "bridge", builtIn)
        && filters.accepts("dangling", wanted -> isTrue(wanted) != (used || builtIn))
        && filters.acceptsLabels(record.labels());
  }

  /** Of those that are always there. */
  boolean accepts(NetworkInfo mode) {
    return accepts(mode.name(), mode.id(), mode.driver(), true)
        && filters.accepts("dangling", wanted -> !isTrue(wanted))
        && filters.acceptsLabels(mode.labels());
  }

  private boolean accepts(String name, String id, String driver, boolean builtIn) {
    return filters.accepts("name", name::contains)
        && filters.accepts("id", id::startsWith)
        && filters.accepts("driver", driver::equals)
        && filters.accepts("scope", "local"::equals)
        && filters.accepts("type", type -> type.equals("builtin") == builtIn);
  }

  private static boolean isTrue(String word) {
    return word.equals("1") || word.equals("true");
  }
}
