/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.net.LinkSettings;
import dev.caisson.linux.net.Route;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.process.Executable;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.linux.process.Processes;
import dev.caisson.linux.process.Signal;
import dev.caisson.linux.process.Spawn;
import dev.caisson.network.address.AddressPool;
import dev.caisson.network.address.Subnet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A host of its own for one test: a network namespace with our networks in it, beside another one
 * that plays the outside world (192.0.2.2, the host being 192.0.2.1). All of it vanishes with the
 * test.
 */
final class HostLab implements AutoCloseable {
  static final InetAddress HOST = InetAddress.ofLiteral("192.0.2.1");
  static final InetAddress WORLD = InetAddress.ofLiteral("192.0.2.2");

  final Recorded journal = new Recorded();
  final NetworkDefinition red =
      NetworkDefinition.of("red-id", "red", 1, Subnet.parse("10.71.0.0/16"));
  final NetworkDefinition blue =
      NetworkDefinition.of("blue-id", "blue", 2, Subnet.parse("10.72.0.0/16"));
  private final Map<String, AddressPool> pools = new HashMap<>();
  private final List<ProcessFd> running = new ArrayList<>();
  private final Fd world;
  Networks networks;

  private HostLab() {
    try (RouteSocket host = RouteSocket.open()) {
      world = NamespaceThread.insideNew(Namespace.NETWORK::ofThisThread, Namespace.NETWORK);
      host.execute(
          new RouteBatch()
              .changeLink("lo", LinkSettings.none().up(true))
              .createVeth(
                  LinkSettings.named("uplink"), LinkSettings.named("eth0"), Optional.of(world)));
      int index = host.link("uplink").orElseThrow().index();
      host.execute(
          new RouteBatch()
              .changeLink(index, LinkSettings.none().up(true))
              .addAddress(index, HOST, 24));
    }
    inWorld(inside -> {
      int index = inside.link("eth0").orElseThrow().index();
      inside.execute(
          new RouteBatch()
              .changeLink("lo", LinkSettings.none().up(true))
              .changeLink(index, LinkSettings.none().up(true))
              .addAddress(index, WORLD, 24));
    });
    networks = open();
  }

  /** Runs a test on a thread in such a host. */
  static void run(Consumer<HostLab> test) {
    NamespaceThread.insideNew(
        () -> {
          try (HostLab lab = new HostLab()) {
            test.accept(lab);
          }
          return "";
        },
        Namespace.NETWORK);
  }

  Networks open() {
    return Networks.open(new NetworkOptions("t", 1, Optional.empty(), List::of), journal);
  }

  /** A workload on one network, called by its id. */
  Attachment attachment(String workload, NetworkDefinition network, PublishedPort... ports) {
    return new Attachment(workload, List.of(endpoint(workload, network)), List.of(ports));
  }

  Endpoint endpoint(String name, NetworkDefinition network) {
    AddressPool pool =
        pools.computeIfAbsent(network.id(), id -> AddressPool.of(network.ipv4().subnet()));
    InetAddress address = pool.allocate();
    Optional<InetAddress> six =
        network.ipv6().map(range -> range.subnet().at(pool.subnet().offsetOf(address)));
    return new Endpoint(network.id(), address, six, Endpoint.macOf(address), List.of(name));
  }

  /**
   * The output of a shell script inside a workload's namespace, and its exit code in the last line.
   */
  String inside(Attached attached, String script) {
    return shell("nsenter", "--net=" + attached.namespace(), "busybox", "sh", "-c", script);
  }

  String onHost(String script) {
    return shell("busybox", "sh", "-c", script);
  }

  String inWorld(String script) {
    return shell(
        "nsenter",
        "--net=/proc/" + ProcessHandle.current().pid() + "/fd/" + world.number(),
        "busybox",
        "sh",
        "-c",
        script);
  }

  private void inWorld(Consumer<RouteSocket> work) {
    NamespaceThread.inside(
        Namespace.NETWORK,
        world,
        () -> {
          try (RouteSocket inside = RouteSocket.open()) {
            work.accept(inside);
          }
          return "";
        });
  }

  /** Gives the outside world a route to an address of a workload, as a hostile neighbour would. */
  void routeFromWorld(InetAddress address) {
    inWorld(inside -> {
      int index = inside.link("eth0").orElseThrow().index();
      inside.execute(
          new RouteBatch()
              .putRoute(new Route(address, 32, index, Optional.of(HOST), Optional.empty())));
    });
  }

  /** Serves a line on a TCP port in a workload, to any number of clients one after another. */
  void serve(Attached attached, int port, String line) {
    start(attached, "exec busybox nc -ll -p " + port + " -e echo '" + line + "'");
    inside(
        attached,
        "for i in $(seq 100); do netstat -ltn | grep -q ':"
            + port
            + " ' && break; sleep 0.1; done");
  }

  private void start(Attached attached, String script) {
    running.add(
        spawn(
            List.of("nsenter", "--net=" + attached.namespace(), "busybox", "sh", "-c", script),
            new TreeMap<>()));
  }

  private static String shell(String... command) {
    try (Fd output = Memfd.create("output");
        ProcessFd child = spawn(List.of(command), new TreeMap<>(Map.of(1, output, 2, output)))) {
      int code = child.await().code();
      return Files.readString(output.path()) + "exit " + code;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProcessFd spawn(List<String> command, TreeMap<Integer, Fd> files) {
    String program =
        List.of("/usr/bin/", "/bin/").stream()
            .map(place -> place + command.getFirst())
            .filter(path -> Files.isExecutable(Path.of(path)))
            .findFirst()
            .orElseThrow();
    return new Spawn(
            new Executable.At(program),
            command,
            List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
            files)
        .start();
  }

  @Override
  public void close() {
    for (ProcessFd process : running) {
      new ProcessGroup(process.pid()).kill();
      process.await();
      process.close();
    }
    networks.close();
    world.close();
  }

  /** Everything a started script started: it leads a session and thereby a group. */
  private record ProcessGroup(int leader) {
    void kill() {
      Processes.kill(-leader, Signal.KILL);
    }
  }

  /** A journal in memory, for looking at. */
  static final class Recorded implements Journal {
    final Map<String, String> entries = new TreeMap<>();

    @Override
    public void record(String key, String previous) {
      entries.putIfAbsent(key, previous);
    }

    @Override
    public String previous(String key) {
      return entries.getOrDefault(key, "");
    }

    @Override
    public void forget(String key) {
      entries.remove(key);
    }
  }
}
