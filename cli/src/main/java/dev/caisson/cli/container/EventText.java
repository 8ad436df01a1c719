/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.format.Json;
import dev.caisson.cli.format.Template;
import dev.caisson.engine.view.Event;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** An event in one line. */
final class EventText {
  private EventText() {}

  static String of(Event event, String format) {
    if (format.isEmpty()) {
      var attributes =
          new TreeMap<>(event.attributes())
              .entrySet().stream()
                  .map(entry -> entry.getKey() + "=" + entry.getValue())
                  .collect(Collectors.joining(", "));
      return "%s %s %s %s (%s)"
          .formatted(event.time(), event.type(), event.action(), event.actor(), attributes);
    }
    var fields = fields(event);
    return format.equals("json") ? Json.compact(fields) : Template.parse(format).render(fields);
  }

  @SuppressWarnings("JavaInstantGetSecondsGetNano") // both are added up
  private static Map<String, Object> fields(Event event) {
    var actor = new LinkedHashMap<String, Object>();
    actor.put("ID", event.actor());
    actor.put("Attributes", new TreeMap<>(event.attributes()));
    // Spelt as the API's JSON does; templates say Status and TimeNano, as Go's fields are called.
    var fields = new TreeMap<String, Object>(String.CASE_INSENSITIVE_ORDER);
    fields.put("Type", event.type());
    fields.put("Action", event.action());
    fields.put("status", event.action());
    fields.put("id", event.actor());
    fields.put("from", event.attributes().getOrDefault("image", ""));
    fields.put("Actor", actor);
    fields.put("scope", "local");
    fields.put("time", event.time().getEpochSecond());
    fields.put("timeNano", event.time().getEpochSecond() * 1_000_000_000L + event.time().getNano());
    return fields;
  }
}
