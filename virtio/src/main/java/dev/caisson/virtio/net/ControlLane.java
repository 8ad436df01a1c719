/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/** The control queue: how many pairs of queues the driver uses. virtio 1.2, section 5.1.6.5 */
final class ControlLane {
  private static final byte OK = 0;
  private static final byte REFUSED = 1;
  private static final int PAIRS_CLASS = 4;
  private static final int SET_PAIRS = 0;
  private static final int COMMAND = 4;

  private final DeviceQueue queue;
  private final int most;
  private final IntConsumer pairs;

  /**
   * @param most pairs the device has
   * @param pairs told how many are used from now on
   */
  ControlLane(DeviceQueue queue, int most, IntConsumer pairs) {
    this.queue = queue;
    this.most = most;
    this.pairs = pairs;
  }

  void kicked() {
    queue.serveAll(this::serve);
  }

  private long serve(Chain chain) {
    MemorySegment answer = MemorySegment.ofArray(new byte[] {obey(chain) ? OK : REFUSED});
    return chain.writable().copyFrom(answer, 0);
  }

  private boolean obey(Chain chain) {
    MemorySegment command = MemorySegment.ofArray(new byte[COMMAND]);
    if (chain.readable().copyTo(0, command) < COMMAND
        || command.get(LittleEndian.U8, 0) != PAIRS_CLASS
        || command.get(LittleEndian.U8, 1) != SET_PAIRS) {
      return false;
    }
    int wanted = Short.toUnsignedInt(command.get(LittleEndian.U16, 2));
    if (wanted < 1 || wanted > most) {
      return false;
    }
    pairs.accept(wanted);
    return true;
  }
}
