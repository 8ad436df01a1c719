/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.link;

import dev.caisson.linux.Fd;
import dev.caisson.linux.net.LinkSettings;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A network namespace for a workload, and a socket inside it through which it is configured from
 * any thread. Closing it gives up our hold: the kernel frees the namespace after its last process.
 */
public final class WorkloadNamespace implements AutoCloseable {
  /**
   * All host ends have it: each is alone on its wire, and workloads can have it as a fixed entry.
   */
  public static final MacAddress HOST_MAC = MacAddress.parse("02:ca:15:50:00:01");

  private final Fd fd;
  private final RouteSocket inside;

  private WorkloadNamespace(Fd fd, RouteSocket inside) {
    this.fd = fd;
    this.inside = inside;
  }

  /** A new one with its loopback interface up. */
  static WorkloadNamespace create() {
    return NamespaceThread.insideNew(WorkloadNamespace::ofThisThread, Namespace.NETWORK);
  }

  /** As {@link #create}, on the calling thread, which must be the caller's own. */
  static WorkloadNamespace createHere() {
    return NamespaceThread.insideNewAndBack(Namespace.NETWORK, WorkloadNamespace::ofThisThread);
  }

  /** Of a namespace that has been configured before, by another engine. */
  public static WorkloadNamespace adopt(Fd namespace) {
    return NamespaceThread.inside(
        Namespace.NETWORK, namespace, () -> new WorkloadNamespace(namespace, RouteSocket.open()));
  }

  private static WorkloadNamespace ofThisThread() {
    WorkloadNamespace made =
        new WorkloadNamespace(Namespace.NETWORK.ofThisThread(), RouteSocket.open());
    made.inside.execute(new RouteBatch().changeLink(1, LinkSettings.none().up(true)));
    return made;
  }

  /** Where processes on this host find it, as long as we hold it. */
  public Path path() {
    return Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + fd.number());
  }

  /** The socket inside. */
  public RouteSocket inside() {
    return inside;
  }

  /**
   * Creates a pair of interfaces, {@code innerName} in here and {@code hostName} on the host. Both
   * are up: the kernel notices a carrier a moment later, which is over by the time a prepared pair
   * is used.
   */
  public NamespaceLink connect(RouteSocket host, String hostName, String innerName) {
    host.execute(
        new RouteBatch()
            .createVeth(
                LinkSettings.named(hostName).mac(HOST_MAC),
                LinkSettings.named(innerName),
                Optional.of(fd))
            .changeLink(hostName, LinkSettings.none().quietly().up(true)));
    inside.execute(new RouteBatch().changeLink(innerName, LinkSettings.none().quietly().up(true)));
    int hostIndex = host.link(hostName).orElseThrow().index();
    int innerIndex = inside.link(innerName).orElseThrow().index();
    return new NamespaceLink(hostIndex, innerIndex);
  }

  @Override
  public void close() {
    inside.close();
    fd.close();
  }
}
