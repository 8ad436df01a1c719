/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.dns;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;

/**
 * The name server of one network, at its gateway address over UDP and TCP. Names of workloads are
 * answered here, all others by the host's servers.
 */
public final class Resolver implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Resolver.class.getName());
  private static final int PORT = 53;
  private static final int LARGEST_QUERY = 4096;
  private static final int MOST_CONNECTIONS = 64;
  private static final int MOST_FORWARDED = 512;
  private static final int IDLE_MILLIS = 5_000;

  private final Names names;
  private final Upstream upstream;
  private final DatagramChannel datagrams;
  private final ServerSocketChannel connections;
  private final Semaphore slots = new Semaphore(MOST_CONNECTIONS);
  private final Semaphore forwarding = new Semaphore(MOST_FORWARDED);

  private Resolver(
      Names names, Upstream upstream, DatagramChannel datagrams, ServerSocketChannel connections) {
    this.names = names;
    this.upstream = upstream;
    this.datagrams = datagrams;
    this.connections = connections;
  }

  /** Where to open one: what it knows and whom it asks. */
  public record Service(NameTable table, Predicate<String> internal, Upstream upstream) {}

  /**
   * Starts serving at an address, on port 53 or, where some other server has that one, on a free
   * port. The sockets belong to the network namespace of the calling thread.
   */
  public static Resolver start(InetAddress address, Service service) throws IOException {
    try {
      return start(new InetSocketAddress(address, PORT), service);
    } catch (IOException e) {
      return start(new InetSocketAddress(address, 0), service);
    }
  }

  private static Resolver start(InetSocketAddress wanted, Service service) throws IOException {
    DatagramChannel datagrams = DatagramChannel.open();
    ServerSocketChannel connections = ServerSocketChannel.open();
    try {
      datagrams.bind(wanted);
      connections.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      connections.bind(datagrams.getLocalAddress());
    } catch (IOException e) {
      datagrams.close();
      connections.close();
      throw e;
    }
    Names names = new Names(service.table(), service.internal());
    Resolver resolver = new Resolver(names, service.upstream(), datagrams, connections);
    Thread.ofVirtual().name("dns-udp " + wanted).start(resolver::serveDatagrams);
    Thread.ofVirtual().name("dns-tcp " + wanted).start(resolver::serveConnections);
    return resolver;
  }

  /** The port it got; 53 unless that was taken. */
  public int port() {
    return datagrams.socket().getLocalPort();
  }

  @Override
  public void close() {
    try {
      datagrams.close();
      connections.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "closing a name server", e);
    }
  }

  private void serveDatagrams() {
    ByteBuffer buffer = ByteBuffer.allocate(LARGEST_QUERY);
    while (true) {
      try {
        buffer.clear();
        InetSocketAddress asker = (InetSocketAddress) datagrams.receive(buffer);
        byte[] query = new byte[buffer.flip().remaining()];
        buffer.get(query);
        answerDatagram(query, asker);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.log(Level.DEBUG, "a name query failed", e);
      }
    }
  }

  private void answerDatagram(byte[] query, InetSocketAddress asker) throws IOException {
    Optional<byte[]> own = own(query, asker.getAddress());
    if (own.isPresent()) {
      if (own.get().length > 0) {
        datagrams.send(ByteBuffer.wrap(own.get()), asker);
      }
      return;
    }
    if (!forwarding.tryAcquire()) {
      return; // the asker tries again; nothing piles up here
    }
    Thread.ofVirtual()
        .start(() -> {
          try {
            byte[] answer = upstream.askByUdp(query).orElseGet(() -> failure(query));
            datagrams.send(ByteBuffer.wrap(answer), asker);
          } catch (IOException e) {
            LOG.log(Level.DEBUG, "a name answer could not be sent", e);
          } finally {
            forwarding.release();
          }
        });
  }

  private void serveConnections() {
    while (true) {
      try {
        Socket socket = connections.accept().socket();
        if (!slots.tryAcquire()) {
          socket.close();
          continue;
        }
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.log(Level.DEBUG, "a name connection failed", e);
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setSoTimeout(IDLE_MILLIS);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      while (true) {
        byte[] query = new byte[Math.min(in.readUnsignedShort(), LARGEST_QUERY)];
        in.readFully(query);
        byte[] answer =
            own(query, socket.getInetAddress())
                .or(() -> upstream.askByTcp(query))
                .orElseGet(() -> failure(query));
        out.writeShort(answer.length);
        out.write(answer);
        out.flush();
      }
    } catch (IOException e) {
      LOG.log(Level.TRACE, "a name connection ended", e);
    } finally {
      slots.release();
    }
  }

  /** Our own answer; no bytes where none is deserved; empty where others should be asked. */
  private Optional<byte[]> own(byte[] query, InetAddress asker) {
    try {
      return names.answer(query, Question.parse(query, query.length), asker);
    } catch (Question.Refused e) {
      boolean silent = e.code() == 0;
      return Optional.of(silent ? new byte[0] : Answer.unreadable(query, e.code()));
    }
  }

  private static byte[] failure(byte[] query) {
    return Answer.unreadable(query, Answer.SERVER_FAILURE);
  }
}
