/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.view.PruneReport;
import dev.caisson.server.http.Json;
import tools.jackson.databind.node.ObjectNode;

/** Answers of the prune endpoints. */
final class Reports {
  private Reports() {}

  static ObjectNode pruned(String name, PruneReport report) {
    ObjectNode json = Json.object();
    json.set(name, report.removed().isEmpty() ? null : Json.strings(report.removed()));
    return json.put("SpaceReclaimed", report.reclaimed());
  }
}
