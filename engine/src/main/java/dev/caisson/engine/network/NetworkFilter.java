/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import java.util.Set;

/** Whether a network is one of those asked for. */
final class NetworkFilter {
  private final Filters filters;
  private final NetworkCatalog catalog;
  private final Members members;

  /**
   * @throws EngineException INVALID for a filter there is not
   */
  NetworkFilter(Filters filters, NetworkCatalog catalog, Members members) {
    filters.requireKnown(
        Set.of("dangling", "driver", "id", "label", "label!", "name", "scope", "type"));
    this.filters = filters;
    this.catalog = catalog;
    this.members = members;
  }

  boolean accepts(NetworkRecord record) {
    boolean builtIn = catalog.isBuiltIn(record);
    return filters.accepts("name", record.name()::contains)
        && filters.accepts("id", record.id()::startsWith)
        && filters.accepts("driver", "bridge"::equals)
        && filters.accepts("scope", "local"::equals)
        && filters.accepts("type", type -> type.equals("builtin") == builtIn)
        && filters.accepts("dangling", wanted -> isTrue(wanted) == isDangling(record))
        && filters.acceptsLabels(record.labels());
  }

  private boolean isDangling(NetworkRecord record) {
    return members.of(record).isEmpty() && !catalog.isBuiltIn(record);
  }

  private static boolean isTrue(String word) {
    return word.equals("1") || word.equals("true");
  }
}
