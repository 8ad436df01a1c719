/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.Networks;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.network.Obstacle;
import java.util.Optional;
import java.util.Set;

/** The networks, and what containers need of them. */
public interface Fabric extends Networks, AutoCloseable {
  /** Why no network can be made here; empty if they can. */
  default Optional<Obstacle> closed() {
    return Optional.empty();
  }

  /**
   * Checks at create that every network named exists and fixed addresses lie in it.
   *
   * @throws dev.caisson.engine.EngineException NOT_FOUND, INVALID
   */
  void check(NetworkingSpec spec);

  /**
   * Prepares a network namespace with all that was asked for. Never called for the modes {@code
   * host} and {@code container:}.
   *
   * @throws dev.caisson.engine.EngineException CONFLICT when a port or address is taken
   */
  Link attach(Member member);

  /** Takes everything of it away again; harmless when there is nothing. */
  void detach(Member member, NetworkView former);

  /** Says after a restart of the engine that a running container still has this connection. */
  void adopt(Member member, NetworkView current);

  /** Takes away what belongs to no container; called once all are adopted. */
  void sweep();

  @Override
  void close();

  /**
   * A container as its networks know it.
   *
   * @param exposed ports of the image and the specification
   */
  record Member(
      String id, String name, String hostname, NetworkingSpec spec, Set<PortSpec> exposed) {
    public Member {
      exposed = Set.copyOf(exposed);
    }
  }
}
