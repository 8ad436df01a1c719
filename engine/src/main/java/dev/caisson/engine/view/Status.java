/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.util.Locale;

/** The states of a container. */
public enum Status {
  /** Made and never started. */
  CREATED,
  /** Its first process runs. */
  RUNNING,
  /** Its processes stand still. */
  PAUSED,
  /** It has ended and waits for its next run. */
  RESTARTING,
  /** Being taken away. */
  REMOVING,
  /** Its last run is over. */
  EXITED,
  /** Never told by this engine; Docker clients filter by it. */
  DEAD;

  /** As Docker spells it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
