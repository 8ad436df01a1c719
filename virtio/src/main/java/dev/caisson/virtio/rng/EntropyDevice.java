/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.rng;

import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.Chain;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.List;

/** Random bytes from the host. virtio 1.2, section 5.4 */
public final class EntropyDevice implements VirtioDevice {
  private static final int QUEUE_SIZE = 64;

  /** A larger request is answered in part: the guest's kernel asks for 64 bytes at a time. */
  private static final int MOST_BYTES = 4096;

  private final SecureRandom random;
  private volatile List<DeviceQueue> queues = List.of();

  /**
   * @param random its bytes are given to the guest as they are
   */
  public EntropyDevice(SecureRandom random) {
    this.random = random;
  }

  @Override
  public DeviceType type() {
    return DeviceType.ENTROPY;
  }

  @Override
  public long features() {
    return 0;
  }

  @Override
  public List<Integer> queueSizes() {
    return List.of(QUEUE_SIZE);
  }

  @Override
  public void start(long features, List<DeviceQueue> started) {
    queues = started;
  }

  @Override
  public void kicked(int queue) {
    List<DeviceQueue> now = queues;
    if (queue < now.size()) {
      now.get(queue).serveAll(this::fill);
    }
  }

  private long fill(Chain chain) {
    var bytes = new byte[(int) Math.min(chain.writable().length(), MOST_BYTES)];
    random.nextBytes(bytes);
    return chain.writable().copyFrom(MemorySegment.ofArray(bytes), 0);
  }

  @Override
  public void stop() {
    queues = List.of();
  }

  @Override
  public void close() {}
}
