/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.container.cgroup.DeviceAccess;
import java.util.Optional;
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
      String top = path.startsWith("/") ? "/" : STANDARD_PARENT;
      parent = slash < 0 ? top : plain.substring(0, slash);
      name = plain.substring(slash + 1);
    }
    JsonNode limits = limits(config);
    boolean plainDevices = ConfigResources.devices(limits).equals(DeviceAccess.PLAIN);
    return Cgroups.ofHost()
        .group(name, ConfigResources.of(limits).withCgroupParent(parent), plainDevices);
  }

  static void create(Cgroup group, JsonNode config) {
    JsonNode limits = limits(config);
    group.create(ConfigResources.of(limits), ConfigResources.devices(limits));
  }

  private static JsonNode limits(JsonNode config) {
    return config.path("linux").path("resources");
  }
}
