/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

/** Where in its one run a sandbox is. */
public enum SandboxState {
  CREATED,
  RUNNING,
  PAUSED,
  EXITED
}
