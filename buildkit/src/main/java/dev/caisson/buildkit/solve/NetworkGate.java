/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

/** Decides whether a client's builds may use a network. */
@FunctionalInterface
public interface NetworkGate {
  /**
   * @param mode as {@code host}; empty for the default
   * @throws RuntimeException when it may not
   */
  void check(String mode);
}
