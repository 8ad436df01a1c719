/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Fuzzing;
import dev.caisson.disk.nbd.client.ClientHandshake;
import dev.caisson.disk.nbd.client.NbdDisk;
import dev.caisson.disk.nbd.client.NbdOptions;
import dev.caisson.disk.nbd.client.NbdUri;
import dev.caisson.disk.nbd.client.Pipeline;
import dev.caisson.disk.nbd.link.Inbox;
import dev.caisson.disk.nbd.link.Link;
import dev.caisson.disk.nbd.link.PlainLink;
import dev.caisson.disk.nbd.protocol.Magic;
import dev.caisson.disk.nbd.server.BufferPool;
import dev.caisson.disk.nbd.server.NbdExport;
import dev.caisson.disk.nbd.server.NbdServer;
import dev.caisson.disk.nbd.server.Negotiation;
import dev.caisson.disk.nbd.server.Serving;
import dev.caisson.disk.nbd.server.Transmission;
import dev.caisson.disk.nbd.server.Workers;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A recorded talk, with a few bytes of one side changed, played to the other side. */
@Timeout(3600)
class NbdFuzzTest {
  private static final int SIZE = 256 << 10;
  private static final NbdUri PLACE = NbdUri.parse("nbd://nowhere/x");

  @TempDir private static Path folder;
  private static byte[] client;
  private static byte[] server;
  private static Workers workers;

  @BeforeAll
  static void record() throws IOException {
    workers = new Workers("fuzz");
    var address = UnixDomainSocketAddress.of(folder.resolve("s.sock"));
    var disk = new MemoryDisk(SIZE);
    disk.write(MemoryDisk.BLOCK, new byte[] {1});
    try (var _ = NbdServer.builder().export(NbdExport.of("x", disk)).listen(address).start()) {
      var link = new RecordingLink(new PlainLink(SocketChannel.open(address)));
      use(link);
      client = link.said.toByteArray();
      server = link.heard.toByteArray();
    }
  }

  @AfterAll
  static void stop() {
    workers.close();
  }

  /** Everything a client does, in an order that is always the same. */
  private static void use(Link link) throws IOException {
    var handshake = new ClientHandshake(PLACE, link);
    var export = handshake.run(plain -> plain);
    var pipeline = new Pipeline("fuzz", link, handshake.inbox(), export, 16);
    pipeline.start();
    try (var disk = new NbdDisk("fuzz", pipeline, export, NbdOptions.WRITE)) {
      disk.read(100, 1000);
      disk.read(0, SIZE);
      disk.write(500, new byte[300]);
      disk.extent(0, SIZE);
      disk.writeZeroes(0, 4096, true);
      disk.discard(8192, 4096);
      disk.flush();
    }
  }

  private static byte[] spoilt(byte[] good, Random random) {
    byte[] bytes = good.clone();
    if (random.nextInt(6) == 0) {
      bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
    } else if (random.nextInt(4) == 0) { // Some bytes come twice, or not at all.
      int from = random.nextInt(bytes.length);
      int to = random.nextInt(bytes.length);
      System.arraycopy(bytes, from, bytes, to, bytes.length - Math.max(from, to));
    }
    int end = random.nextBoolean() ? Math.min(bytes.length, 400) : bytes.length;
    if (end > 0) {
      Fuzzing.spoil(bytes, 0, end, random);
    }
    return bytes;
  }

  @Test
  void serversSurviveAnyClient() {
    var exports = List.of(NbdExport.of("x", new MemoryDisk(SIZE)).withBitmap("odd"));
    var buffers = new BufferPool(64 << 10);
    Fuzzing.repeat(random -> {
      var link = new ScriptedLink(spoilt(client, random));
      try {
        serve(link, exports, buffers);
      } catch (IOException hungUp) {
        assertThat(hungUp.getMessage()).isNotBlank();
      }
    });
  }

  private static void serve(Link link, List<NbdExport> exports, BufferPool buffers)
      throws IOException {
    var talk = new Negotiation(link, exports, Optional.empty(), () -> false);
    var session = talk.run();
    if (session.isPresent()) {
      var inbox = new Inbox(talk.inbox(), 80 << 10);
      var serving = new Serving(workers, buffers, 1 << 20, () -> false);
      new Transmission(link, inbox, session.get(), serving).run();
    }
  }

  @Test
  void clientsSurviveAnyServer() {
    Fuzzing.repeat(random -> {
      try {
        use(new ScriptedLink(spoilt(server, random)));
      } catch (IOException | DiskException given) {
        assertThat(given.getMessage()).isNotBlank();
      }
    });
  }

  @Test
  void urisAreReadOrRefused() {
    byte[] good = "nbds+unix://host:10809/ex%20port?socket=/a&tls-certificates=/b".getBytes();
    Fuzzing.repeat(random -> {
      byte[] bytes = good.clone();
      Fuzzing.spoil(bytes, 0, bytes.length, random);
      Fuzzing.allowed(() -> NbdUri.parse(new String(bytes)).toString());
    });
  }

  @Test
  void theRecordedTalkIsARealOne() {
    assertThat(ByteBuffer.wrap(server).getLong()).isEqualTo(Magic.SERVER);
    assertThat(client.length).isGreaterThan(600);
  }
}
