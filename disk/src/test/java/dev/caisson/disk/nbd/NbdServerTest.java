/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.client.NbdDisk;
import dev.caisson.disk.nbd.client.NbdOptions;
import dev.caisson.disk.nbd.client.NbdUri;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.Magic;
import dev.caisson.disk.nbd.protocol.MetaContext;
import dev.caisson.disk.nbd.protocol.Option;
import dev.caisson.disk.nbd.protocol.OptionReply;
import dev.caisson.disk.nbd.server.NbdExport;
import dev.caisson.disk.nbd.server.NbdLimits;
import dev.caisson.disk.nbd.server.NbdServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How clients find a server, and what it does with them. */
@Timeout(120)
class NbdServerTest extends ServedDisk {
  @Test
  void socketsAreForTheirOwnerAlone() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
  }

  @Test
  void addressesOfStrangersAreRefusedWithoutTls() {
    var builder = NbdServer.builder().listen(new InetSocketAddress("0.0.0.0", 0));
    assertThatThrownBy(builder::start)
        .isInstanceOfSatisfying(
            DiskException.class,
            refused -> assertThat(refused.kind()).isEqualTo(DiskException.Kind.REFUSED));
  }

  @Test
  void aSocketLeftByAKilledServerIsReplaced() throws IOException {
    server.close();
    try (var left =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      left.bind(UnixDomainSocketAddress.of(socket));
    }
    assertThat(socket).exists();
    server = serve(NbdLimits.DEFAULT);
    assertAlive();
  }

  @Test
  void aSocketInUseIsNotTakenAway() throws IOException {
    assertThatThrownBy(() -> serve(NbdLimits.DEFAULT)).isInstanceOf(DiskException.class);
    assertAlive();
  }

  @Test
  void exportsAreListedWithTheirDescriptions() throws IOException {
    try (var client = client().hello()) {
      client.option(Option.LIST.number(), new byte[0]);
      assertThat(client.answer().data()).containsExactly(0, 0, 0, 0);
      assertThat(new String(client.answer().data(), StandardCharsets.UTF_8))
          .isEqualTo("\0\0\0\1athe first");
      assertThat(client.answer().type()).isEqualTo(OptionReply.ACK);
    }
  }

  @Test
  void exportNameSendsZeroesUnlessToldNotTo() throws IOException {
    try (var client = client()) {
      client.receive(18);
      client.send(ByteBuffer.allocate(4).putInt(Flags.Handshake.FIXED_NEWSTYLE));
      client.option(Option.EXPORT_NAME.number(), new byte[] {'a'});
      assertThat(client.receive(134).getLong()).isEqualTo(SIZE);
    }
  }

  @Test
  void unknownExportsAndOptionsAreRefusedAndTheTalkGoesOn() throws IOException {
    try (var client = client().hello()) {
      assertThat(client.ask(Option.GO, RawClient.go("nope")).type())
          .isEqualTo(OptionReply.ERR_UNKNOWN);
      client.option(4242, new byte[] {1, 2, 3});
      assertThat(client.answer().type()).isEqualTo(OptionReply.ERR_UNSUP);
      assertThat(client.ask(Option.STARTTLS, new byte[0]).type()).isEqualTo(OptionReply.ERR_POLICY);
      assertThat(client.ask(Option.LIST, new byte[1]).type()).isEqualTo(OptionReply.ERR_INVALID);
      assertThat(
              client.ask(Option.SET_META_CONTEXT, RawClient.query("a", "base:allocation")).type())
          .isEqualTo(OptionReply.ERR_INVALID); // structured replies come first
      assertThat(client.ask(Option.GO, RawClient.go("a")).type()).isEqualTo(OptionReply.ACK);
    }
  }

  @Test
  void brokenOptionDataIsInvalid() throws IOException {
    try (var client = client().hello()) {
      byte[] good = RawClient.go("a");
      for (int length = 0; length < good.length; length++) {
        assertThat(client.ask(Option.GO, Arrays.copyOf(good, length)).type())
            .isEqualTo(OptionReply.ERR_INVALID);
      }
      for (byte[] wrong : new byte[][] {{-1, -1, -1, -1, 0, 0}, {0, 0, 0, 1, (byte) 0xff, 0, 0}}) {
        assertThat(client.ask(Option.GO, wrong).type()).isEqualTo(OptionReply.ERR_INVALID);
      }
      client.ask(Option.STRUCTURED_REPLY, new byte[0]);
      assertThat(
              client.ask(Option.LIST_META_CONTEXT, new byte[] {0, 0, 0, 0, -1, -1, -1, -1}).type())
          .isEqualTo(OptionReply.ERR_INVALID);
    }
  }

  @Test
  void wrongMagicFlagsOrHugeOptionsEndTheConnection() throws IOException {
    try (var client = client()) {
      client.receive(18);
      client.send(ByteBuffer.allocate(4).putInt(0x80));
      assertThat(client.isHungUpOn()).isTrue();
    }
    try (var client = client().hello()) {
      client.send(ByteBuffer.allocate(16).putLong(12345).putInt(1).putInt(0));
      assertThat(client.isHungUpOn()).isTrue();
    }
    try (var client = client().hello()) {
      client.send(ByteBuffer.allocate(16).putLong(Magic.OPTION).putInt(7).putInt(-1));
      assertThat(client.isHungUpOn()).isTrue();
    }
    try (var client = inUse()) {
      client.send(ByteBuffer.allocate(28).putInt(0xbad));
      client.channel.shutdownOutput();
      assertThat(client.isHungUpOn()).isTrue();
    }
    assertAlive();
  }

  @Test
  void endlessOptionsEndTheConnection() throws IOException {
    try (var client = client().hello()) {
      for (int i = 0; i < NbdLimits.OPTIONS; i++) {
        client.option(4242, new byte[0]);
        client.answer();
      }
      assertThat(client.isHungUpOn()).isTrue();
    }
  }

  @Test
  void wildcardsListContexts() throws IOException {
    try (var client = client().hello()) {
      client.ask(Option.STRUCTURED_REPLY, new byte[0]);
      client.option(Option.LIST_META_CONTEXT.number(), RawClient.query("a", "qemu:"));
      assertThat(new String(client.answer().data(), 4, 21, StandardCharsets.UTF_8))
          .isEqualTo(MetaContext.Depth.NAME);
      assertThat(new String(client.answer().data(), 4, 21, StandardCharsets.UTF_8))
          .isEqualTo("qemu:dirty-bitmap:odd");
      assertThat(client.answer().type()).isEqualTo(OptionReply.ACK);
    }
  }

  @Test
  void strangersWhoSayNothingAreSentAwayInTime() throws IOException {
    server.close();
    server = serve(NbdLimits.DEFAULT.withHandshake(Duration.ofSeconds(2)));
    try (var client = client()) {
      assertThat(client.isHungUpOn()).isTrue();
    }
    try (var client = inUse()) { // The clock stops once the export is in use.
      Thread.sleep(2500);
      client.request(0, 0, 1, 0, 1);
      assertThat(client.receive(17).getInt(4)).isZero();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aThousandUnfinishedHandshakesDoNotKeepOthersOut() throws IOException {
    server.close();
    server = serve(new NbdLimits(Duration.ofSeconds(3), 500, 600, 64 << 20, Duration.ofSeconds(5)));
    var strangers = new ArrayList<RawClient>();
    try {
      for (int i = 0; i < 1000; i++) {
        strangers.add(client());
      }
      assertAlive();
    } finally {
      for (var stranger : strangers) {
        stranger.close();
      }
    }
  }

  @Test
  void closingAnswersWhatIsUnderWayAndEndsHandshakes() throws Exception {
    disk.delayMillis = 200;
    try (var stranger = client();
        var half = client().hello();
        var client = inUse()) {
      client.request(0, 0, 1, 0, 512);
      while (disk.reads.get() == 0) {
        Thread.sleep(5);
      }
      var closing = CompletableFuture.runAsync(server::close);
      assertThat(client.receive(16 + 512).getLong(8)).isEqualTo(1);
      closing.get();
      assertThat(client.isHungUpOn()).isTrue();
      assertThat(stranger.isHungUpOn()).isTrue();
      assertThat(half.isHungUpOn()).isTrue();
      assertThat(disk.flushes).hasPositiveValue();
      assertThat(socket).doesNotExist();
    }
  }

  /** CVE-2024-7409: QEMU crashed when a client left while the server was stopping. */
  @Test
  void clientsMayComeAndGoWhileTheServerStops() throws Exception {
    for (int round = 0; round < 10; round++) {
      var comers =
          CompletableFuture.runAsync(() -> {
            try {
              for (int i = 0; i < 1000; i++) {
                client().close();
              }
            } catch (IOException stopped) {
              // That is when the server is gone.
            }
          });
      Thread.sleep(5);
      server.close();
      comers.get();
      server = serve(NbdLimits.DEFAULT);
    }
    assertAlive();
  }

  @Test
  void manyClientsSeeEachOthersWrites() throws Exception {
    var uri = NbdUri.parse("nbd+unix:///a?socket=" + socket);
    try (var one = NbdDisk.open(uri, NbdOptions.WRITE);
        var two = NbdDisk.open(uri, NbdOptions.READ)) {
      var random = new Random(3);
      for (int i = 0; i < 100; i++) {
        var piece = new byte[1 + random.nextInt(900_000)];
        random.nextBytes(piece);
        int at = random.nextInt(SIZE - piece.length);
        one.write(at, piece);
        assertThat(two.read(at, piece.length)).isEqualTo(piece);
      }
    }
  }

  @Test
  void exportsComeAndGo() throws Exception {
    server.offer(NbdExport.of("late", new MemoryDisk(512)));
    var uri = NbdUri.parse("nbd+unix:///late?socket=" + socket);
    try (var late = NbdDisk.open(uri, NbdOptions.READ)) {
      server.withdraw("late");
      assertThat(late.read(0, 512)).containsOnly(0);
    }
    assertThatThrownBy(() -> NbdDisk.open(uri, NbdOptions.READ))
        .isInstanceOfSatisfying(
            DiskException.class,
            refused -> assertThat(refused.kind()).isEqualTo(DiskException.Kind.MISSING));
  }

  @Test
  void thousandsOfRequestsInFlight() {
    var uri = NbdUri.parse("nbd+unix:///a?socket=" + socket);
    try (var client = NbdDisk.open(uri, NbdOptions.WRITE)) {
      var all = new ArrayList<CompletableFuture<Void>>();
      var buffers = new ArrayList<ByteBuffer>();
      for (int i = 0; i < 5000; i++) {
        client.writeAsync(i * 512L % SIZE, ByteBuffer.allocate(512).putInt(0, i));
        var buffer = ByteBuffer.allocate(512);
        buffers.add(buffer);
        all.add(client.readAsync(i * 512L % SIZE, buffer));
      }
      CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
      assertThat(buffers).allMatch(buffer -> !buffer.hasRemaining());
    }
  }
}
