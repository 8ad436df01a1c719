/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class NbdServerTest {
  private static final int SIZE = 4 << 20;

  @TempDir private Path folder;
  private Path socket;
  private MemoryDisk disk;
  private NbdServer server;

  @BeforeEach
  void start() {
    socket = folder.resolve("nbd.sock");
    disk = new MemoryDisk(SIZE);
    server = serve(NbdLimits.DEFAULT);
  }

  private NbdServer serve(NbdLimits limits) {
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

  private RawClient client() throws IOException {
    return new RawClient(socket);
  }

  private RawClient inUse(Option... before) throws IOException {
    var client = client().hello();
    for (var option : before) {
      assertThat(client.ask(option, new byte[0]).type()).isEqualTo(OptionReply.ACK);
    }
    assertThat(client.ask(Option.GO, RawClient.go("a")).type()).isEqualTo(OptionReply.ACK);
    return client;
  }

  /** The server must still be of use after whatever a test did to it. */
  private void assertAlive() throws IOException {
    try (var client = inUse()) {
      client.request(0, 0, 7, 0, 16);
      var reply = client.receive(32);
      assertThat(reply.getInt()).isEqualTo(Magic.SIMPLE_REPLY);
      assertThat(reply.getInt()).isZero();
      assertThat(reply.getLong()).isEqualTo(7);
    }
  }

  private static NbdError error(ByteBuffer simpleReply) {
    simpleReply.getInt();
    return NbdError.of(simpleReply.getInt());
  }

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
  void requestsOutsideTheExportGetErrors() throws IOException {
    try (var client = inUse()) {
      long[][] cases = {
        // type, offset, length, error
        {0, SIZE - 1, 2, NbdError.EINVAL.number()},
        {0, -1, 1, NbdError.EINVAL.number()},
        {0, Long.MAX_VALUE, 1, NbdError.EINVAL.number()},
        {0, 0, 0xffff_ffffL, NbdError.EINVAL.number()},
        {4, SIZE, 1, NbdError.EINVAL.number()},
        {6, 0, SIZE + 1, NbdError.ENOSPC.number()},
        {6, Long.MIN_VALUE, 0xffff_ffffL, NbdError.ENOSPC.number()},
        {7, 0, 512, NbdError.EINVAL.number()},
        {8, 0, 512, NbdError.EINVAL.number()},
        {0xffff, 0, 512, NbdError.EINVAL.number()},
        {4, SIZE, 0, 0},
        {6, 0, 0, 0},
      };
      for (long[] c : cases) {
        client.request(0, (int) c[0], 1, c[1], (int) c[2]);
        assertThat(client.receive(16).getInt(4)).as(Arrays.toString(c)).isEqualTo((int) c[3]);
      }
      client.request(0, 0, 1, 0, 0);
      assertThat(client.receive(16).getInt(4)).isZero();
      client.request(0x40, 0, 1, 0, 1);
      assertThat(error(client.receive(16))).isEqualTo(NbdError.EINVAL);
    }
  }

  @Test
  void aWritePastTheEndIsReadOverAndRefused() throws IOException {
    try (var client = inUse()) {
      client.request(0, 1, 1, SIZE - 1, 700_000); // longer than the server's buffers
      client.send(ByteBuffer.allocate(700_000).position(700_000));
      assertThat(error(client.receive(16))).isEqualTo(NbdError.ENOSPC);
      client.request(0, 1, 2, 0, 4);
      client.send(ByteBuffer.allocate(4).putInt(0x01020304));
      assertThat(client.receive(16).getInt(4)).isZero();
      assertThat(disk.read(0, 4)).containsExactly(1, 2, 3, 4);
    }
  }

  @Test
  void aWriteOfFourGigabytesEndsTheConnection() throws IOException {
    try (var client = inUse()) {
      client.request(0, 1, 1, 0, -1);
      assertThat(client.isHungUpOn()).isTrue();
    }
    assertAlive();
  }

  @Test
  void readOnlyExportsRefuseChanges() throws IOException {
    try (var client = client().hello()) {
      client.ask(Option.GO, RawClient.go(""));
      client.request(0, 1, 1, 0, 4);
      client.send(ByteBuffer.allocate(4).putInt(1));
      assertThat(error(client.receive(16))).isEqualTo(NbdError.EPERM);
      client.request(0, 6, 1, 0, 4096);
      assertThat(error(client.receive(16))).isEqualTo(NbdError.EPERM);
    }
    assertThat(disk.read(0, 4)).containsOnly(0);
  }

  @Test
  void halfARequestLeavesNoTrace() throws IOException {
    for (int length : new int[] {1, 27, 28, 100}) {
      try (var client = inUse()) {
        var message = ByteBuffer.allocate(200);
        new Request(0, 1, 1, 0, 150).write(message, false);
        message.put(new byte[172]).position(length);
        client.send(message);
      }
    }
    assertAlive();
    assertThat(disk.read(0, 150)).containsOnly(0);
  }

  @Test
  void structuredReadsTellHoles() throws IOException {
    disk.write(MemoryDisk.BLOCK, new byte[] {9});
    try (var client = inUse(Option.STRUCTURED_REPLY)) {
      client.request(0, 0, 5, 0, 3 * MemoryDisk.BLOCK);
      var hole = client.receive(32);
      assertThat(hole.getInt()).isEqualTo(Magic.STRUCTURED_REPLY);
      assertThat(hole.getInt()).isEqualTo(Chunk.OFFSET_HOLE);
      assertThat(hole.getLong()).isEqualTo(5);
      assertThat(hole.getInt(28)).isEqualTo(MemoryDisk.BLOCK);
      var data = client.receive(28 + MemoryDisk.BLOCK);
      assertThat(data.getInt(4)).isEqualTo(Chunk.OFFSET_DATA);
      assertThat(data.get(28)).isEqualTo((byte) 9);
      assertThat(client.receive(32).getInt(4)).isEqualTo(1 << 16 | Chunk.OFFSET_HOLE);
      client.request(Flags.Command.DF, 0, 6, 0, 3 * MemoryDisk.BLOCK);
      var whole = client.receive(28 + 3 * MemoryDisk.BLOCK);
      assertThat(whole.getInt(4)).isEqualTo(1 << 16 | Chunk.OFFSET_DATA);
    }
  }

  @Test
  void blockStatusAnswersEveryChosenContext() throws IOException {
    disk.write(MemoryDisk.BLOCK, new byte[] {9});
    try (var client = client().hello()) {
      client.ask(Option.STRUCTURED_REPLY, new byte[0]);
      client.option(
          Option.SET_META_CONTEXT.number(),
          RawClient.query("a", "base:allocation", "qemu:dirty-bitmap:odd", "base:", "x:y"));
      int allocation = ByteBuffer.wrap(client.answer().data()).getInt();
      int dirty = ByteBuffer.wrap(client.answer().data()).getInt();
      assertThat(client.answer().type()).isEqualTo(OptionReply.ACK);
      client.ask(Option.GO, RawClient.go("a"));
      client.request(0, 7, 1, 0, 3 * MemoryDisk.BLOCK);
      for (int id : new int[] {allocation, dirty}) {
        var chunk = client.receive(20 + 4 + 3 * 8);
        assertThat(chunk.getInt(20)).isEqualTo(id);
        for (int i = 0; i < 3; i++) {
          assertThat(chunk.getInt(24 + 8 * i)).isEqualTo(MemoryDisk.BLOCK);
          int odd = id == dirty ? Flags.DIRTY : 0;
          int even = id == dirty ? 0 : Flags.State.HOLE | Flags.State.ZERO;
          assertThat(chunk.getInt(28 + 8 * i)).isEqualTo(i == 1 ? odd : even);
        }
      }
      client.request(Flags.Command.REQ_ONE, 7, 2, 512, 1024);
      assertThat(client.receive(32).getInt(24)).isEqualTo(1024);
    }
  }

  @Test
  void contextsChosenForAnotherExportDoNotCount() throws IOException {
    try (var client = client().hello()) {
      client.ask(Option.STRUCTURED_REPLY, new byte[0]);
      client.ask(Option.SET_META_CONTEXT, RawClient.query("", "base:allocation"));
      client.ask(Option.GO, RawClient.go("a"));
      client.request(0, 7, 1, 0, 512);
      assertThat(client.receive(24).getInt(20)).isEqualTo(NbdError.EINVAL.number());
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
  void aDiskFailureIsAnErrorReplyAndTheConnectionGoesOn() throws IOException {
    disk.failingOffset = 5000;
    try (var client = inUse()) {
      client.request(0, 0, 1, 4096, 4096);
      assertThat(error(client.receive(16))).isEqualTo(NbdError.EIO);
      client.request(0, 0, 2, 0, 4096);
      assertThat(client.receive(16 + 4096).getInt(4)).isZero();
    }
  }

  @Test
  void forceUnitAccessAndFlushReachTheDisk() throws IOException {
    try (var client = inUse()) {
      client.request(Flags.Command.FUA, 1, 1, 0, 4);
      client.send(ByteBuffer.allocate(4).putInt(1));
      client.receive(16);
      assertThat(disk.flushes).hasValue(1);
      client.request(0, 3, 2, 0, 0);
      client.receive(16);
      assertThat(disk.flushes).hasValue(2);
    }
  }

  @Test
  void fastZeroesAreRefusedWhereTheyWouldBeSlow() throws IOException {
    try (var client = inUse()) {
      client.request(Flags.Command.FAST_ZERO | Flags.Command.NO_HOLE, 6, 1, 0, 4096);
      assertThat(error(client.receive(16))).isEqualTo(NbdError.ENOTSUP);
      client.request(Flags.Command.FAST_ZERO, 6, 1, 0, 4096);
      assertThat(client.receive(16).getInt(4)).isZero();
    }
  }

  @Test
  void onASlowDiskNoRequestWaitsForTheOneBefore() throws IOException {
    disk.delayMillis = 5;
    try (var client = inUse()) {
      for (int i = 0; i < 8; i++) { // The server learns that this disk makes callers wait.
        client.request(0, 0, i, 0, 512);
        client.receive(16 + 512);
      }
      disk.meeting = new CyclicBarrier(2);
      var requests = ByteBuffer.allocate(28 * 2);
      new Request(0, 0, 100, 0, 512).write(requests, false);
      new Request(0, 0, 101, 512, 512).write(requests, false);
      client.send(requests);
      long first = client.receive(16 + 512).getLong(8);
      long second = client.receive(16 + 512).getLong(8);
      assertThat(first + second).isEqualTo(201);
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
