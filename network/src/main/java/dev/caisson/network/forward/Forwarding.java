/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.forward;

import dev.caisson.network.Journal;

/**
 * Whether this host passes packets on between networks, which it does as long as one of ours needs
 * it.
 */
public final class Forwarding {
  private static final String IPV4 = "net/ipv4/ip_forward";
  private static final String IPV6 = "net/ipv6/conf/all/forwarding";

  private final Journal journal;

  /**
   * @param journal keeps what was set before
   */
  public Forwarding(Journal journal) {
    this.journal = journal;
  }

  public void on(boolean ipv6) {
    Sysctl.set(IPV4, "1", journal);
    if (ipv6) {
      Sysctl.set(IPV6, "1", journal);
    }
  }

  /** Puts back what was set before. */
  public void off() {
    Sysctl.restore(IPV4, journal);
    Sysctl.restore(IPV6, journal);
  }
}
