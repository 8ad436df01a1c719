/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

/**
 * A port of the container reachable at the host.
 *
 * @param hostAddress empty for every address
 * @param hostPort 0 for a free one
 * @param hostPortEnd the last of a range to pick a free one from; equal to {@code hostPort}
 *     otherwise
 */
public record PortBinding(PortSpec port, String hostAddress, int hostPort, int hostPortEnd) {
  public PortBinding(PortSpec port, String hostAddress, int hostPort) {
    this(port, hostAddress, hostPort, hostPort);
  }
}
