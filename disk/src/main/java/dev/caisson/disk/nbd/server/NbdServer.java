/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.client.NbdDisk;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;

/**
 * Offers disks to NBD clients: QEMU, the Linux kernel, nbdcopy, or {@link NbdDisk}.
 *
 * {@snippet :
 * try (var server = NbdServer.builder()
 *     .export(NbdExport.of("root", disk))
 *     .listen(UnixDomainSocketAddress.of("/run/user/1000/root.sock"))
 *     .start()) {
 *   server.awaitClosed();
 * }
 * }
 *
 * <p>Unix sockets are made for their owner alone. TCP is refused on anything but loopback unless
 * TLS is required with client certificates.
 */
public final class NbdServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(NbdServer.class.getName());

  private final Map<String, NbdExport> exports = new ConcurrentSkipListMap<>();
  private final List<Listener> listeners = new ArrayList<>();
  private final Workers workers = new Workers("nbd");
  private final Connections connections;
  private final CountDownLatch closed = new CountDownLatch(1);

  private NbdServer(Builder builder) {
    builder.exports.forEach(export -> exports.put(export.name(), export));
    connections = new Connections(exports.values(), builder.tls, builder.limits, workers);
    try {
      for (var address : builder.addresses) {
        listeners.add(Listener.open(address, builder.tls, connections));
      }
    } catch (DiskException refused) {
      close();
      throw refused;
    }
    listeners.forEach(Listener::start);
  }

  /** What to offer, and where. */
  public static Builder builder() {
    return new Builder();
  }

  /** Offers one more disk to clients from now on, or replaces the one of the same name for them. */
  public void offer(NbdExport export) {
    exports.put(export.name(), export);
  }

  /** Stops offering a disk to new clients; those that use it go on. */
  public void withdraw(String name) {
    exports.remove(name);
  }

  /** The addresses in use, with the real port where 0 was asked for. */
  public List<SocketAddress> addresses() {
    return listeners.stream().map(Listener::address).toList();
  }

  /** Clients past their handshake. */
  public int clients() {
    return connections.sessions();
  }

  /** Waits until another thread closes the server. */
  public void awaitClosed() throws InterruptedException {
    closed.await();
  }

  /**
   * Stops: nobody new comes in, requests under way are answered, later ones get ESHUTDOWN, and the
   * disks are flushed. Connections that do not end within the limit's goodbye are cut.
   */
  @Override
  public void close() {
    listeners.forEach(Listener::close);
    connections.close();
    workers.close();
    for (var export : exports.values()) {
      flush(export);
    }
    closed.countDown();
  }

  private static void flush(NbdExport export) {
    try {
      if (export.writable()) {
        export.disk().flush();
      }
    } catch (DiskException failure) {
      LOG.log(Level.ERROR, "export '" + export.name() + "' could not be flushed", failure);
    }
  }

  /** What a server is made of. */
  public static final class Builder {
    private final List<NbdExport> exports = new ArrayList<>();
    private final List<SocketAddress> addresses = new ArrayList<>();
    private Optional<NbdTls> tls = Optional.empty();
    private NbdLimits limits = NbdLimits.DEFAULT;

    private Builder() {}

    /** Offers a disk; the last one of a name wins. */
    public Builder export(NbdExport export) {
      exports.add(export);
      return this;
    }

    /** Listens on a Unix socket or a TCP port; may be called several times. */
    public Builder listen(SocketAddress address) {
      addresses.add(address);
      return this;
    }

    /** Can encrypt, or must. */
    public Builder tls(NbdTls how) {
      tls = Optional.of(how);
      return this;
    }

    /** Other bounds than {@link NbdLimits#DEFAULT}. */
    public Builder limits(NbdLimits bounds) {
      limits = bounds;
      return this;
    }

    /**
     * Starts to listen.
     *
     * @throws DiskException REFUSED for an address that strangers can reach, IO if it is in use
     */
    public NbdServer start() {
      return new NbdServer(this);
    }
  }
}
