/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.network.dns.Upstream;
import dev.caisson.network.link.LinkNames;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Supplier;

/**
 * How an engine makes networks.
 *
 * @param tag 1 to 4 lower-case letters or digits, in the names of everything it makes on the host:
 *     two engines on one host have different ones
 * @param readyNamespaces how many namespaces to make ahead of need
 * @param nameServers who answers names that are not ours; asked for with every such name
 */
public record NetworkOptions(
    String tag, int readyNamespaces, Supplier<List<InetSocketAddress>> nameServers) {
  public NetworkOptions {
    var unused = new LinkNames(tag);
  }

  public static NetworkOptions of(String tag) {
    return new NetworkOptions(tag, 4, Upstream::serversOfHost);
  }
}
