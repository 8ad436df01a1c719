/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The limits that the options of {@code update} stand for, in the form config.json has them. */
final class Update {
  private static final Map<String, List<String>> OPTIONS =
      Map.ofEntries(
          Map.entry("memory", List.of("memory", "limit")),
          Map.entry("memory-reservation", List.of("memory", "reservation")),
          Map.entry("memory-swap", List.of("memory", "swap")),
          Map.entry("cpu-share", List.of("cpu", "shares")),
          Map.entry("cpu-quota", List.of("cpu", "quota")),
          Map.entry("cpu-period", List.of("cpu", "period")),
          Map.entry("cpu-rt-runtime", List.of("cpu", "realtimeRuntime")),
          Map.entry("cpu-rt-period", List.of("cpu", "realtimePeriod")),
          Map.entry("cpuset-cpus", List.of("cpu", "cpus")),
          Map.entry("cpuset-mems", List.of("cpu", "mems")),
          Map.entry("pids-limit", List.of("pids", "limit")),
          Map.entry("blkio-weight", List.of("blockIO", "weight")));

  private Update() {}

  static JsonNode of(Arguments arguments) {
    if (arguments.option("l3-cache-schema").isPresent()
        || arguments.option("mem-bw-schema").isPresent()) {
      throw new OciException("Intel RDT is not offered; leave its schemas out");
    }
    if (arguments.option("resources").isPresent()) {
      String file = arguments.option("resources").get();
      return file.equals("-") ? standardInput() : Document.read(java.nio.file.Path.of(file));
    }
    ObjectNode limits = Document.MAPPER.createObjectNode();
    OPTIONS.forEach((option, path) ->
        arguments
            .option(option)
            .ifPresent(value -> put(limits.withObjectProperty(path.get(0)), path.get(1), value)));
    if (limits.isEmpty()) {
      throw new OciException("update: no limit is named; give --memory and the like, or -r FILE");
    }
    return limits;
  }

  private static void put(ObjectNode part, String name, String value) {
    if (name.equals("cpus") || name.equals("mems")) {
      part.put(name, value);
    } else if (value.matches("-?[0-9]{1,18}")) {
      part.put(name, Long.parseLong(value));
    } else {
      throw new OciException("update: '" + value + "' is no number for " + name);
    }
  }

  private static JsonNode standardInput() {
    try {
      return Document.MAPPER.readTree(System.in.readAllBytes());
    } catch (JacksonException | IOException e) {
      throw new OciException("update: standard input is no JSON: " + e.getMessage(), e);
    }
  }
}
