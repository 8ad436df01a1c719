/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.engine.view.PruneReport;
import java.util.List;

/** Networks. A {@code reference} is an id, an unambiguous prefix of one, or a name. */
public interface Networks {
  /**
   * Makes a network.
   *
   * @return its id
   * @throws EngineException INVALID; CONFLICT when the name is taken or a subnet overlaps one in
   *     use; NOT_FOUND for a driver there is not; UNAVAILABLE where no networks can be made
   */
  String create(NetworkSpec spec);

  /**
   * All about one network, its running members among it.
   *
   * @throws EngineException NOT_FOUND; CONFLICT for an ambiguous prefix
   */
  NetworkInfo inspect(String reference);

  /**
   * @param filters {@code dangling driver id label label! name scope type}
   * @throws EngineException INVALID for another filter
   */
  List<NetworkInfo> list(Filters filters);

  /**
   * Joins a container to a network, at once if it runs, else at its next start.
   *
   * @throws EngineException NOT_FOUND; FORBIDDEN when it is in there already; CONFLICT when it uses
   *     the network stack of the host or of another container; INVALID for an address elsewhere
   */
  void connect(String reference, String container, EndpointSpec endpoint);

  /**
   * Takes a container out of a network.
   *
   * @param force changes nothing here; Docker's clients send it
   * @throws EngineException NOT_FOUND; FORBIDDEN when it is not in there
   */
  void disconnect(String reference, String container, boolean force);

  /**
   * @throws EngineException NOT_FOUND; CONFLICT while running containers are in it; FORBIDDEN for
   *     the built-in one
   */
  void remove(String reference);

  /**
   * Removes what no running container is in, the built-in one excepted.
   *
   * @param filters {@code label label! until}
   */
  PruneReport prune(Filters filters);
}
