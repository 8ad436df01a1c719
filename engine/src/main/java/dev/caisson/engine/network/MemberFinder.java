/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import java.util.Optional;

/** Finds containers for networks. */
public interface MemberFinder {
  /**
   * A running container with what its networks need to know.
   *
   * @throws dev.caisson.engine.EngineException NOT_FOUND
   */
  Found member(String reference);

  /** Stores a changed view of a container's networks. */
  void changed(String id, dev.caisson.engine.view.NetworkView view);

  /**
   * A container.
   *
   * @param view empty when it does not run
   */
  record Found(Fabric.Member member, Optional<dev.caisson.engine.view.NetworkView> view) {}
}
