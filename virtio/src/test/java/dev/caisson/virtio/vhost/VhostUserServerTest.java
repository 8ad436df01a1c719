/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.block.BlockDevice;
import dev.caisson.virtio.block.BlockSettings;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.queue.LittleEndian;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VhostUserServerTest {
  private static final long SIZE = 8 << 20;
  private static final long FEATURES = Features.VERSION_1 | 1L << 30 | 1L << 9;

  @TempDir Path directory;
  private Path path;
  private VhostUserServer server;

  @BeforeEach
  void serve() {
    Path file = directory.resolve("disk");
    DiskFiles.createRaw(file, 1 << 20);
    path = directory.resolve("socket");
    var disk = DiskFiles.open(file, DiskOptions.WRITE.withFormat(DiskFormat.RAW));
    server = new VhostUserServer(path, new BlockDevice(disk, BlockSettings.of("v").withQueues(2)));
  }

  @AfterEach
  void end() {
    server.close();
  }

  private FrontEnd connected(boolean packed) {
    var front = new FrontEnd(path, SIZE, packed);
    greet(front, packed);
    return front;
  }

  private static void greet(FrontEnd front, boolean packed) {
    assertThat(front.ask(VhostMessage.GET_FEATURES) & FEATURES).isEqualTo(FEATURES);
    long protocol = front.ask(VhostMessage.GET_PROTOCOL_FEATURES);
    front.send(VhostMessage.SET_PROTOCOL_FEATURES, FrontEnd.bytes(8).putLong(protocol).array());
    assertThat(front.ask(VhostMessage.GET_QUEUE_COUNT)).isEqualTo(2);
    long features = packed ? FEATURES | Features.PACKED_RING : FEATURES;
    front.send(VhostMessage.SET_FEATURES, FrontEnd.bytes(8).putLong(features).array());
    front.tellMemory();
  }

  private static byte[] request(int type, long sector, byte... data) {
    ByteBuffer bytes = FrontEnd.bytes(16 + data.length);
    return bytes.putInt(type).putInt(0).putLong(sector).put(data).array();
  }

  private static byte[] answer(
      FrontEnd front, TestDriver queue, int index, byte[] request, int room) {
    queue.offer(request, room + 1);
    front.kick(index);
    assertThat(FrontEnd.raised(front.calls.get(index))).isTrue();
    return queue.answer().bytes();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void severalQueuesServeOneDisk(boolean packed) {
    try (FrontEnd front = connected(packed)) {
      TestDriver first = front.queue(0, 16, 0, 0);
      TestDriver second = front.queue(1, 16, 0, 0);
      var data = new byte[512];
      data[5] = 77;
      assertThat(answer(front, first, 0, request(1, 3, data), 0)).containsExactly(0);
      byte[] read = answer(front, second, 1, request(0, 3), 512);
      assertThat(read[5]).isEqualTo((byte) 77);
    }
  }

  @Test
  void theConfigurationIsReadAndWritten() {
    try (FrontEnd front = connected(false)) {
      byte[] ask = FrontEnd.bytes(12 + 60).putInt(0).putInt(60).array();
      front.send(VhostMessage.GET_CONFIG, ask);
      ByteBuffer config = front.receive();
      assertThat(config.getLong(12)).isEqualTo(2048);
      assertThat(config.get(12 + 32)).isEqualTo((byte) 1);
      byte[] change = FrontEnd.bytes(13).putInt(32).putInt(1).putInt(0).put((byte) 0).array();
      front.send(VhostMessage.SET_CONFIG, change);
      front.send(VhostMessage.GET_CONFIG, ask);
      assertThat(front.receive().get(12 + 32)).isZero();
      front.send(VhostMessage.RESET_DEVICE, new byte[0]);
      front.send(VhostMessage.GET_CONFIG, ask);
      assertThat(front.receive().get(12 + 32)).isEqualTo((byte) 1);
      byte[] wrong = FrontEnd.bytes(12).putInt(200).putInt(100).array();
      front.send(VhostMessage.GET_CONFIG, wrong);
      assertThat(front.receive().remaining()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aQueueGoesOnAfterItWasStoppedAndAfterANewConnection(boolean packed) {
    try (FrontEnd front = connected(packed)) {
      TestDriver queue = front.queue(0, 16, 0, 0);
      for (int i = 0; i < 20; i++) {
        assertThat(answer(front, queue, 0, request(4, 0), 0)).containsExactly(0);
      }
      front.send(VhostMessage.GET_VRING_BASE, FrontEnd.bytes(8).putInt(0).array());
      int base = front.receive().getInt(4);
      queue.offer(request(4, 0), 1); // offered while nobody serves
      front.reconnect(path);
      greet(front, packed);
      front.attach(0, 16, queue, base);
      assertThat(FrontEnd.raised(front.calls.get(0))).isTrue();
      assertThat(queue.answer().bytes()).containsExactly(0);
    }
  }

  @Test
  void aGuestAtFaultIsTold() {
    try (FrontEnd front = connected(false)) {
      TestDriver queue = front.queue(0, 16, 0, 0);
      queue.offer(new byte[3], 1);
      front.kick(0);
      assertThat(FrontEnd.raised(front.errors.get(0))).isTrue();
    }
  }

  @Test
  void memoryCannotShrinkOnceItIsServed() {
    try (FrontEnd front = connected(false)) {
      TestDriver queue = front.queue(0, 16, 0, 0);
      assertThat(answer(front, queue, 0, request(4, 0), 0)).containsExactly(0);
      assertThat(front.shrink()).isEqualTo(-Errno.EPERM.number());
      assertThat(answer(front, queue, 0, request(4, 0), 0)).containsExactly(0);
    }
  }

  @Test
  void memoryThatCanShrinkOrEndsEarlyIsRefused() {
    Path file = directory.resolve("memory");
    Fd plain = Directory.openFile(file, 0600, OpenFlag.CREATE, OpenFlag.READ_WRITE);
    try (FrontEnd front = new FrontEnd(path, plain, SIZE, false)) {
      front.tellMemory();
      assertThat(front.receive().hasRemaining()).isFalse();
    }
    try (FrontEnd front = new FrontEnd(path, SIZE, false)) {
      ByteBuffer table = FrontEnd.bytes(40).putInt(1).putInt(0).putLong(0).putLong(2 * SIZE);
      front.sendMemory(VhostMessage.SET_MEMORY_TABLE, table.array());
      assertThat(front.receive().hasRemaining()).isFalse();
    }
    connected(false).close();
  }

  @Test
  void descriptorsThatNoMessageNeedsAreClosed() throws IOException {
    try (FrontEnd front = connected(false)) {
      long before = descriptors();
      for (int i = 0; i < 500; i++) {
        front.sendMemory(VhostMessage.SET_OWNER, new byte[0]);
        front.sendMemory(VhostMessage.SET_VRING_KICK, FrontEnd.bytes(8).putLong(0x100).array());
        front.sendMemory(77, new byte[0]);
      }
      assertThat(front.ask(VhostMessage.GET_QUEUE_COUNT)).isEqualTo(2);
      assertThat(descriptors()).isLessThan(before + 100); // others of this process come and go
    }
  }

  @Test
  void whatIsNoCounterAndWhatWasNotOfferedEndsTheConnection() {
    List<Consumer<FrontEnd>> attacks =
        List.of(
            front ->
                front.sendMemory(VhostMessage.SET_VRING_CALL, FrontEnd.bytes(8).putLong(0).array()),
            front -> front.send(VhostMessage.GET_CONFIG, FrontEnd.bytes(8).array()),
            front ->
                front.send(VhostMessage.SET_FEATURES, FrontEnd.bytes(8).putLong(1L << 40).array()));
    for (Consumer<FrontEnd> attack : attacks) {
      try (FrontEnd front = connected(false)) {
        attack.accept(front);
        assertThat(front.receive().hasRemaining()).isFalse();
      }
    }
    connected(false).close();
  }

  @Test
  void aPeerThatBreaksTheProtocolIsCutOffAndAnotherServed() {
    byte[][] hostile = {
      FrontEnd.bytes(12).putInt(1).putInt(7).putInt(0).array(), // version
      FrontEnd.bytes(12).putInt(1).putInt(1).putInt(-1).array(), // size
      FrontEnd.bytes(12).putInt(1).putInt(1).putInt(5000).array(),
      FrontEnd.bytes(12).putInt(VhostMessage.SET_VRING_SIZE).putInt(1).putInt(0).array(),
      FrontEnd.bytes(20).putInt(VhostMessage.SET_VRING_SIZE).putInt(1).putInt(8).putInt(-1).array(),
      FrontEnd.bytes(20).putInt(VhostMessage.SET_VRING_KICK).putInt(1).putInt(8).array(),
      FrontEnd.bytes(20).putInt(VhostMessage.SET_MEMORY_TABLE).putInt(1).putInt(8).array(),
      FrontEnd.bytes(20).putInt(VhostMessage.SET_BACKEND_CHANNEL).putInt(1).putInt(8).array()
    };
    for (byte[] message : hostile) {
      try (FrontEnd front = new FrontEnd(path, SIZE, false)) {
        front.sendRaw(message);
        assertThat(front.receive().hasRemaining()).isFalse();
      }
    }
    connected(false).close();
  }

  @Test
  @Timeout(900)
  void anyMessagesWithDescriptorsLeaveTheServerServingAndNothingOpen() throws IOException {
    long seconds = Long.getLong("fuzz.seconds", 0);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds / 4);
    connected(false).close();
    long before = descriptors();
    for (long seed = 0; seconds > 0 ? System.nanoTime() < end : seed < 20; seed++) {
      var random = new Random(seed);
      try (FrontEnd front = new FrontEnd(path, SIZE, random.nextBoolean())) {
        for (int i = 0; i < 40; i++) {
          front.anything(random);
        }
      } catch (LinuxException | IllegalStateException cutOff) {
        continue;
      }
    }
    connected(false).close();
    assertThat(descriptors()).isLessThan(before + 30); // others of this process come and go
  }

  private static long descriptors() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  @Test
  void anyMessagesAtAllLeaveTheServerServing() {
    var random = new Random(3);
    for (int round = 0; round < 30; round++) {
      try (FrontEnd front = new FrontEnd(path, SIZE, false)) {
        for (int i = 0; i < 20; i++) {
          var payload = new byte[random.nextInt(48)];
          random.nextBytes(payload);
          if (payload.length >= 8 && random.nextBoolean()) {
            MemorySegment.ofArray(payload).set(LittleEndian.U64, 0, random.nextInt(4));
          }
          front.send(1 + random.nextInt(40), payload);
        }
      } catch (LinuxException cutOff) {
        continue;
      }
    }
    connected(false).close();
  }
}
