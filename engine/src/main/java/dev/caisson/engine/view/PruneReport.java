/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.util.List;

/** What was removed, and the bytes it held. */
public record PruneReport(List<String> removed, long reclaimed) {
  public PruneReport {
    removed = List.copyOf(removed);
  }
}
