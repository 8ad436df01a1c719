/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

/**
 * What an engine's place on the host decides of the mounts in each of its containers.
 *
 * @param rootless whether we are root of an ordinary user's namespace, so that what the host owns
 *     (devices, its network and processes) is shown instead of made
 * @param singleId whether that namespace has one user, so that there are no groups to choose
 */
public record Ground(boolean rootless, boolean singleId) {
  /** Root's. */
  public static final Ground ROOT = new Ground(false, false);
}
