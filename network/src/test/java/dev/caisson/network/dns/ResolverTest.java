/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.dns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The server on a loopback address, asked over real sockets. */
class ResolverTest {
  private static final InetAddress SELF = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress SERVER = InetAddress.ofLiteral("127.53.53.53");

  private DatagramSocket upstream;
  private Resolver resolver;

  @BeforeEach
  void start() throws Exception {
    upstream = new DatagramSocket(0, SELF);
    Thread.ofVirtual().start(this::echo);
    NameTable table = new NameTable();
    Endpoint endpoint =
        new Endpoint("red", SELF, Optional.empty(), Endpoint.macOf(SELF), List.of("self"));
    table.put(new Attachment("w", List.of(endpoint), List.of()));
    InetSocketAddress above = (InetSocketAddress) upstream.getLocalSocketAddress();
    resolver =
        Resolver.start(
            SERVER,
            new Resolver.Service(table, network -> false, new Upstream(() -> List.of(above))));
  }

  @AfterEach
  void stop() {
    resolver.close();
    upstream.close();
  }

  /** A server that answers every query with itself, marked as an answer. */
  private void echo() {
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
        upstream.receive(packet);
        packet.getData()[2] |= (byte) 0x80;
        upstream.send(packet);
      }
    } catch (IOException e) {
      // closed
    }
  }

  @Test
  void ownNamesAndForwardedOnesOverUdpAndTcp() throws Exception {
    assertThat(udp(NamesTest.query("self", Question.A))).endsWith(127, 0, 0, 1);
    byte[] foreign = NamesTest.query("example.org", Question.A);
    byte[] echoed = udp(foreign);
    for (int again = 0; again < 5 && echoed.length != foreign.length; again++) {
      echoed = udp(foreign); // a busy host may drop packets, which is a failure to tell, not ours
    }
    assertThat(echoed).hasSameSizeAs(foreign);
    assertThat(tcp(NamesTest.query("self", Question.A))).endsWith(127, 0, 0, 1);
  }

  @Test
  void silentUpstreamIsAFailureNotSilence() throws Exception {
    byte[] answer = tcp(NamesTest.query("example.org", Question.A)); // nobody serves TCP above
    assertThat(answer[3] & 0xf).isEqualTo(Answer.SERVER_FAILURE);
  }

  /** Note 59: a flood of junk and of foreign names leaves the server answering. */
  @Test
  void floodLeavesTheServerAnswering() throws Exception {
    Random random = new Random(1);
    try (DatagramSocket socket = new DatagramSocket(0, SELF)) {
      InetSocketAddress server = new InetSocketAddress(SERVER, resolver.port());
      for (int i = 0; i < 5_000; i++) {
        byte[] junk = new byte[random.nextInt(100) + 1];
        random.nextBytes(junk);
        byte[] packet = i % 2 == 0 ? junk : NamesTest.query("h" + i + ".example.org", Question.A);
        socket.send(new DatagramPacket(packet, packet.length, server));
      }
    }
    assertThat(udp(NamesTest.query("self", Question.A))).endsWith(127, 0, 0, 1);
  }

  private byte[] udp(byte[] query) throws Exception {
    try (DatagramSocket socket = new DatagramSocket(0, SELF)) {
      socket.setSoTimeout(1_000);
      DatagramPacket answer = new DatagramPacket(new byte[4096], 4096);
      for (int attempt = 1; ; attempt++) {
        socket.send(
            new DatagramPacket(
                query, query.length, new InetSocketAddress(SERVER, resolver.port())));
        try {
          socket.receive(answer);
          return Arrays.copyOf(answer.getData(), answer.getLength());
        } catch (SocketTimeoutException e) {
          if (attempt == 20) {
            throw e; // as a stub resolver, it asks again before it gives up
          }
        }
      }
    }
  }

  private byte[] tcp(byte[] query) throws Exception {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(SELF, 0));
      socket.connect(new InetSocketAddress(SERVER, resolver.port()));
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.writeShort(query.length);
      out.write(query);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] answer = new byte[in.readUnsignedShort()];
      in.readFully(answer);
      return answer;
    }
  }
}
