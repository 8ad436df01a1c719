/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.nbd.protocol.Magic;
import dev.caisson.disk.nbd.protocol.NbdError;
import dev.caisson.disk.nbd.protocol.Option;
import dev.caisson.disk.nbd.protocol.OptionReply;
import dev.caisson.disk.nbd.server.NbdExport;
import dev.caisson.disk.nbd.server.NbdLimits;
import dev.caisson.disk.nbd.server.NbdServer;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A disk of 4 MiB on a server, and clients that speak to it byte by byte. */
abstract class ServedDisk {
  static final int SIZE = 4 << 20;

  @TempDir Path folder;
  Path socket;
  MemoryDisk disk;
  NbdServer server;

  @BeforeEach
  void start() {
    socket = folder.resolve("nbd.sock");
    disk = new MemoryDisk(SIZE);
    server = serve(NbdLimits.DEFAULT);
  }

  final NbdServer serve(NbdLimits limits) {
    return NbdServer.builder()
        .export(NbdExport.of("a", disk).describedAs("the first").withBitmap("odd"))
        .export(NbdExport.of("", disk).readOnly())
        .listen(UnixDomainSocketAddress.of(socket))
        .limits(limits)
        .start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  final RawClient client() throws IOException {
    return new RawClient(socket);
  }

  final RawClient inUse(Option... before) throws IOException {
    var client = client().hello();
    for (var option : before) {
      assertThat(client.ask(option, new byte[0]).type()).isEqualTo(OptionReply.ACK);
    }
    assertThat(client.ask(Option.GO, RawClient.go("a")).type()).isEqualTo(OptionReply.ACK);
    return client;
  }

  /** The server must still be of use after whatever a test did to it. */
  final void assertAlive() throws IOException {
    try (var client = inUse()) {
      client.request(0, 0, 7, 0, 16);
      var reply = client.receive(32);
      assertThat(reply.getInt()).isEqualTo(Magic.SIMPLE_REPLY);
      assertThat(reply.getInt()).isZero();
      assertThat(reply.getLong()).isEqualTo(7);
    }
  }

  static NbdError error(ByteBuffer simpleReply) {
    simpleReply.getInt();
    return NbdError.of(simpleReply.getInt());
  }
}
