/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.block;

import dev.caisson.disk.Disk;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.Restorable;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;

/** A disk of any format as a block device. virtio 1.2, section 5.2 */
public final class BlockDevice implements VirtioDevice, Restorable {
  private static final int QUEUE_SIZE = 256;
  private static final int HEADER_AND_STATUS = 2;
  private static final int CONFIG = 60;
  private static final int CACHE_MODE = 32;

  private final BlockSettings settings;
  private final BlockServer server;
  private volatile List<DeviceQueue> queues = List.of();
  private volatile Runnable configChanged = () -> {};

  /**
   * @param disk closed together with the device
   */
  public BlockDevice(Disk disk, BlockSettings settings) {
    this.settings = settings;
    this.server = new BlockServer(disk, settings);
  }

  @Override
  public DeviceType type() {
    return DeviceType.BLOCK;
  }

  @Override
  public long features() {
    long features =
        BlockFeatures.SEGMENT_COUNT
            | BlockFeatures.BLOCK_SIZE
            | BlockFeatures.TOPOLOGY
            | BlockFeatures.FLUSH
            | BlockFeatures.CACHE_MODE;
    features |= settings.queues() > 1 ? BlockFeatures.MULTIPLE_QUEUES : 0;
    features |= server.writable() ? 0 : BlockFeatures.READ_ONLY;
    return server.sparse()
        ? features | BlockFeatures.DISCARD | BlockFeatures.WRITE_ZEROES
        : features;
  }

  @Override
  public List<Integer> queueSizes() {
    return Collections.nCopies(settings.queues(), QUEUE_SIZE);
  }

  @Override
  public int configSize() {
    return CONFIG;
  }

  @Override
  public void readConfig(MemorySegment target) {
    target.fill((byte) 0);
    target.set(LittleEndian.U64, 0, server.sectors());
    target.set(LittleEndian.U32, 12, QUEUE_SIZE - HEADER_AND_STATUS);
    target.set(LittleEndian.U32, 20, BlockServer.SECTOR);
    int exponent = Integer.numberOfTrailingZeros(settings.physicalBlock() / BlockServer.SECTOR);
    target.set(LittleEndian.U8, 24, (byte) exponent);
    target.set(LittleEndian.U16, 26, (short) (settings.physicalBlock() / BlockServer.SECTOR));
    target.set(LittleEndian.U32, 28, settings.optimal() / BlockServer.SECTOR);
    target.set(LittleEndian.U8, CACHE_MODE, (byte) (server.writeThrough() ? 0 : 1));
    target.set(LittleEndian.U16, 34, (short) settings.queues());
    if (server.sparse()) {
      int alignment = Math.max(settings.physicalBlock(), settings.optimal());
      target.set(LittleEndian.U32, 36, BlockServer.LARGEST_RANGE);
      target.set(LittleEndian.U32, 40, BlockServer.MOST_RANGES);
      target.set(LittleEndian.U32, 44, alignment / BlockServer.SECTOR);
      target.set(LittleEndian.U32, 48, BlockServer.LARGEST_RANGE);
      target.set(LittleEndian.U32, 52, BlockServer.MOST_RANGES);
      target.set(LittleEndian.U8, 56, (byte) 1); // zeroes may free space
    }
  }

  @Override
  public void writeConfig(int offset, byte[] bytes) {
    int at = CACHE_MODE - offset;
    if (at >= 0 && at < bytes.length) {
      server.writeThrough(bytes[at] == 0);
    }
  }

  @Override
  public void onConfigChange(Runnable listener) {
    configChanged = listener;
  }

  /** The disk has another size now. */
  public void resized() {
    configChanged.run();
  }

  @Override
  public void start(long features, List<DeviceQueue> started) {
    // A driver that cannot flush takes every finished write for stable.
    if (!Features.has(features, BlockFeatures.FLUSH | BlockFeatures.CACHE_MODE)) {
      server.writeThrough(true);
    }
    queues = started;
  }

  @Override
  public void kicked(int queue) {
    List<DeviceQueue> now = queues;
    if (queue < now.size()) {
      now.get(queue).serveAll(server::serve);
    }
  }

  @Override
  public void stop() {
    queues = List.of();
  }

  @Override
  public void reset() {
    server.writeThrough(false);
  }

  @Override
  public byte[] state() {
    return new byte[] {(byte) (server.writeThrough() ? 1 : 0)};
  }

  @Override
  public void restore(byte[] state) {
    if (state.length != 1 || (state[0] & ~1) != 0) {
      throw new VirtioException(VirtioException.Kind.PEER, "state of a block device");
    }
    server.writeThrough(state[0] == 1);
  }

  @Override
  public void close() {
    server.close();
  }
}
