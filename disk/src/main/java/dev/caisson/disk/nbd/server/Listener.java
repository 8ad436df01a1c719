/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.DiskException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** One address that a server listens on. */
final class Listener implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Listener.class.getName());

  private final ServerSocketChannel channel;
  private final SocketAddress address;
  private final Connections connections;
  private final Thread thread;

  private Listener(ServerSocketChannel channel, SocketAddress address, Connections connections) {
    this.channel = channel;
    this.address = address;
    this.connections = connections;
    this.thread =
        Thread.ofPlatform().daemon().name("nbd-listen-" + address).unstarted(this::accept);
  }

  static Listener open(SocketAddress wanted, Optional<NbdTls> tls, Connections connections) {
    try {
      if (wanted instanceof UnixDomainSocketAddress unix) {
        return openUnix(unix, connections);
      }
      refuseStrangers(wanted, tls);
      var channel = ServerSocketChannel.open();
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(wanted);
      return new Listener(channel, channel.getLocalAddress(), connections);
    } catch (IOException failure) {
      throw DiskException.io(wanted.toString(), failure);
    }
  }

  private static void refuseStrangers(SocketAddress wanted, Optional<NbdTls> tls) {
    boolean loopback =
        wanted instanceof InetSocketAddress inet
            && inet.getAddress() != null
            && inet.getAddress().isLoopbackAddress();
    boolean guarded = tls.isPresent() && tls.get().required() && tls.get().clientCertificates();
    if (!loopback && !guarded) {
      throw new DiskException(
          DiskException.Kind.REFUSED,
          wanted
              + ": others can reach this address; require TLS with client certificates, or"
              + " listen on loopback or a Unix socket");
    }
  }

  private static Listener openUnix(UnixDomainSocketAddress unix, Connections connections)
      throws IOException {
    Path path = unix.getPath();
    removeStale(unix);
    var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(unix);
    // Until this line the process's umask alone decides; keep sockets in a folder of your own.
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    return new Listener(channel, unix, connections);
  }

  /** A socket file that nobody answers on was left by a killed server. */
  private static void removeStale(UnixDomainSocketAddress unix) throws IOException {
    Path path = unix.getPath();
    if (!Files.exists(path) || Files.isRegularFile(path) || Files.isDirectory(path)) {
      return; // Whatever else stands there makes bind fail, as it should.
    }
    try {
      SocketChannel.open(unix).close();
    } catch (IOException nobodyAnswers) {
      Files.delete(path);
    }
  }

  SocketAddress address() {
    return address;
  }

  void start() {
    thread.start();
  }

  private void accept() {
    try {
      while (channel.isOpen()) {
        connections.awaitRoom();
        accept(channel);
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  private void accept(ServerSocketChannel from) throws InterruptedException {
    try {
      var client = from.accept();
      connections.start(client);
    } catch (IOException failure) {
      connections.noneCame();
      if (from.isOpen()) {
        // Out of descriptors, most likely: others must close before another try makes sense.
        LOG.log(Level.WARNING, "cannot accept on " + address, failure);
        Thread.sleep(100);
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
      thread.interrupt();
      if (address instanceof UnixDomainSocketAddress unix) {
        Files.deleteIfExists(unix.getPath());
      }
    } catch (IOException failure) {
      LOG.log(Level.WARNING, "closing " + address, failure);
    }
  }
}
