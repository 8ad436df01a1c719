/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.network.dns.Upstream;
import dev.caisson.network.link.LinkNames;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How an engine makes networks.
 *
 * @param tag 1 to 4 lower-case letters or digits, in the names of everything it makes on the host:
 *     two engines on one host have different ones
 * @param readyNamespaces how many namespaces to make ahead of need
 * @param relay the control socket of a slirp4netns(1) that leads to this network namespace, through
 *     which the host's ports come here; empty where this is the host's own
 * @param nameServers who answers names that are not ours; asked for with every such name
 */
public record NetworkOptions(
    String tag,
    int readyNamespaces,
    Optional<Path> relay,
    Supplier<List<InetSocketAddress>> nameServers) {
  public NetworkOptions {
    var unused = new LinkNames(tag);
  }

  /** The same with the host's ports behind slirp4netns(1). */
  public NetworkOptions withRelay(Optional<Path> socket) {
    return new NetworkOptions(tag, readyNamespaces, socket, nameServers);
  }

  /** Four namespaces made ahead, the host's own ports and name servers. */
  public static NetworkOptions of(String tag) {
    return new NetworkOptions(tag, 4, Optional.empty(), Upstream::serversOfHost);
  }
}
