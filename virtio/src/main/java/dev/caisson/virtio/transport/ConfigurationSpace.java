/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A device's configuration as a register file: accesses of 1, 2, 4 or 8 bytes. What is outside
 * reads as zeroes and is not written.
 */
record ConfigurationSpace(VirtioDevice device) {

  long read(long offset, int size) {
    int known = device.configSize();
    if (outside(offset, size)) {
      return 0;
    }
    long value = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all = arena.allocate(known, 8);
      device.readConfig(all);
      for (int i = size - 1; i >= 0; i--) {
        value = (value << 8) | Byte.toUnsignedLong(all.get(LittleEndian.U8, offset + i));
      }
    }
    return value;
  }

  void write(long offset, int size, long value) {
    if (outside(offset, size)) {
      return;
    }
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    synchronized (device) {
      device.writeConfig((int) offset, bytes);
    }
  }

  private boolean outside(long offset, int size) {
    return size < 1 || size > 8 || offset < 0 || offset > device.configSize() - (long) size;
  }
}
