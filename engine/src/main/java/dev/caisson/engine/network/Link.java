/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.view.NetworkView;
import dev.caisson.sandbox.workload.NetworkAttachment;
import java.util.List;

/**
 * A container's connection, ready for its start.
 *
 * @param nameservers for its resolv.conf; empty to use the host's
 * @param hosts lines for its hosts file: address, then names
 */
public record Link(
    NetworkAttachment.Mode mode,
    NetworkView view,
    List<String> nameservers,
    List<String> searchDomains,
    List<String> hosts) {
  public Link {
    nameservers = List.copyOf(nameservers);
    searchDomains = List.copyOf(searchDomains);
    hosts = List.copyOf(hosts);
  }
}
