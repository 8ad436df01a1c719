/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.Map;

/**
 * What is shared with the host or another container. Each mode is empty for the default, {@code
 * host}, {@code private}, or {@code container:NAME}.
 *
 * @param ipc also {@code shareable} and {@code none}
 * @param sysctls of the namespaces, as {@code net.core.somaxconn}
 */
public record NamespaceSpec(
    String ipc,
    String pid,
    String uts,
    String user,
    String cgroup,
    String cgroupParent,
    Map<String, String> sysctls) {
  public NamespaceSpec {
    sysctls = Map.copyOf(sysctls);
  }

  /** All of its own. */
  public static NamespaceSpec own() {
    return new NamespaceSpec("", "", "", "", "", "", Map.of());
  }
}
