/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.net.LinkSettings;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.linux.net.Route;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A bridge with an address, and namespaces whose eth0 is plugged into it, as the engine makes them. */
final class LabNetwork implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String bridge = "lab" + COUNT.incrementAndGet();
  private final Map<Integer, Place> places = new TreeMap<>();
  private final List<Process> keepers = new ArrayList<>();

  /** A namespace with an interface: 10.9.0.{@code number} and an address of IPv6. */
  record Place(int number, Path namespace, String link, String mac) {
    String ipv6() {
      return "fd00:9::%x".formatted(number);
    }
  }

  private LabNetwork() {}

  static LabNetwork make() throws IOException {
    var network = new LabNetwork();
    try (RouteSocket socket = RouteSocket.open()) {
      socket.execute(new RouteBatch().createBridge(LinkSettings.named(network.bridge).up(true)));
      int index = socket.link(network.bridge).orElseThrow().index();
      socket.execute(
          new RouteBatch()
              .addAddress(index, InetAddress.ofLiteral("10.9.0.1"), 24)
              .addAddress(index, InetAddress.ofLiteral("fd00:9::1"), 64));
    }
    return network;
  }

  /** The place of that number, made when first asked for; 2 to 254. */
  Place place(int number) throws IOException {
    Place known = places.get(number);
    if (known != null) {
      return known;
    }
    Process keeper =
        new ProcessBuilder("/bin/busybox", "unshare", "-n", "/bin/busybox", "sleep", "100000")
            .inheritIO()
            .start();
    keepers.add(keeper);
    Path namespace = Path.of("/proc/" + keeper.pid() + "/ns/net");
    awaitOwn(namespace);
    var made =
        new Place(
            number, namespace, bridge + "v" + number, "02:00:00:00:09:%02x".formatted(number));
    plug(made);
    places.put(number, made);
    return made;
  }

  private static void awaitOwn(Path namespace) throws IOException {
    Path ours = Files.readSymbolicLink(Path.of("/proc/self/ns/net"));
    try {
      for (int i = 0; Files.readSymbolicLink(namespace).equals(ours); i++) {
        if (i > 1000) {
          throw new IOException(namespace + " stays ours");
        }
        Thread.sleep(20);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void plug(Place place) {
    try (Fd target = Directory.openFile(place.namespace(), 0, OpenFlag.READ);
        RouteSocket socket = RouteSocket.open()) {
      socket.execute(
          new RouteBatch()
              .createVeth(
                  LinkSettings.named(place.link()),
                  LinkSettings.named("eth0").mac(MacAddress.parse(place.mac())),
                  Optional.of(target)));
      int master = socket.link(bridge).orElseThrow().index();
      socket.execute(
          new RouteBatch().changeLink(place.link(), LinkSettings.none().master(master).up(true)));
      boolean _ = NamespaceThread.inside(
          Namespace.NETWORK,
          target,
          () -> {
            try (RouteSocket inside = RouteSocket.open()) {
              int index = inside.link("eth0").orElseThrow().index();
              inside.execute(
                  new RouteBatch()
                      .changeLink(index, LinkSettings.none().up(true))
                      .addAddress(
                          index, InetAddress.ofLiteral("10.9.0." + place.number()), 24)
                      .addAddress(index, InetAddress.ofLiteral(place.ipv6()), 64)
                      .putRoute(Route.defaultVia(InetAddress.ofLiteral("10.9.0.1"), index))
                      .putRoute(Route.defaultVia(InetAddress.ofLiteral("fd00:9::1"), index)));
            }
            return true;
          });
    }
  }

  /**
   * @throws AssertionError when the bridge heard a place's address at one of the others' ports
   */
  void requireUnheard(Place who, List<Place> where) throws IOException {
    Path ports = Path.of("/sys/class/net/" + bridge + "/brif");
    // struct __fdb_entry of linux/if_bridge.h: address, port, whether it is the bridge's own
    ByteBuffer heard = ByteBuffer.wrap(Files.readAllBytes(ports.resolveSibling("brforward")));
    for (; heard.remaining() >= 16; heard.position(heard.position() + 16)) {
      var mac = new StringBuilder();
      for (int i = 0; i < 6; i++) {
        mac.append(i == 0 ? "" : ":").append("%02x".formatted(heard.get(heard.position() + i)));
      }
      int port = heard.get(heard.position() + 6);
      for (Place other : where) {
        String number = Files.readString(ports.resolve(other.link()).resolve("port_no")).strip();
        if (mac.toString().equals(who.mac()) && Integer.decode(number) == port) {
          throw new AssertionError(other.link() + " spoke as " + mac);
        }
      }
    }
  }

  @Override
  public void close() {
    keepers.forEach(Process::destroyForcibly);
    try (RouteSocket socket = RouteSocket.open()) {
      socket.execute(new RouteBatch().deleteLink(bridge));
    }
  }
}
