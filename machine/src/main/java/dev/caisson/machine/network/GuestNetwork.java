/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.network;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.net.Link;
import dev.caisson.linux.net.LinkAddress;
import dev.caisson.linux.net.LinkSettings;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.linux.net.Route;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * A network namespace that was prepared for a container, handed over to a guest.
 *
 * <p>For each interface a quiet bridge joins it with a tap. The guest takes over hardware address,
 * addresses and routes, so that nobody on the network can tell the difference; the interface gets
 * another hardware address, without which the bridge would keep the guest's frames. All of it is
 * put back when closed.
 */
public final class GuestNetwork implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(GuestNetwork.class.getName());
  private static final long LOCAL_UNICAST = 0x02_00_00_00_00_00L;
  private static final int RANDOM_BITS = 40;

  private final Path namespace;
  private final List<Taken> taken = new ArrayList<>();

  /** One interface as it was, and the number that names its bridge and tap. */
  private record Taken(
      Link link, MacAddress hardware, List<LinkAddress> addresses, List<Route> routes, int number) {
    String tap() {
      return "tap" + number;
    }

    String bridge() {
      return "guest" + number;
    }
  }

  private GuestNetwork(Path namespace) {
    this.namespace = namespace;
  }

  /** Takes over every Ethernet interface of a namespace. */
  public static GuestNetwork take(Path namespace) {
    return take(namespace, true);
  }

  /**
   * The same for a guest that still has the addresses of another: nothing reaches it, and nothing
   * it says leaves, before {@link #join}.
   */
  public static GuestNetwork takeApart(Path namespace) {
    return take(namespace, false);
  }

  private static GuestNetwork take(Path namespace, boolean joined) {
    var network = new GuestNetwork(namespace);
    try {
      network.inside(socket -> {
        network.takeAll(socket);
        if (joined) {
          network.join(socket);
        }
      });
      return network;
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private void inside(Consumer<RouteSocket> work) {
    try (Fd target = Directory.openFile(namespace, 0, OpenFlag.READ)) {
      NamespaceThread.inside(
          Namespace.NETWORK,
          target,
          () -> {
            try (RouteSocket socket = RouteSocket.open()) {
              work.accept(socket);
            }
            return true;
          });
    }
  }

  private void takeAll(RouteSocket socket) {
    List<LinkAddress> addresses = socket.addresses();
    List<Route> routes = socket.routes();
    List<Link> links =
        socket.links().stream()
            .filter(link -> link.mac().isPresent() && link.mac().get().bits() != 0)
            .filter(link -> link.master() == 0)
            .sorted(Comparator.comparing(Link::name))
            .toList();
    for (Link link : links) {
      Taken next =
          new Taken(
              link,
              link.mac().orElseThrow(),
              addresses.stream().filter(address -> address.index() == link.index()).toList(),
              routes.stream().filter(route -> route.index() == link.index()).toList(),
              taken.size());
      taken.add(next);
      prepare(socket, next);
    }
  }

  private static void prepare(RouteSocket socket, Taken next) {
    Tap.create(next.tap());
    socket.execute(
        new RouteBatch()
            .createBridge(LinkSettings.named(next.bridge()).mtu(next.link.mtu()).up(true)));
    int bridge = socket.link(next.bridge()).orElseThrow().index();
    var batch = new RouteBatch();
    batch.changeLink(bridge, LinkSettings.none().quietly());
    next.addresses.forEach(address ->
        batch.deleteAddress(next.link.index(), address.address(), address.prefixLength()));
    batch.changeLink(next.link.index(), LinkSettings.none().mac(random()).master(bridge).up(true));
    batch.changeLink(next.tap(), LinkSettings.none().mtu(next.link.mtu()).master(bridge));
    socket.execute(batch);
  }

  /** Lets frames pass between the guest and its network. */
  public void join() {
    inside(this::join);
  }

  private void join(RouteSocket socket) {
    var batch = new RouteBatch();
    taken.forEach(one -> batch.changeLink(one.tap(), LinkSettings.none().up(true)));
    socket.execute(batch);
  }

  private static MacAddress random() {
    return new MacAddress(
        LOCAL_UNICAST | (new SecureRandom().nextLong() & ((1L << RANDOM_BITS) - 1)));
  }

  public Path namespace() {
    return namespace;
  }

  public List<NetworkPort> ports() {
    return taken.stream().map(one -> new NetworkPort(one.tap(), one.hardware.toString())).toList();
  }

  /** How many interfaces the guest has of it: eth0, eth1, ... */
  public int size() {
    return taken.size();
  }

  /**
   * What the guest's kernel is to be asked for.
   *
   * @param indexes of the guest's interfaces eth0, eth1, ...
   */
  public RouteBatch inGuest(List<Integer> indexes) {
    var batch = new RouteBatch();
    for (Taken one : taken) {
      int index = indexes.get(one.number);
      batch.changeLink(index, LinkSettings.none().mtu(one.link.mtu()).up(true));
      one.addresses.stream()
          .filter(address -> !address.address().isLinkLocalAddress())
          .forEach(address -> batch.addAddress(index, address.address(), address.prefixLength()));
    }
    // A gateway must be reachable before a route may lead through it.
    for (boolean through : new boolean[] {false, true}) {
      for (Taken one : taken) {
        one.routes.stream()
            .filter(route -> route.gateway().isPresent() == through)
            .filter(GuestNetwork::isConfigured)
            .forEach(route -> batch.putRoute(route.over(indexes.get(one.number))));
      }
    }
    return batch;
  }

  /** The addresses of each interface, in their order, as {@code address/prefix length}. */
  public List<List<String>> addresses() {
    return taken.stream()
        .map(one ->
            one.addresses.stream()
                .map(address -> address.address().getHostAddress() + "/" + address.prefixLength())
                .toList())
        .toList();
  }

  /**
   * What makes the interfaces of a guest that was another's these, before {@link #inGuest}. Down
   * goes each of them, which takes routes and IPv6 addresses away.
   *
   * @param indexes of the guest's interfaces eth0, eth1, ...
   */
  public RouteBatch renewal(List<Integer> indexes) {
    var batch = new RouteBatch();
    for (Taken one : taken) {
      int index = indexes.get(one.number);
      batch.changeLink(index, LinkSettings.none().up(false));
      batch.changeLink(index, LinkSettings.none().mac(one.hardware));
    }
    return batch;
  }

  /** Others the guest's kernel makes by itself. */
  private static boolean isConfigured(Route route) {
    return !route.destination().isLinkLocalAddress() && !route.destination().isMulticastAddress();
  }

  /**
   * Puts everything back, so that the namespace can be used again; one that is gone is no error.
   */
  @Override
  public void close() {
    if (taken.isEmpty()) {
      return;
    }
    try {
      inside(socket -> taken.forEach(one -> restore(socket, one)));
    } catch (LinuxException e) {
      LOG.log(System.Logger.Level.DEBUG, "network of {0} is gone: {1}", namespace, e.getMessage());
    }
    taken.clear();
  }

  private static void restore(RouteSocket socket, Taken one) {
    var batch = new RouteBatch();
    batch.deleteLink(one.tap());
    batch.deleteLink(one.bridge());
    batch.changeLink(one.link.index(), LinkSettings.none().mac(one.hardware));
    one.addresses.forEach(
        address -> batch.addAddress(one.link.index(), address.address(), address.prefixLength()));
    one.routes.stream()
        .sorted(Comparator.comparing(route -> route.gateway().isPresent()))
        .filter(GuestNetwork::isConfigured)
        .forEach(batch::putRoute);
    socket.execute(batch, errno -> true);
  }
}
