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
  /** Returns the network's id. */
  String create(NetworkSpec spec);

  NetworkInfo inspect(String reference);

  List<NetworkInfo> list(Filters filters);

  void connect(String reference, String container, EndpointSpec endpoint);

  void disconnect(String reference, String container, boolean force);

  void remove(String reference);

  PruneReport prune(Filters filters);
}
