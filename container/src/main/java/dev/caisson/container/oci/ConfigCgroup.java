/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.container.cgroup.DeviceAccess;
import dev.caisson.sandbox.workload.Resources;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/** The control group of a config.json. */
final class ConfigCgroup {
  private static final String STANDARD_PARENT = "caisson-oci";

  private ConfigCgroup() {}

  /**
   * The group that {@code linux.cgroupsPath} names, in the plain form or systemd's
   * slice:prefix:name.
   */
  static Optional<Cgroup> of(String id, JsonNode config) {
    String path = Document.text(config.path("linux"), "cgroupsPath");
    String parent = STANDARD_PARENT;
    String name = id;
    if (path.contains(":")) {
      String[] parts = path.split(":", 3);
      parent = parts[0].isEmpty() ? "system.slice" : parts[0];
      name = parts.length < 3 ? id : parts[1] + "-" + parts[2] + ".scope";
    } else if (!path.isEmpty()) {
      String plain = path.replaceAll("^/+|/+$", "");
      int slash = plain.lastIndexOf('/');
      parent = slash < 0 ? STANDARD_PARENT : plain.substring(0, slash);
      name = plain.substring(slash + 1);
    }
    return Cgroups.ofHost().group(name, resources(config).withCgroupParent(parent), true);
  }

  static void create(Cgroup group, JsonNode config) {
    group.create(resources(config), DeviceAccess.PLAIN);
  }

  static Resources resources(JsonNode config) {
    JsonNode limits = config.path("linux").path("resources");
    var resources = Resources.UNLIMITED;
    JsonNode memory = limits.path("memory").path("limit");
    if (memory.isIntegralNumber() && memory.asLong() > 0) {
      resources = resources.withMemory(memory(limits.path("memory")));
    }
    JsonNode pids = limits.path("pids").path("limit");
    if (pids.isIntegralNumber() && pids.asLong() != 0) {
      resources = resources.withPids(pids.asLong());
    }
    return resources;
  }

  private static Resources.Memory memory(JsonNode memory) {
    long swap = memory.path("swap").asLong(0);
    var plain = Resources.Memory.limit(memory.path("limit").asLong());
    return swap == 0
        ? plain
        : new Resources.Memory(
            plain.limit(), OptionalLong.of(swap), plain.reservation(), plain.swappiness(), false);
  }
}
