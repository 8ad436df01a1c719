/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.linux.net.Link;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.network.link.LinkNames;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Which of the links an engine before this one made are still wanted. */
final class Survivors {
  private Survivors() {}

  /**
   * Sorts the links of this host.
   *
   * @param prefix that the names of our workloads' links begin with
   * @param removal gets those that belong to no workload any more
   * @return the others by their alias
   */
  static Map<String, Link> of(
      List<Link> links, String prefix, Collection<Attachment> running, RouteBatch removal) {
    Set<String> aliases =
        running.stream()
            .flatMap(
                a -> a.endpoints().stream().map(e -> LinkNames.alias(a.workload(), e.network())))
            .collect(Collectors.toSet());
    Map<String, Link> wanted = new HashMap<>();
    for (Link link : links) {
      if (!link.name().startsWith(prefix)) {
        continue;
      }
      if (aliases.contains(link.alias())) {
        wanted.put(link.alias(), link);
      } else if (!link.alias().isEmpty()) {
        removal.deleteLink(link.index()); // one without alias waits in our own pool
      }
    }
    return wanted;
  }
}
