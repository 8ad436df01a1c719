/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import java.util.ArrayList;
import java.util.List;

/**
 * What one workload wants of the networks.
 *
 * @param workload its id, 1 to 64 letters, digits, hyphens or underscores
 * @param endpoints in order; the first one is the way out
 */
public record Attachment(String workload, List<Endpoint> endpoints, List<PublishedPort> ports) {
  public Attachment {
    endpoints = List.copyOf(endpoints);
    ports = List.copyOf(ports);
    if (!workload.matches("[A-Za-z0-9_-]{1,64}")) {
      throw NetworkException.invalid("not a workload id: " + workload, "");
    }
  }

  Attachment withPorts(List<PublishedPort> value) {
    return new Attachment(workload, endpoints, value);
  }

  Attachment with(Endpoint endpoint) {
    List<Endpoint> more = new ArrayList<>(endpoints);
    more.add(endpoint);
    return new Attachment(workload, more, ports);
  }

  Attachment without(String network) {
    return new Attachment(
        workload, endpoints.stream().filter(e -> !e.network().equals(network)).toList(), ports);
  }
}
