/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import java.util.Optional;

/** Finds containers for networks. */
public interface MemberFinder {
  /**
   * A container with what its networks need to know.
   *
   * @throws dev.caisson.engine.EngineException NOT_FOUND
   */
  Found member(String reference);

  /**
   * Stores which networks a container joins at its next start, and for a running one how it sees
   * them now.
   */
  void changed(
      String id,
      dev.caisson.engine.spec.NetworkingSpec spec,
      Optional<dev.caisson.engine.view.NetworkView> view);

  /**
   * A container.
   *
   * @param view empty when it does not run
   * @param changeable whether its networks can change while it runs
   */
  record Found(
      Fabric.Member member,
      Optional<dev.caisson.engine.view.NetworkView> view,
      boolean changeable) {}
}
