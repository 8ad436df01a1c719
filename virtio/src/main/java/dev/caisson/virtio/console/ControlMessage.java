/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.console;

import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A struct virtio_console_control, copied out of the guest's memory. virtio 1.2, section 5.3.6.2
 *
 * @param port an unsigned number the sender chose
 */
record ControlMessage(int port, int event, int value) {
  static final int SIZE = 8;
  static final int DEVICE_READY = 0;
  static final int DEVICE_ADD = 1;
  static final int PORT_READY = 3;
  static final int CONSOLE_PORT = 4;
  static final int RESIZE = 5;
  static final int PORT_OPEN = 6;
  static final int PORT_NAME = 7;

  /** Empty when there are too few bytes. */
  static Optional<ControlMessage> read(Buffers source) {
    MemorySegment copy = MemorySegment.ofArray(new byte[SIZE]);
    if (source.copyTo(0, copy) < SIZE) {
      return Optional.empty();
    }
    return Optional.of(
        new ControlMessage(
            copy.get(LittleEndian.U32, 0),
            Short.toUnsignedInt(copy.get(LittleEndian.U16, 4)),
            Short.toUnsignedInt(copy.get(LittleEndian.U16, 6))));
  }

  byte[] encode(byte[] behind) {
    var bytes = new byte[SIZE + behind.length];
    MemorySegment target = MemorySegment.ofArray(bytes);
    target.set(LittleEndian.U32, 0, port);
    target.set(LittleEndian.U16, 4, (short) event);
    target.set(LittleEndian.U16, 6, (short) value);
    System.arraycopy(behind, 0, bytes, SIZE, behind.length);
    return bytes;
  }
}
