/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.block.BlockDevice;
import dev.caisson.virtio.block.BlockSettings;
import dev.caisson.virtio.device.ForeignDevice;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.fs.Export;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.queue.GuestMemory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The VMM's side of vhost-user: against our own back end, and against ones that lie. */
@Timeout(120)
class VhostUserDeviceTest {
  private static final int REPLY = 5;
  private static final Duration SHORT = Duration.ofMillis(300);

  @TempDir Path directory;

  private VhostUserServer disk() {
    Path file = directory.resolve("disk");
    DiskFiles.createRaw(file, 1 << 20);
    var disk = DiskFiles.open(file, DiskOptions.WRITE.withFormat(DiskFormat.RAW));
    return new VhostUserServer(
        directory.resolve("socket"), new BlockDevice(disk, BlockSettings.of("v").withQueues(2)));
  }

  private UnixSocket connected() {
    return UnixSocket.connect(directory.resolve("socket"), SocketKind.STREAM);
  }

  private static byte[] request(int type, long sector, byte... data) {
    ByteBuffer bytes = FrontEnd.bytes(16 + data.length);
    return bytes.putInt(type).putInt(0).putLong(sector).put(data).array();
  }

  private static byte[] answer(
      DrivenDevice driven, TestDriver queue, int index, byte[] request, int room) {
    queue.offer(request, room + 1);
    driven.kick(index);
    return driven.awaited(queue).bytes();
  }

  @Test
  void aDiskOfAnotherProcessIsReadAndWrittenAgainAfterAReset() {
    try (VhostUserServer server = disk();
        var driven = new DrivenDevice(VhostUserDevice.block(connected()))) {
      assertThat(driven.transport.read(0x100, 8)).isEqualTo(2048);
      for (byte round = 1; round <= 3; round++) {
        driven.begin();
        TestDriver first = driven.queue(0, 16);
        TestDriver second = driven.queue(1, 32);
        driven.ready();
        var data = new byte[512];
        data[5] = round;
        assertThat(answer(driven, first, 0, request(1, 3, data), 0)).containsExactly(0);
        assertThat(answer(driven, second, 1, request(0, 3), 512)[5]).isEqualTo(round);
        assertThat(driven.transport.read(0x60, 4)).isEqualTo(1);
      }
      assertThat(driven.transport.faults()).isZero();
      assertThat(server).isNotNull();
    }
  }

  @Test
  void filesOfAnotherProcessAnswer() {
    Export export = new Export("root", Directory.openFile(directory, 0, OpenFlag.PATH), true, 1);
    var files = new FileSystemDevice("tree", 1, new FuseServer(List.of(export), 100));
    try (var server = new VhostUserServer(directory.resolve("socket"), files);
        var driven = new DrivenDevice(VhostUserDevice.files(connected(), "tree", 1))) {
      assertThat(driven.transport.read(0x100, 4)).isEqualTo(0x65657274);
      ByteBuffer answer = driven.greetedFiles();
      assertThat(answer.getInt(4)).isZero();
      assertThat(answer.getLong(8)).isEqualTo(DrivenDevice.GREETING);
      assertThat(answer.getInt(16)).isEqualTo(7);
      assertThat(server).isNotNull();
    }
  }

  @Test
  void aBackEndThatGoesBreaksTheDeviceForGood() throws Exception {
    VhostUserServer server = disk();
    try (var driven = new DrivenDevice(VhostUserDevice.block(connected()))) {
      TestDriver queue = driven.running();
      assertThat(answer(driven, queue, 0, request(4, 0), 0)).containsExactly(0);
      server.close();
      assertThat(driven.broken()).isTrue();
      driven.running();
      assertThat(driven.broken()).isTrue();
      driven.write(0x70, 0);
      assertThat(driven.status()).isZero();
    }
  }

  @Test
  void aGuestAtFaultIsTold() throws Exception {
    try (VhostUserServer server = disk();
        var driven = new DrivenDevice(VhostUserDevice.block(connected()))) {
      TestDriver queue = driven.running();
      queue.offer(new byte[3], 1);
      driven.kick(0);
      assertThat(driven.broken()).isTrue();
      TestDriver again = driven.running();
      assertThat(answer(driven, again, 0, request(4, 0), 0)).containsExactly(0);
      assertThat(server).isNotNull();
    }
  }

  @Test
  void aBackEndHearsOfMemoryAndQueuesBeforeItIsToServe() {
    try (var back = new ScriptedBackEnd(message -> null);
        var driven = new DrivenDevice(VhostUserDevice.files(back.front, "t", 1))) {
      back.heard.clear();
      driven.running();
      driven.write(0x70, 0);
      List<Integer> order = back.heard.stream().map(VhostMessage::request).toList();
      assertThat(order)
          .containsExactly(
              VhostMessage.SET_FEATURES,
              VhostMessage.SET_MEMORY_TABLE,
              VhostMessage.SET_VRING_SIZE,
              VhostMessage.SET_VRING_BASE,
              VhostMessage.SET_VRING_ADDRESS,
              VhostMessage.SET_VRING_CALL,
              VhostMessage.SET_VRING_ERROR,
              VhostMessage.SET_VRING_KICK,
              VhostMessage.SET_VRING_ENABLE,
              VhostMessage.GET_FEATURES,
              VhostMessage.SET_VRING_ENABLE,
              VhostMessage.GET_VRING_BASE);
      VhostMessage memory = back.heard.get(1);
      assertThat(memory.descriptors()).hasSize(1);
      assertThat(memory.u64(16)).isEqualTo(4 << 20);
      assertThat(back.heard.get(4).u64(8) - memory.u64(24)).isBetween(0L, 4L << 20);
    }
  }

  @Test
  void aNetworkCardOffersWhatNeedsNoControlQueue() {
    MacAddress mac = MacAddress.parse("02:00:00:00:00:07");
    ScriptedBackEnd.Script all =
        message ->
            message.request() == VhostMessage.GET_FEATURES
                ? ScriptedBackEnd.message(
                    message.request(), REPLY, FrontEnd.bytes(8).putLong(-1).array())
                : null;
    try (var back = new ScriptedBackEnd(all);
        VhostUserDevice card = VhostUserDevice.network(back.front, mac, 1400)) {
      assertThat(card.queueSizes()).hasSize(2);
      assertThat(card.features() & 0xff_ffff).isEqualTo(0xfffb);
      assertThat(card.configSize()).isEqualTo(12);
    }
  }

  /** Each of these is wrong in one place. */
  private static List<ScriptedBackEnd.Script> liars() {
    return List.of(
        wrong(VhostMessage.GET_FEATURES, 1, new byte[8]), // not marked as a reply
        wrong(VhostMessage.GET_FEATURES, REPLY, new byte[4]),
        wrong(VhostMessage.GET_FEATURES, REPLY, new byte[8]), // nothing of virtio 1
        wrong(VhostMessage.GET_FEATURES, 7, new byte[8]), // version 3
        wrong(VhostMessage.GET_PROTOCOL_FEATURES, REPLY, new byte[0]),
        wrong(VhostMessage.GET_PROTOCOL_FEATURES, REPLY, new byte[8]), // no configuration
        wrong(VhostMessage.GET_CONFIG, REPLY, new byte[0]), // how back ends say no
        wrong(VhostMessage.GET_CONFIG, REPLY, new byte[71]),
        wrong(VhostMessage.GET_QUEUE_COUNT, REPLY, new byte[8]),
        message -> ScriptedBackEnd.message(99, REPLY, new byte[8]),
        message -> FrontEnd.bytes(12).putInt(1).putInt(REPLY).putInt(-1).array(),
        message -> FrontEnd.bytes(12).putInt(1).putInt(REPLY).putInt(5000).array(),
        message -> new byte[0]); // silent
  }

  private static ScriptedBackEnd.Script wrong(int request, int flags, byte[] payload) {
    return message ->
        message.request() == request ? ScriptedBackEnd.message(request, flags, payload) : null;
  }

  @Test
  void aBackEndThatLiesOrIsSilentAtFirstIsRefused() {
    for (ScriptedBackEnd.Script liar : liars()) {
      try (var back = new ScriptedBackEnd(liar)) {
        assertThatThrownBy(() -> VhostUserDevice.block(back.front, SHORT).close())
            .isInstanceOfSatisfying(
                VirtioException.class,
                e -> assertThat(e.kind()).isEqualTo(VirtioException.Kind.PEER));
      }
    }
  }

  /** What it says once it has the queues: nothing, no, too much, or that it is gone. */
  @Test
  void aBackEndThatLiesLaterBreaksTheDevice() throws Exception {
    for (int lie = 0; lie < 4; lie++) {
      int chosen = lie;
      ScriptedBackEnd.Script script =
          message -> {
            if (message.request() != VhostMessage.SET_MEMORY_TABLE) {
              return null;
            }
            return switch (chosen) {
              case 0 -> new byte[0];
              case 1 ->
                  ScriptedBackEnd.message(
                      message.request(),
                      REPLY,
                      (byte) 1,
                      (byte) 0,
                      (byte) 0,
                      (byte) 0,
                      (byte) 0,
                      (byte) 0,
                      (byte) 0,
                      (byte) 0);
              case 2 -> new byte[3000];
              default -> ScriptedBackEnd.message(VhostMessage.GET_CONFIG, REPLY, new byte[72]);
            };
          };
      try (var back = new ScriptedBackEnd(script);
          var driven = new DrivenDevice(VhostUserDevice.block(back.front, SHORT))) {
        driven.running();
        assertThat(driven.broken()).isTrue();
      }
    }
    try (var back = new ScriptedBackEnd(message -> null);
        var driven = new DrivenDevice(VhostUserDevice.block(back.front, SHORT))) {
      driven.running();
      back.vanish();
      assertThat(driven.broken()).isTrue();
    }
  }

  @Test
  void anyAnswersAtAllEndInARefusalOrABrokenDevice() {
    var random = new Random(7);
    for (int round = 0; round < 60; round++) {
      ScriptedBackEnd.Script noise =
          message -> {
            if (random.nextInt(3) != 0) {
              return null;
            }
            var payload = new byte[random.nextInt(100)];
            random.nextBytes(payload);
            int request = random.nextBoolean() ? message.request() : random.nextInt(40);
            return ScriptedBackEnd.message(request, random.nextInt(8), payload);
          };
      try (var back = new ScriptedBackEnd(noise);
          var driven = new DrivenDevice(VhostUserDevice.block(back.front, SHORT))) {
        driven.running();
        driven.write(0x70, 0);
        assertThat(driven.status() & ~64).isZero();
      } catch (VirtioException refused) {
        assertThat(refused.kind()).isEqualTo(VirtioException.Kind.PEER);
      }
    }
  }

  @Test
  void memoryThatNobodyElseCanMapIsRefused() {
    try (var back = new ScriptedBackEnd(message -> null);
        VhostUserDevice device = VhostUserDevice.files(back.front, "t", 1);
        var mapping = Mapping.anonymous(1 << 20)) {
      var memory = GuestMemory.of(mapping.bytes());
      try (var line = EventCounter.create()) {
        var driven = new ForeignDevice.Driven(0, memory, List.of(), line, fault -> {});
        assertThatThrownBy(() -> device.start(driven)).hasMessageContaining("can be shared");
      }
    }
  }
}
