/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import java.nio.file.Path;
import java.util.List;

/**
 * A workload's namespace, ready to be entered.
 *
 * @param namespace where it is found, as long as this engine lives and it stays attached; the
 *     workload's own processes keep it alive beyond that
 * @param ports as published, with the numbers the host chose
 */
public record Attached(Path namespace, List<PublishedPort> ports) {
  public Attached {
    ports = List.copyOf(ports);
  }
}
