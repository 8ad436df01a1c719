/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.link;

import dev.caisson.network.NetworkDefinition;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Names of our interfaces on the host. They begin with a tag of this engine, by which it finds what
 * an engine killed before it left behind.
 *
 * @param tag 1 to 4 lower-case letters or digits
 */
public record LinkNames(String tag) {
  public LinkNames {
    if (!tag.matches("[a-z0-9]{1,4}")) {
      throw new IllegalArgumentException("not a tag: " + tag);
    }
  }

  /** What names of interfaces to workloads start with. */
  public String workloadPrefix() {
    return "cs" + tag + "-";
  }

  /** A name for an interface to a workload; its alias says which. */
  public String fresh() {
    return workloadPrefix() + String.format("%08x", ThreadLocalRandom.current().nextInt());
  }

  /** What names of the interfaces that hold gateway addresses start with. */
  public String gatewayPrefix() {
    return "cb" + tag + "-";
  }

  /** The interface that holds a network's gateway address. */
  public String gateway(NetworkDefinition network) {
    return gatewayPrefix() + network.number();
  }

  /** The alias of the interface between a workload and a network. */
  public static String alias(String workload, String network) {
    return "caisson " + workload + " " + network;
  }
}
