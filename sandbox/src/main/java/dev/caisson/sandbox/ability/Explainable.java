/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.workload.Workload;

/** An isolation that can say step by step what starting a workload would do, without doing it. */
public interface Explainable {
  /** The same steps twice. */
  record Explanation(String table, String json) {}

  Explanation explain(Workload workload, Place place);
}
