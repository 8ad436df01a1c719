/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.event;

import dev.caisson.engine.Filters;
import dev.caisson.engine.view.Event;
import java.util.Set;
import java.util.stream.Stream;

/** Docker's event filters. */
final class EventFilter {
  private static final Set<String> KNOWN =
      Set.of(
          "config",
          "container",
          "daemon",
          "event",
          "image",
          "label",
          "network",
          "node",
          "plugin",
          "scope",
          "secret",
          "service",
          "type",
          "volume");

  private EventFilter() {}

  static void check(Filters filters) {
    filters.requireKnown(KNOWN);
  }

  static boolean accepts(Filters filters, Event event) {
    return filters.accepts("type", event.type()::equals)
        && filters.accepts("event", wanted -> actionIs(event.action(), wanted))
        && filters.accepts("scope", "local"::equals)
        && acceptsActor(filters, event)
        && filters.acceptsLabels(event.attributes());
  }

  /** {@code exec_start} accepts {@code exec_start: sh -c true}. */
  private static boolean actionIs(String action, String wanted) {
    return action.equals(wanted) || action.startsWith(wanted + ":");
  }

  private static boolean acceptsActor(Filters filters, Event event) {
    if (!filters.accepts("image", wanted -> isOfImage(event, wanted))) {
      return false;
    }
    for (var type : Set.of("container", "network", "volume")) {
      if (filters.has(type)
          && !(event.type().equals(type)
              && filters.accepts(type, wanted -> names(event, wanted)))) {
        return false;
      }
    }
    return true;
  }

  private static boolean names(Event event, String wanted) {
    return event.actor().startsWith(wanted) || wanted.equals(event.attributes().get("name"));
  }

  /** An image's own events, and those of containers made of it; a name may leave its tag out. */
  private static boolean isOfImage(Event event, String wanted) {
    var name = event.attributes().get(event.type().equals("image") ? "name" : "image");
    return Stream.of(event.actor(), name == null ? "" : name)
        .anyMatch(each -> each.equals(wanted) || withoutTag(each).equals(wanted));
  }

  private static String withoutTag(String name) {
    int colon = name.lastIndexOf(':');
    return colon > name.lastIndexOf('/') ? name.substring(0, colon) : name;
  }
}
