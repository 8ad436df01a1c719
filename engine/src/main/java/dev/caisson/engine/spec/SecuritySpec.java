/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Optional;

/**
 * What the workload may do.
 *
 * @param options as {@code no-new-privileges}, {@code seccomp=unconfined}, {@code seccomp={json}},
 *     {@code apparmor=…}, {@code label=…}, {@code systempaths=unconfined}, {@code own-process=yes}
 * @param maskedPaths empty for the usual ones
 */
public record SecuritySpec(
    boolean privileged,
    List<String> capabilitiesAdded,
    List<String> capabilitiesDropped,
    List<String> options,
    List<String> groups,
    Optional<List<String>> maskedPaths,
    Optional<List<String>> readOnlyPaths) {
  public SecuritySpec {
    capabilitiesAdded = List.copyOf(capabilitiesAdded);
    capabilitiesDropped = List.copyOf(capabilitiesDropped);
    options = List.copyOf(options);
    groups = List.copyOf(groups);
    maskedPaths = maskedPaths.map(List::copyOf);
    readOnlyPaths = readOnlyPaths.map(List::copyOf);
  }

  public static SecuritySpec standard() {
    return new SecuritySpec(
        false, List.of(), List.of(), List.of(), List.of(), Optional.empty(), Optional.empty());
  }
}
