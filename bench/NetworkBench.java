/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.linux.net.LinkSettings;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import dev.caisson.network.Journal;
import dev.caisson.network.NetworkDefinition;
import dev.caisson.network.NetworkOptions;
import dev.caisson.network.Networks;
import dev.caisson.network.PublishedPort;
import dev.caisson.network.address.AddressPool;
import dev.caisson.network.address.Subnet;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What attaching a workload costs, alone and beside many others. Runs in a network namespace of its own,
 * so that the host's interfaces and rules are not touched. First argument: how many (2,000).
 */
public final class NetworkBench {
  private static final NetworkDefinition NETWORK =
      NetworkDefinition.of("net", "net", 1, Subnet.parse("10.99.0.0/16"));

  private final AddressPool addresses = AddressPool.of(NETWORK.ipv4().subnet());
  private int serial;

  public static void main(String[] arguments) {
    int many = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2_000;
    NamespaceThread.insideNew(
        () -> {
          try (RouteSocket host = RouteSocket.open()) {
            host.execute(new RouteBatch().changeLink("lo", LinkSettings.none().up(true)));
            new NetworkBench().run(many, host);
          }
          return "";
        },
        Namespace.NETWORK);
  }

  private void run(int many, RouteSocket host) {
    for (int ready : new int[] {0, 4}) {
      Networks networks =
          Networks.open(new NetworkOptions("b", ready, Optional.empty(), List::of), Journal.none());
      networks.add(NETWORK);
      cycles(networks, 50, 0); // warm up
      report("attach+detach, " + ready + " ready, one at a time", cycles(networks, 100, 2));
      report("  the same with a published port", publishedCycles(networks, 100));
      networks.remove(NETWORK);
      networks.close();
    }
    Networks networks = Networks.open(new NetworkOptions("b", 4, Optional.empty(), List::of), Journal.none());
    networks.add(NETWORK);
    long start = System.nanoTime();
    List<String> attached = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      attached.add(attach(networks, true));
    }
    double seconds = seconds(start);
    System.out.printf(
        "%,d attached, each with a published port: %.1f s, %.0f/s%n", many, seconds, many / seconds);
    report("attach+detach beside " + many, cycles(networks, 100, 2));
    report("  the same with a published port", publishedCycles(networks, 50));
    start = System.nanoTime();
    attached.forEach(networks::detach);
    System.out.printf("%,d detached: %.1f s%n", many, seconds(start));
    while (host.links().size() > 16) {
      pause(20);
    }
    System.out.printf("  all interfaces gone after %.1f s%n", seconds(start));
    networks.remove(NETWORK);
    networks.close();
  }

  private long[] cycles(Networks networks, int count, int restMillis) {
    long[] times = new long[count];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      networks.detach(attach(networks, false));
      times[i] = System.nanoTime() - start;
      pause(restMillis); // as between starts: the makers of namespaces need a moment
    }
    return times;
  }

  private long[] publishedCycles(Networks networks, int count) {
    long[] times = new long[count];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      networks.detach(attach(networks, true));
      times[i] = System.nanoTime() - start;
      pause(2);
    }
    return times;
  }

  private String attach(Networks networks, boolean published) {
    String id = "w" + serial++;
    InetAddress address = addresses.allocate();
    var ports =
        published
            ? List.of(
                new PublishedPort(PublishedPort.Protocol.TCP, Optional.empty(), 0, 80))
            : List.<PublishedPort>of();
    Endpoint endpoint =
        new Endpoint("net", address, Optional.empty(), Endpoint.macOf(address), List.of(id));
    networks.attach(new Attachment(id, List.of(endpoint), ports));
    return id;
  }

  private static void report(String what, long[] nanos) {
    Arrays.sort(nanos);
    System.out.printf(
        "%-55s median %.2f ms, 90th %.2f ms%n",
        what, nanos[nanos.length / 2] / 1e6, nanos[nanos.length * 9 / 10] / 1e6);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
