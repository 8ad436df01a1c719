/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.dns;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Passes queries on to other servers without looking into them. At most 256 are under way; more are
 * answered with a failure at once, so that a flood costs its sender alone.
 */
public final class Upstream {
  private static final int MOST_AT_ONCE = 256;
  private static final int TIMEOUT_MILLIS = 2_000;
  private static final int ATTEMPTS = 2; // as resolv.conf(5) has it
  private static final int PORT = 53;

  private final Supplier<List<InetSocketAddress>> servers;
  private final Semaphore free = new Semaphore(MOST_AT_ONCE);

  public Upstream(Supplier<List<InetSocketAddress>> servers) {
    this.servers = servers;
  }

  /** The servers in the host's resolv.conf, read each time: DHCP and VPNs change them. */
  public static List<InetSocketAddress> serversOfHost() {
    return serversIn(Path.of("/etc/resolv.conf"));
  }

  static List<InetSocketAddress> serversIn(Path file) {
    List<InetSocketAddress> found = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.strip().split("\\s+");
        if (words.length >= 2 && words[0].equals("nameserver")) {
          literal(words[1]).map(a -> new InetSocketAddress(a, PORT)).ifPresent(found::add);
        }
      }
    } catch (IOException e) {
      return List.of(); // a host without one asks nobody
    }
    return found;
  }

  /** The first server's answer over UDP, an empty one if none answers or too many are waiting. */
  Optional<byte[]> askByUdp(byte[] query) {
    return ask(server -> udp(query, server));
  }

  /** As {@link #askByUdp}, over TCP. */
  Optional<byte[]> askByTcp(byte[] query) {
    return ask(server -> tcp(query, server));
  }

  private interface Exchange {
    byte[] with(InetSocketAddress server) throws IOException;
  }

  private Optional<byte[]> ask(Exchange exchange) {
    if (!free.tryAcquire()) {
      return Optional.empty();
    }
    try {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        for (InetSocketAddress server : servers.get()) {
          try {
            return Optional.of(exchange.with(server));
          } catch (IOException e) {
            // Unreachable, silent, or our packet was dropped: the next one may answer.
          }
        }
      }
      return Optional.empty();
    } finally {
      free.release();
    }
  }

  /** A socket per query: its random port is half of what a forger would have to guess. */
  private static byte[] udp(byte[] query, InetSocketAddress server) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(server);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.send(new DatagramPacket(query, query.length));
      DatagramPacket answer = new DatagramPacket(new byte[4096], 4096);
      do {
        socket.receive(answer);
      } while (answer.getLength() < 12
          || answer.getData()[0] != query[0]
          || answer.getData()[1] != query[1]);
      return Arrays.copyOf(answer.getData(), answer.getLength());
    }
  }

  private static byte[] tcp(byte[] query, InetSocketAddress server) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.connect(server, TIMEOUT_MILLIS);
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.writeShort(query.length);
      out.write(query);
      out.flush();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] answer = new byte[in.readUnsignedShort()];
      in.readFully(answer);
      return answer;
    }
  }

  private static Optional<InetAddress> literal(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
