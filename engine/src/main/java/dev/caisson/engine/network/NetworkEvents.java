/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.event.EventLog;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tells what happens to networks. */
record NetworkEvents(EventLog log) {
  /**
   * @param container the one that came or went; empty when none did
   */
  void tell(String action, NetworkRecord record, String container) {
    var attributes = new LinkedHashMap<String, String>();
    attributes.put("name", record.name());
    attributes.put("type", "bridge");
    if (!container.isEmpty()) {
      attributes.put("container", container);
    }
    log.publish("network", action, record.id(), attributes);
  }

  void pruned() {
    log.publish("network", "prune", "", Map.of("reclaimed", "0"));
  }
}
