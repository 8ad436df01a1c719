/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.link;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.net.RouteSocket;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Network namespaces made ahead of need, each with its first pair of interfaces: making one costs
 * about a millisecond, which a start then does not wait for.
 */
public final class NamespacePool implements AutoCloseable {
  /** Until then the start that took one is further on and needs fewer processors. */
  private static final long REST_MILLIS = 5;

  private static final Logger LOG = System.getLogger(NamespacePool.class.getName());

  /** A namespace whose {@code eth0} leads to the host. */
  public record Prepared(WorkloadNamespace namespace, NamespaceLink link) {}

  private final RouteSocket host;
  private final LinkNames names;
  private final BlockingQueue<Prepared> ready;
  private final Thread maker;
  private volatile boolean closed;

  /**
   * @param host a socket in the host's namespace
   * @param size how many to keep ready; 0 makes each when it is needed
   */
  public NamespacePool(RouteSocket host, LinkNames names, int size) {
    this.host = host;
    this.names = names;
    this.ready = new LinkedBlockingQueue<>(Math.max(1, size));
    this.maker = Thread.ofPlatform().name("network-namespaces").daemon().unstarted(this::fill);
    if (size > 0) {
      maker.start();
    }
  }

  /** One that is ready, or else a new one. */
  public Prepared take() {
    @Nullable Prepared prepared = ready.poll();
    return prepared == null ? make(WorkloadNamespace.create()) : prepared;
  }

  /** Gives up those that are ready; their interfaces vanish with them. */
  @Override
  public void close() {
    closed = true;
    maker.interrupt();
    for (Prepared left = ready.poll(); left != null; left = ready.poll()) {
      left.namespace().close();
    }
  }

  private Prepared make(WorkloadNamespace namespace) {
    try {
      return new Prepared(namespace, namespace.connect(host, names.fresh(), "eth0"));
    } catch (RuntimeException e) {
      namespace.close();
      throw e;
    }
  }

  private void fill() {
    while (!closed) {
      try {
        if (ready.size() > ready.remainingCapacity()) {
          Thread.sleep(REST_MILLIS);
        }
        Prepared next = make(WorkloadNamespace.createHere());
        try {
          ready.put(next);
        } catch (InterruptedException e) {
          next.namespace().close();
          return;
        }
        if (closed && ready.remove(next)) {
          next.namespace().close();
        }
      } catch (InterruptedException e) {
        return;
      } catch (LinuxException | IllegalStateException e) {
        if (closed) {
          return;
        }
        // Whoever needs one now makes it himself and gets the error; trying on would spin.
        LOG.log(Level.WARNING, "no network namespaces ahead of need", e);
        return;
      }
    }
  }
}
