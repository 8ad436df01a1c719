/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

/** When a wait is over. */
public enum WaitCondition {
  /** At once if it is not running, otherwise at its exit. */
  NOT_RUNNING,
  /** At the next exit, even if it is not running yet. */
  NEXT_EXIT,
  /** When the container is gone. */
  REMOVED
}
