/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.balloon.BalloonDevice;
import dev.caisson.virtio.block.BlockDevice;
import dev.caisson.virtio.block.BlockSettings;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import dev.caisson.virtio.fs.Export;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.Switch;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.virtio.vsock.VsockDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Lines 48 to 52 of the security checklist, for every device and both layouts of queues. */
class HostileGuestFuzzTest {
  private static final MacAddress GUEST = MacAddress.parse("02:00:00:00:00:0a");
  private static final MacAddress PEER = MacAddress.parse("02:00:00:00:00:0b");
  private static final int ROUNDS = 60;
  private static final int MOVES = 200;

  @TempDir Path directory;
  private final List<AutoCloseable> opened = new ArrayList<>();

  /** A kind of device, by name so that failures are readable. */
  enum Kind {
    CONSOLE,
    NET,
    BLOCK,
    ENTROPY,
    BALLOON,
    VSOCK,
    FILE_SYSTEM
  }

  static Stream<Arguments> devices() {
    return Stream.of(Kind.values())
        .flatMap(kind -> Stream.of(false, true).map(packed -> Arguments.of(kind, packed)));
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  private VirtioDevice device(Kind kind) {
    return switch (kind) {
      case CONSOLE -> console();
      case NET -> net();
      case BLOCK -> block();
      case ENTROPY -> new EntropyDevice(new SecureRandom());
      case BALLOON -> new BalloonDevice(pages -> assertThat(pages.byteSize()).isPositive());
      case VSOCK -> vsock();
      case FILE_SYSTEM -> fileSystem();
    };
  }

  private VirtioDevice console() {
    ConsolePort port = ConsolePort.named("fuzz");
    pump(() -> port);
    return new ConsoleDevice(List.of(ConsolePort.console(), port));
  }

  private VirtioDevice vsock() {
    var device = new VsockDevice(3);
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try (var listener = device.listen(1)) {
            while (true) {
              listener.accept().close();
            }
          } catch (IOException | InterruptedException ended) {
            return; // the device is closed
          }
        });
    return device;
  }

  /** The host's program: writes, reads, until the device is gone. */
  private static void pump(Supplier<ByteChannel> channel) {
    for (boolean writes : new boolean[] {false, true}) {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            ByteBuffer bytes = ByteBuffer.allocate(1000);
            try {
              while (writes || channel.get().read(bytes.clear()) >= 0) {
                if (writes) {
                  channel.get().write(bytes.clear());
                }
              }
            } catch (IOException ended) {
              return; // the device is closed
            }
          });
    }
  }

  private VirtioDevice net() {
    var net = new Switch("fuzz");
    opened.add(net);
    var peer = new NetDevice(PEER, 1500, 1, net.port(PEER, Set.of()));
    var honest = new TestGuest(4 << 20, false);
    List<TestDriver> queues = honest.start(peer, 1 << 15, 64);
    for (int i = 0; i < 64; i++) {
      queues.getFirst().offer(new byte[0], 2048);
    }
    opened.add(() -> {
      peer.stop();
      peer.close();
      honest.close();
    });
    return new NetDevice(GUEST, 1500, 2, net.port(GUEST, Set.of()));
  }

  private VirtioDevice block() {
    Path file = directory.resolve("disk" + opened.size());
    DiskFiles.createRaw(file, 1 << 20);
    opened.add(() -> Files.deleteIfExists(file));
    return new BlockDevice(
        DiskFiles.open(file, DiskOptions.WRITE.withFormat(DiskFormat.RAW)),
        BlockSettings.of("fuzz").withQueues(2));
  }

  private VirtioDevice fileSystem() {
    try {
      Path share = Files.createDirectories(directory.resolve("share"));
      Files.writeString(share.resolve("file"), "content");
      Files.writeString(directory.resolve("secret"), "secret");
      var root = Directory.openFile(share, 0, OpenFlag.PATH);
      var server = new FuseServer(List.of(new Export("root", root, false, 1)), 100);
      return new FileSystemDevice("fuzz", 2, server);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a device of this kind may understand, with a wrong field now and then. */
  private static byte[] request(Kind kind, Random random) {
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    switch (kind) {
      case CONSOLE ->
          bytes.putInt(random.nextInt(3)).putShort((short) random.nextInt(8)).put((byte) 1);
      case NET -> {
        bytes
            .put((byte) random.nextInt(2))
            .put((byte) (random.nextBoolean() ? 0 : random.nextInt(6)));
        bytes.putShort((short) 54).putShort((short) random.nextInt(3)).putShort((short) 34);
        bytes.putShort((short) 16).putShort((short) 0);
        bytes.put(random.nextInt(4) == 0 ? GUEST.toBytes() : PEER.toBytes()).put(GUEST.toBytes());
        bytes.put((byte) 8).put((byte) 0).put((byte) 0x45);
      }
      case BLOCK -> bytes.putInt(random.nextInt(15)).putInt(0).putLong(random.nextInt(2100));
      case ENTROPY -> {}
      case BALLOON -> bytes.putInt(random.nextInt(300)).putInt(random.nextInt(256)).putInt(4);
      case VSOCK -> {
        bytes.putLong(3).putLong(2).putInt(random.nextInt(9)).putInt(random.nextInt(2));
        bytes.putInt(random.nextInt(4) * 8).putShort((short) 1);
        bytes
            .putShort((short) random.nextInt(9))
            .putInt(random.nextInt(4))
            .putInt(random.nextInt());
      }
      case FILE_SYSTEM -> {
        bytes.putInt(64).putInt(random.nextInt(53)).putLong(random.nextLong());
        bytes.putLong(random.nextInt(6)).putInt(0).putInt(0).putInt(0).putInt(0);
        bytes.put(
            (random.nextBoolean() ? "file\0" : "..\0x\0").getBytes(StandardCharsets.US_ASCII));
      }
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      bytes.put(random.nextInt(64), (byte) random.nextInt());
    }
    return bytes.array();
  }

  /** Seeds 0, 1, 2 and so on; as long as fuzz.seconds says, shared by all kinds and layouts. */
  private void repeat(Consumer<Random> attempt) {
    long all = Long.getLong("fuzz.seconds", 0) * 1_000_000_000L;
    long end = System.nanoTime() + all / (4L * Kind.values().length);
    for (long seed = 0; all > 0 ? System.nanoTime() < end : seed < ROUNDS; seed++) {
      try {
        attempt.accept(new Random(seed));
      } catch (Throwable wrong) {
        throw new AssertionError("seed " + seed, wrong);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void anyRingIsAnsweredOrBreaksTheDevice(Kind kind, boolean packed) throws IOException {
    var answers = new AtomicLong();
    repeat(random -> {
      try (var guest = new HostileGuest(device(kind), packed, random, own -> request(kind, own))) {
        guest.play(MOVES);
        answers.addAndGet(guest.answers());
      }
    });
    assertNothingOutside();
    assertThat(answers.get()).as("requests got past the rings").isGreaterThan(500);
  }

  @ParameterizedTest
  @MethodSource("devices")
  void line49FieldsThatChangeMeanwhileHurtNobody(Kind kind, boolean packed) throws IOException {
    repeat(random -> {
      try (var guest = new HostileGuest(device(kind), packed, random, r -> request(kind, r))) {
        var stop = new AtomicBoolean();
        var own = new Random(random.nextLong());
        Thread other = Thread.ofPlatform().start(() -> guest.meddle(own, stop::get));
        try {
          guest.play(MOVES / 4);
        } finally {
          stop.set(true);
          join(other);
        }
      }
    });
    assertNothingOutside();
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void assertNothingOutside() throws IOException {
    Path secret = directory.resolve("secret");
    if (Files.exists(secret)) {
      assertThat(secret).hasContent("secret");
    }
  }
}
