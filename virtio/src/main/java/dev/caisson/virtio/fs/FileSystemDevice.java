/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.Restorable;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/** virtio-fs: FUSE requests of a guest, answered from directories of the host. virtio 1.2, 5.11 */
public final class FileSystemDevice implements VirtioDevice, Restorable {
  private static final int TAG = 36;
  private static final int QUEUE_SIZE = 1024;
  private static final int URGENT = 0;
  private static final long LARGE = 32 << 10; // bytes that take longer to copy than an interrupt

  private final byte[] tag;
  private final int requestQueues;
  private final FuseServer server;
  private final DeviceQueue.Server
      serving; // made once: a method reference costs as much as a request
  private final Forgotten forgotten = new Forgotten();
  private volatile List<DeviceQueue> queues = List.of();

  /**
   * @param tag what the guest mounts, 1 to 36 bytes
   * @param requestQueues queues beside the one for urgent requests, at least 1
   */
  public FileSystemDevice(String tag, int requestQueues, FuseServer server) {
    this.tag = tag.getBytes(StandardCharsets.UTF_8);
    if (this.tag.length == 0 || this.tag.length > TAG || requestQueues < 1) {
      throw new IllegalArgumentException("tag \"" + tag + "\", " + requestQueues + " queues");
    }
    this.requestQueues = requestQueues;
    this.server = server;
    this.serving = server::serve;
  }

  @Override
  public DeviceType type() {
    return DeviceType.FILE_SYSTEM;
  }

  @Override
  public long features() {
    return 0;
  }

  @Override
  public List<Integer> queueSizes() {
    return Collections.nCopies(1 + requestQueues, QUEUE_SIZE);
  }

  @Override
  public int configSize() {
    return TAG + 4;
  }

  @Override
  public void readConfig(MemorySegment target) {
    target.fill((byte) 0);
    MemorySegment.copy(tag, 0, target, LittleEndian.U8, 0, tag.length);
    target.set(LittleEndian.U32, TAG, requestQueues);
  }

  @Override
  public void start(long features, List<DeviceQueue> started) {
    queues = started;
  }

  @Override
  public void kicked(int queue) {
    List<DeviceQueue> now = queues;
    if (queue == URGENT) {
      forgotten.serve(now.get(queue), serving);
    } else {
      now.get(queue).serveAndLook(serving, LARGE);
      server.rest();
    }
  }

  @Override
  public int patience(int queue) {
    return queue == URGENT ? forgotten.patience() : -1;
  }

  @Override
  public void rested(int queue) {
    if (queue == URGENT) {
      forgotten.tell(queues.get(queue));
    }
  }

  @Override
  public void stop() {
    if (!queues.isEmpty()) {
      forgotten.tell(queues.get(URGENT));
    }
    queues = List.of(); // what the guest knows stays: another VMM stops devices to pause
  }

  /**
   * What the guest knows of its files.
   *
   * @throws dev.caisson.virtio.VirtioException HOST when it has a removed file open
   */
  @Override
  public byte[] state() {
    return server.save();
  }

  /**
   * Files are found again by their paths.
   *
   * @throws dev.caisson.virtio.VirtioException PEER when the bytes are no such state; HOST when a
   *     file the guest has open is not there any more
   */
  @Override
  public void restore(byte[] state) {
    server.restore(state);
  }

  @Override
  public void close() {
    server.close();
  }
}
