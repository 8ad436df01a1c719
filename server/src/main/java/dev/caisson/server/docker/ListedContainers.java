/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.server.http.Json;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The list of containers as JSON. Clients ask for it all the time and little of it has changed
 * since: what a container looked like is kept beside its bytes.
 */
final class ListedContainers {
  /** Then all are forgotten, also those of containers that are gone. */
  private static final int MOST = 5_000;

  private static final int USUAL_SIZE = 800;

  private final Map<String, Rendered> known = new ConcurrentHashMap<>();

  private record Rendered(InstanceSummary summary, byte[] json) {}

  byte[] json(List<InstanceSummary> containers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(16 + USUAL_SIZE * containers.size());
    char separator = '[';
    for (InstanceSummary each : containers) {
      out.write(separator);
      out.writeBytes(json(each));
      separator = ',';
    }
    out.writeBytes(containers.isEmpty() ? new byte[] {'[', ']', '\n'} : new byte[] {']', '\n'});
    return out.toByteArray();
  }

  private byte[] json(InstanceSummary summary) {
    Rendered before = known.get(summary.id());
    if (before != null && before.summary().equals(summary)) {
      return before.json();
    }
    byte[] json = Json.MAPPER.writeValueAsBytes(ContainerJson.summary(summary));
    if (known.size() >= MOST) {
      known.clear();
    }
    known.put(summary.id(), new Rendered(summary, json));
    return json;
  }
}
