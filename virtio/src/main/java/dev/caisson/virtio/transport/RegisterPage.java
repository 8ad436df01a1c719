/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What a driver reads, kept as a page of memory: a host can show the guest the page itself, so that
 * only what the driver writes leaves it. Written by several threads; every register, and every
 * aligned eight bytes of the configuration space, change at once.
 */
final class RegisterPage {
  static final int CONFIGURATION = 0x100;
  private static final int MAGIC = 0x74726976; // "virt"
  private static final int VERSION = 2;
  private static final int VENDOR = 0x53494143; // "CAIS"
  private static final int FEATURES = 0x10;
  private static final int QUEUE_SIZE = 0x34;
  private static final int QUEUE_READY = 0x44;
  private static final int INTERRUPTS = 0x60;
  private static final int STATUS = 0x70;
  private static final int SHARED_MEMORY = 0xb0;
  private static final int SHARED_MEMORY_END = 0xc0;
  private static final int GENERATION = 0xfc;

  private static final VarHandle REGISTER =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment page;

  /**
   * @param page native, {@link MmioTransport#SIZE} bytes, zeroed
   */
  RegisterPage(MemorySegment page) {
    if (page.byteSize() != MmioTransport.SIZE) {
      throw new IllegalArgumentException(page.byteSize() + " bytes of registers");
    }
    this.page = page;
  }

  void identify(DeviceType type) {
    set(0x00, MAGIC);
    set(0x04, VERSION);
    set(0x08, type.number());
    set(0x0c, VENDOR);
    for (int register = SHARED_MEMORY; register < SHARED_MEMORY_END; register += 4) {
      set(register, -1); // there are no shared memory regions: their length is all ones
    }
  }

  /**
   * @param half 0 for the lower, 1 for the upper
   */
  void features(long offered, int half) {
    set(FEATURES, half == 0 ? (int) offered : half == 1 ? (int) (offered >>> 32) : 0);
  }

  void queue(int largest, boolean ready) {
    set(QUEUE_SIZE, largest);
    set(QUEUE_READY, ready ? 1 : 0);
  }

  void status(int value) {
    set(STATUS, value);
  }

  private void set(int register, int value) {
    REGISTER.setVolatile(page, (long) register, value);
  }

  int interrupts() {
    return (int) REGISTER.getVolatile(page, (long) INTERRUPTS);
  }

  void interrupts(int all) {
    set(INTERRUPTS, all);
  }

  void raise(int reason) {
    var _ = (int) REGISTER.getAndBitwiseOr(page, (long) INTERRUPTS, reason);
  }

  void clear(int reasons) {
    var _ = (int) REGISTER.getAndBitwiseAnd(page, (long) INTERRUPTS, ~reasons);
  }

  /** Takes over a device's configuration, which may be another than before. */
  synchronized void configuration(Device device, boolean changed) {
    if (changed) {
      step();
    }
    long size = (device.configSize() + 7L) & -8;
    MemorySegment words = MemorySegment.ofArray(new long[(int) size / 8]);
    device.readConfig(words.asSlice(0, device.configSize()));
    for (long at = 0; at < size; at += 8) {
      WORD.setVolatile(page, CONFIGURATION + at, words.get(ValueLayout.JAVA_LONG, at));
    }
    if (changed) {
      step(); // whoever read in between sees another number than before
    }
  }

  private void step() {
    var _ = (int) REGISTER.getAndAdd(page, (long) GENERATION, 1);
  }

  /**
   * What an access finds that does not reach the page by itself.
   *
   * @param size bytes; registers are four, the configuration space has fields of all sizes
   */
  long read(long offset, int size) {
    boolean register = offset < CONFIGURATION;
    if (size < 1 || size > 8 || offset < 0 || offset > MmioTransport.SIZE - size) {
      return 0;
    }
    if (register) {
      return size == 4 && (offset & 3) == 0
          ? Integer.toUnsignedLong((int) REGISTER.getVolatile(page, offset))
          : 0;
    }
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = (value << 8) | Byte.toUnsignedLong(page.get(LittleEndian.U8, offset + i));
    }
    return value;
  }
}
