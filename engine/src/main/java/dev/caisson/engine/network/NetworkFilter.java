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
    return accepts(record.name(), record.id(), "bridge", catalog.isBuiltIn(record))
        && filters.accepts("dangling", wanted -> isTrue(wanted) == isDangling(record))
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

  private boolean isDangling(NetworkRecord record) {
    return members.of(record).isEmpty() && !catalog.isBuiltIn(record);
  }

  private static boolean isTrue(String word) {
    return word.equals("1") || word.equals("true");
  }
}
