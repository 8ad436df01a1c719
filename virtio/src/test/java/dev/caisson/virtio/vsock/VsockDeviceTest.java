/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vsock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import dev.caisson.virtio.queue.Buffers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VsockDeviceTest {
  private static final long AWAITED_NANOS = 60_000_000_000L;
  private static final long CID = 42;
  private static final int PORT = 5000;
  private static final int ROOM = 64 << 10;

  private final VsockDevice device = new VsockDevice(CID);
  private TestGuest guest;
  private List<TestDriver> queues;

  private void boot(boolean packed) {
    guest = new TestGuest(32 << 20, packed);
    queues = guest.start(device, 0, 64);
    room(20);
  }

  private void room(int count) {
    for (int i = 0; i < count; i++) {
      queues.get(0).offer(new byte[0], 4096);
    }
    device.kicked(0);
  }

  @AfterEach
  void end() {
    device.stop();
    device.close();
    guest.close();
  }

  private void send(long from, long to, int guestPort, int hostPort, int operation, byte... data) {
    send(new Packet(from, to, guestPort, hostPort, data.length, 1, operation, 0, ROOM, 0), data);
  }

  private void send(Packet packet, byte... data) {
    byte[] bytes = Arrays.copyOf(packet.encode(), Packet.SIZE + data.length);
    System.arraycopy(data, 0, bytes, Packet.SIZE, data.length);
    queues.get(1).offer(bytes, 0);
    device.kicked(1);
    queues.get(1).answer();
  }

  private void send(int guestPort, int hostPort, int operation, byte... data) {
    send(CID, 2, guestPort, hostPort, operation, data);
  }

  private Packet heard() {
    var answer = queues.get(0).answer();
    return answer == null
        ? null
        : Packet.read(Buffers.of(MemorySegment.ofArray(answer.bytes()))).orElseThrow();
  }

  private Packet await() throws InterruptedException {
    Packet packet = heard();
    long end = System.nanoTime() + AWAITED_NANOS;
    while (packet == null && System.nanoTime() < end) {
      Thread.sleep(2);
      packet = heard();
    }
    return packet;
  }

  private static <T> CompletableFuture<T> later(Callable<T> work) {
    return CompletableFuture.supplyAsync(() -> {
      try {
        return work.call();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theHostOpensAStream(boolean packed) throws Exception {
    boot(packed);
    var opening = later(() -> device.connect(PORT, Duration.ofSeconds(120)));
    Packet request = await();
    assertThat(request.operation()).isEqualTo(Packet.REQUEST);
    assertThat(request.toCid()).isEqualTo(CID);
    send(PORT, request.fromPort(), Packet.RESPONSE);
    VsockStream stream = opening.get(120, TimeUnit.SECONDS);
    stream.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    Packet data = await();
    assertThat(data.operation()).isEqualTo(Packet.DATA);
    assertThat(data.length()).isEqualTo(3);
    send(PORT, request.fromPort(), Packet.DATA, (byte) 9, (byte) 8);
    ByteBuffer read = ByteBuffer.allocate(10);
    assertThat(stream.read(read)).isEqualTo(2);
    stream.endOutput();
    assertThat(await().flags()).isEqualTo(2);
    stream.close();
    assertThat(await().flags()).isEqualTo(3);
    send(PORT, request.fromPort(), Packet.RESET);
    assertThat(heard()).as("a reset is not answered").isNull();
    assertThatThrownBy(() -> stream.read(read)).isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theGuestOpensAStream(boolean packed) throws Exception {
    boot(packed);
    send(7, PORT, Packet.REQUEST);
    assertThat(heard().operation()).as("nobody listens").isEqualTo(Packet.RESET);
    try (VsockListener listener = device.listen(PORT)) {
      send(7, PORT, Packet.REQUEST);
      assertThat(heard().operation()).isEqualTo(Packet.RESPONSE);
      VsockStream stream = listener.accept();
      assertThat(stream.guestPort()).isEqualTo(7);
      send(7, PORT, Packet.DATA, (byte) 5);
      send(new Packet(CID, 2, 7, PORT, 0, 1, Packet.SHUTDOWN, 3, ROOM, 0));
      assertThat(heard().operation()).isEqualTo(Packet.RESET);
      assertThat(stream.read(ByteBuffer.allocate(4))).isEqualTo(1);
      assertThat(stream.read(ByteBuffer.allocate(4))).isEqualTo(-1);
      assertThatThrownBy(() -> stream.write(ByteBuffer.allocate(1)))
          .isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nobodyAnswersIsARefusal(boolean packed) throws Exception {
    boot(packed);
    assertThatThrownBy(() -> device.connect(1, Duration.ofMillis(50)))
        .isInstanceOf(ConnectException.class);
    var opening = later(() -> device.connect(2, Duration.ofSeconds(120)));
    Packet request = await();
    while (request == null || request.toPort() != 2) {
      request = await();
    }
    send(2, request.fromPort(), Packet.RESET);
    assertThatThrownBy(opening::get).rootCause().isInstanceOf(ConnectException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void creditHoldsAWriterBack(boolean packed) throws Exception {
    boot(packed);
    VsockListener listener = device.listen(PORT);
    send(new Packet(CID, 2, 7, PORT, 0, 1, Packet.REQUEST, 0, 100, 0));
    heard();
    VsockStream stream = listener.accept();
    var writing = later(() -> stream.write(ByteBuffer.allocate(250)));
    assertThat(await().length()).isEqualTo(100);
    Thread.sleep(50);
    assertThat(heard()).isNull();
    send(new Packet(CID, 2, 7, PORT, 0, 1, Packet.CREDIT_UPDATE, 0, 100, 100));
    assertThat(await().length()).isEqualTo(100);
    send(new Packet(CID, 2, 7, PORT, 0, 1, Packet.CREDIT_UPDATE, 0, 1000, 200));
    assertThat(writing.get(120, TimeUnit.SECONDS)).isEqualTo(250);
    assertThat(await().length()).isEqualTo(50);
    send(new Packet(CID, 2, 7, PORT, 0, 1, Packet.CREDIT_REQUEST, 0, 100, 250));
    assertThat(heard().operation()).isEqualTo(Packet.CREDIT_UPDATE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readingGivesTheGuestRoomAgain(boolean packed) throws Exception {
    boot(packed);
    VsockListener listener = device.listen(PORT);
    send(7, PORT, Packet.REQUEST);
    heard();
    VsockStream stream = listener.accept();
    send(7, PORT, Packet.DATA, new byte[40_000]);
    assertThat(stream.read(ByteBuffer.allocate(40_000))).isEqualTo(40_000);
    Packet update = await();
    assertThat(update.operation()).isEqualTo(Packet.CREDIT_UPDATE);
    assertThat(update.forwarded()).isEqualTo(40_000);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void line51MoreThanThereIsRoomForBreaksTheStream(boolean packed) throws Exception {
    boot(packed);
    VsockListener listener = device.listen(PORT);
    send(7, PORT, Packet.REQUEST);
    heard();
    VsockStream stream = listener.accept();
    send(7, PORT, Packet.DATA, new byte[ROOM]);
    assertThat(heard()).isNull();
    send(7, PORT, Packet.DATA, new byte[1]);
    assertThat(heard().operation()).isEqualTo(Packet.RESET);
    assertThat(stream.read(ByteBuffer.allocate(ROOM))).isEqualTo(ROOM);
    assertThat(stream.read(ByteBuffer.allocate(1))).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void line51ForgedNumbersAreDropped(boolean packed) {
    boot(packed);
    device.listen(PORT);
    send(CID + 1, 2, 7, PORT, Packet.REQUEST);
    send(2, 2, 7, PORT, Packet.REQUEST);
    send(CID, 3, 7, PORT, Packet.REQUEST);
    send(CID | 1L << 32, 2, 7, PORT, Packet.REQUEST);
    assertThat(heard()).isNull();
    assertThat(device.forged()).isEqualTo(4);
    send(new Packet(CID, 2, 7, PORT, 5, 1, Packet.DATA, 0, 0, 0)); // longer than it is
    send(new Packet(CID, 2, 7, PORT, -1, 1, Packet.DATA, 0, 0, 0));
    assertThat(heard()).isNull();
    send(new Packet(CID, 2, 7, PORT, 0, 9, Packet.REQUEST, 0, 0, 0));
    assertThat(heard().operation()).isEqualTo(Packet.RESET);
    for (int operation : new int[] {0, 2, 4, 5, 6, 7, 8, 0xffff}) {
      send(7, PORT, operation);
      assertThat(heard().operation()).isEqualTo(Packet.RESET);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void line51OpenedStreamsThatNobodyTakesAreFew(boolean packed) {
    boot(packed);
    device.listen(PORT);
    int answered = 0;
    for (int i = 0; i < 100_000 && queues.get(1).offers() < 60; i++) {
      send(i, PORT, Packet.REQUEST);
      if (i % 16 == 0 && i < 2000) {
        while (heard() != null) {
          answered++;
        }
        room(16);
      }
    }
    assertThat(answered).isGreaterThan(128);
    assertThat(queues.get(1).offers()).as("answers owed stop the guest").isEqualTo(60);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRestoredGuestIsToldThatStreamsAreGone(boolean packed) {
    boot(packed);
    device.stop();
    device.restore(device.state());
    device.start(0, queues.stream().map(TestDriver::deviceQueue).toList());
    queues.get(2).offer(new byte[0], 8);
    device.kicked(2);
    assertThat(queues.get(2).answer().bytes()).hasSize(4);
  }
}
