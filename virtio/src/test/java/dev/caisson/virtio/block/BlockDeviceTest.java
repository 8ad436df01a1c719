/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockDeviceTest {
  private static final long SIZE = 4 << 20;
  private static final long SECTORS = SIZE / 512;
  private static final long FLUSH = 1 << 9;

  @TempDir Path directory;
  private TestGuest guest;
  private BlockDevice device;
  private List<TestDriver> queues;

  private Disk raw() {
    Path file = directory.resolve("disk.raw");
    DiskFiles.createRaw(file, SIZE);
    return DiskFiles.open(file, DiskOptions.WRITE.withFormat(DiskFormat.RAW));
  }

  /** A chain of three files. */
  private Disk chain() {
    Path base = directory.resolve("base.qcow2");
    DiskFiles.create(base, Qcow2Format.DEFAULT, SIZE);
    try (Disk disk = DiskFiles.open(base, DiskOptions.WRITE)) {
      disk.write(0, "of the base".getBytes(StandardCharsets.UTF_8));
    }
    DiskFiles.createChild(directory.resolve("a.qcow2"), "base.qcow2", DiskFormat.QCOW2);
    DiskFiles.createChild(directory.resolve("b.qcow2"), "a.qcow2", DiskFormat.QCOW2);
    return DiskFiles.open(directory.resolve("b.qcow2"), DiskOptions.WRITE);
  }

  private void boot(Disk disk, BlockSettings settings, boolean packed) {
    guest = new TestGuest(16 << 20, packed);
    device = new BlockDevice(disk, settings);
    queues = guest.start(device, device.features(), 64);
  }

  @AfterEach
  void end() {
    if (device != null) {
      device.stop();
      device.close();
      guest.close();
    }
  }

  private static byte[] request(int type, long sector, byte... data) {
    ByteBuffer bytes = ByteBuffer.allocate(16 + data.length).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.putInt(type).putInt(0).putLong(sector).put(data).array();
  }

  private static byte[] range(long sector, int count, int flags) {
    ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.putLong(sector).putInt(count).putInt(flags).array();
  }

  /** What the device wrote; its last byte is the status. */
  private byte[] ask(int queue, byte[] request, int room) {
    queues.get(queue).offer(request, Math.max(1000, request.length / 20), room + 1);
    device.kicked(queue);
    return queues.get(queue).answer().bytes();
  }

  private int status(byte[] request, int room) {
    byte[] answer = ask(0, request, room);
    return answer[answer.length - 1];
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsWrittenIsReadThroughAChainOfFiles(boolean packed) {
    boot(chain(), BlockSettings.of("chain").withQueues(2), packed);
    assertThat(new String(ask(1, request(0, 0), 512), StandardCharsets.UTF_8))
        .startsWith("of the base");
    var data = new byte[4096];
    Arrays.fill(data, (byte) 7);
    assertThat(status(request(1, 100, data), 0)).isZero();
    assertThat(status(request(4, 0), 0)).isZero();
    byte[] read = ask(1, request(0, 99), 512 * 10);
    assertThat(read[511]).isZero();
    assertThat(Arrays.copyOfRange(read, 512, 512 * 9)).isEqualTo(data);
    assertThat(read[512 * 9]).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void spaceIsGivenBackAndZeroed(boolean packed) {
    boot(chain(), BlockSettings.of("sparse"), packed);
    var data = new byte[65536];
    Arrays.fill(data, (byte) 9);
    assertThat(status(request(1, 0, data), 0)).isZero();
    assertThat(status(request(13, 0, range(1, 1, 0)), 0)).isZero();
    byte[] read = ask(0, request(0, 0), 1024);
    assertThat(read[511]).isEqualTo((byte) 9);
    assertThat(read[512]).isZero();
    assertThat(status(request(11, 0, range(0, 128, 0)), 0)).isZero();
    assertThat(status(request(13, 0, range(0, 128, 1)), 0)).isZero();
    assertThat(ask(0, request(0, 0), 512)[0]).isZero();
  }

  @Test
  void theConfigurationTellsOfTheDisk() {
    boot(raw(), new BlockSettings("x", 4, true, 4096, 65536), false);
    MemorySegment config = guest.ram().asSlice(0, 60);
    device.readConfig(config);
    assertThat(config.get(LittleEndian.U64, 0)).isEqualTo(SECTORS);
    assertThat(config.get(LittleEndian.U32, 20)).isEqualTo(512);
    assertThat(config.get(LittleEndian.U8, 24)).isEqualTo((byte) 3);
    assertThat(config.get(LittleEndian.U32, 28)).isEqualTo(128);
    assertThat(config.get(LittleEndian.U16, 34)).isEqualTo((short) 4);
    device.writeConfig(32, new byte[] {0});
    device.readConfig(config);
    assertThat(config.get(LittleEndian.U8, 32)).isZero();
    assertThat(device.state()).containsExactly(1);
    assertThatThrownBy(() -> device.restore(new byte[2])).isInstanceOf(VirtioException.class);
  }

  @Test
  void theSerialIsTold() {
    boot(raw(), BlockSettings.of("disk-of-web"), false);
    assertThat(new String(ask(0, request(8, 0), 20), StandardCharsets.US_ASCII))
        .startsWith("disk-of-web\0");
  }

  @Test
  void aReadOnlyDiskRefusesEveryChange() {
    boot(raw(), BlockSettings.of("ro").readOnly(), false);
    assertThat(device.features() & 1 << 5).isNotZero();
    assertThat(status(request(1, 0, new byte[512]), 0)).isEqualTo(1);
    assertThat(status(request(11, 0, range(0, 1, 0)), 0)).isEqualTo(2);
    assertThat(status(request(0, 0), 512)).isZero();
  }

  @Test
  void aDriverThatCannotFlushGetsStableWrites() {
    boot(raw(), BlockSettings.of("wt"), false);
    device.stop();
    device.start(0, List.of(queues.getFirst().deviceQueue()));
    assertThat(device.state()).containsExactly(1);
    device.stop();
    device.reset();
    device.start(FLUSH, List.of(queues.getFirst().deviceQueue()));
    assertThat(device.state()).containsExactly(0);
  }

  @Test
  void line51HostileRequestsAreRefused() {
    boot(raw(), BlockSettings.of("h"), false);
    assertThat(status(request(0, SECTORS), 512)).isEqualTo(1);
    assertThat(status(request(0, SECTORS - 1), 1024)).isEqualTo(1);
    assertThat(status(request(0, -1), 512)).isEqualTo(1);
    assertThat(status(request(0, Long.MAX_VALUE), 512)).isEqualTo(1);
    assertThat(status(request(0, 0x80_0000_0000_0001L), 512)).isEqualTo(1);
    assertThat(status(request(0, 0), 511)).isEqualTo(1);
    assertThat(status(request(1, SECTORS, new byte[512]), 0)).isEqualTo(1);
    assertThat(status(request(1, 0, new byte[100]), 0)).isEqualTo(1);
    assertThat(status(request(77, 0), 0)).isEqualTo(2);
    assertThat(status(request(-1, 0), 100)).isEqualTo(2);
    assertThat(status(request(11, 0, range(0, 1, 1)), 0)).isEqualTo(2);
    assertThat(status(request(13, 0, range(0, 1, 2)), 0)).isEqualTo(2);
    assertThat(status(request(13, 0, range(0, -1, 0)), 0)).isEqualTo(1);
    assertThat(status(request(13, 0, range(SECTORS, 1, 0)), 0)).isEqualTo(1);
    assertThat(status(request(13, 0, range(-1, 1, 0)), 0)).isEqualTo(1);
    assertThat(status(request(13, 0, new byte[17]), 0)).isEqualTo(1);
    assertThat(status(request(13, 0), 0)).isEqualTo(1);
    assertThat(status(request(13, 0, new byte[16 * 65]), 0)).isEqualTo(1);
  }

  @Test
  void line51ARequestWithoutHeaderOrStatusBreaksTheDevice() {
    boot(raw(), BlockSettings.of("h"), false);
    queues.getFirst().offer(new byte[15], 1);
    assertThatThrownBy(() -> device.kicked(0))
        .isInstanceOfSatisfying(
            VirtioException.class, e -> assertThat(e.kind()).isEqualTo(VirtioException.Kind.GUEST));
    queues.getFirst().offer(request(4, 0), 0);
    assertThatThrownBy(() -> device.kicked(0)).isInstanceOf(VirtioException.class);
  }
}
