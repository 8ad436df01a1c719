/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.driver;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.queue.LittleEndian;
import dev.caisson.virtio.queue.QueueLayout;
import dev.caisson.virtio.queue.VirtQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A driver's side of one queue, split or packed, that keeps the rules. */
public final class TestDriver {
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int AVAILABLE = 1 << 7;
  private static final int USED = 1 << 15;

  private final TestGuest guest;
  private final MemorySegment ram;
  private final int size;
  private final boolean packed;
  private final QueueLayout layout;
  private final DeviceQueue deviceQueue;
  private final AtomicInteger interrupts = new AtomicInteger();
  private final Map<Integer, Offer> offers = new HashMap<>();
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private volatile @Nullable VirtioException fault;
  private int slot;
  private boolean wrap = true;
  private int usedSlot;
  private boolean usedWrap = true;
  private short available;
  private short seen;

  private record Offer(long address, int length, int slots) {}

  /**
   * A request the device answered.
   *
   * @param bytes what it wrote
   */
  public record Answer(int id, byte[] bytes) {}

  TestDriver(TestGuest guest, int size, long features) {
    this.guest = guest;
    this.ram = guest.ram();
    this.size = size;
    this.packed = Features.has(features, Features.PACKED_RING);
    this.layout =
        new QueueLayout(
            size,
            guest.allocate(16L * size),
            guest.allocate(6 + 2L * size),
            guest.allocate(6 + 8L * size));
    this.deviceQueue =
        new DeviceQueue(
            VirtQueue.open(guest.memory(), layout, features),
            interrupts::incrementAndGet,
            broken -> fault = broken);
    for (int i = 0; i < size; i++) {
      free.add(i);
    }
  }

  public DeviceQueue deviceQueue() {
    return deviceQueue;
  }

  public QueueLayout layout() {
    return layout;
  }

  public int interrupts() {
    return interrupts.get();
  }

  /** Requests the device has not answered, or whose answers nobody took. */
  public int offers() {
    return offers.size();
  }

  /** Whether the device of a split queue without event index asks to be told of new requests. */
  public boolean wantsKick() {
    return (ram.get(LittleEndian.U16, layout.device()) & 1) == 0;
  }

  /** Why the device gave the queue up, if it did. */
  public @Nullable VirtioException fault() {
    return fault;
  }

  /** Offers bytes and room in one chain of one or two descriptors; answers the chain's number. */
  public int offer(byte[] readable, int writable) {
    return offer(readable, readable.length, writable);
  }

  /**
   * As {@link #offer(byte[], int)}, with the bytes spread over several descriptors.
   *
   * @param piece bytes in each readable descriptor
   */
  public int offer(byte[] readable, int piece, int writable) {
    long in = guest.allocate(Math.max(1, readable.length));
    MemorySegment.copy(readable, 0, ram, ValueLayout.JAVA_BYTE, in, readable.length);
    long out = guest.allocate(Math.max(1, writable));
    int count = 0;
    int pieces = readable.length == 0 ? 0 : (readable.length + piece - 1) / piece;
    int slots = pieces + (writable > 0 ? 1 : 0);
    int[] numbers = new int[slots];
    for (int i = 0; i < slots; i++) {
      numbers[i] = free.remove();
    }
    int firstSlot = slot;
    boolean firstWrap = wrap;
    for (int i = 0; i < slots; i++) {
      boolean last = i == slots - 1;
      boolean write = i >= pieces;
      long address = write ? out : in + (long) i * piece;
      long length = write ? writable : Math.min(piece, readable.length - i * piece);
      int flags = (last ? 0 : NEXT) | (write ? WRITE : 0);
      if (packed) {
        packedDescriptor(address, length, numbers[0], flags, i == 0);
      } else {
        splitDescriptor(numbers[i], address, length, flags, last ? 0 : numbers[i + 1]);
      }
      count++;
    }
    for (int i = 1; i < slots; i++) {
      if (packed) {
        free.add(numbers[i]);
      }
    }
    if (packed) {
      publish(firstSlot, firstWrap);
    } else {
      long ring = layout.driver() + 4 + 2L * (available & (size - 1));
      ram.set(LittleEndian.U16, ring, (short) numbers[0]);
      available++;
      ram.set(LittleEndian.U16, layout.driver() + 2, available);
    }
    offers.put(numbers[0], new Offer(out, writable, count));
    return numbers[0];
  }

  private void splitDescriptor(int index, long address, long length, int flags, int next) {
    long at = layout.descriptors() + 16L * index;
    ram.set(LittleEndian.U64, at, address);
    ram.set(LittleEndian.U32, at + 8, (int) length);
    ram.set(LittleEndian.U16, at + 12, (short) flags);
    ram.set(LittleEndian.U16, at + 14, (short) next);
  }

  private void packedDescriptor(long address, long length, int id, int flags, boolean hidden) {
    long at = layout.descriptors() + 16L * slot;
    ram.set(LittleEndian.U64, at, address);
    ram.set(LittleEndian.U32, at + 8, (int) length);
    ram.set(LittleEndian.U16, at + 12, (short) id);
    int mark = wrap ^ hidden ? AVAILABLE : USED;
    ram.set(LittleEndian.U16, at + 14, (short) (flags | mark));
    if (++slot == size) {
      slot = 0;
      wrap = !wrap;
    }
  }

  private void publish(int firstSlot, boolean firstWrap) {
    long at = layout.descriptors() + 16L * firstSlot + 14;
    int flags = ram.get(LittleEndian.U16, at) & (NEXT | WRITE);
    ram.set(LittleEndian.U16, at, (short) (flags | (firstWrap ? AVAILABLE : USED)));
  }

  /** The next answer, or null. */
  public @Nullable Answer answer() {
    return packed ? packedAnswer() : splitAnswer();
  }

  private @Nullable Answer splitAnswer() {
    if (ram.get(LittleEndian.U16, layout.device() + 2) == seen) {
      return null;
    }
    long at = layout.device() + 4 + 8L * (seen & (size - 1));
    seen++;
    int id = ram.get(LittleEndian.U32, at);
    int length = ram.get(LittleEndian.U32, at + 4);
    return taken(id, length, true);
  }

  private @Nullable Answer packedAnswer() {
    long at = layout.descriptors() + 16L * usedSlot;
    int flags = ram.get(LittleEndian.U16, at + 14);
    boolean mine = ((flags & AVAILABLE) != 0) == usedWrap && ((flags & USED) != 0) == usedWrap;
    if (!mine) {
      return null;
    }
    int id = Short.toUnsignedInt(ram.get(LittleEndian.U16, at + 12));
    int length = ram.get(LittleEndian.U32, at + 8);
    Offer offer = offers.get(id);
    usedSlot += offer == null ? 1 : offer.slots;
    if (usedSlot >= size) {
      usedSlot -= size;
      usedWrap = !usedWrap;
    }
    return taken(id, length, false);
  }

  private Answer taken(int id, int length, boolean chained) {
    Offer offer = offers.remove(id);
    if (offer == null || length < 0 || length > offer.length) {
      throw new AssertionError("answer " + id + " of " + length + " bytes to " + offer);
    }
    free.add(id);
    for (int i = 1, index = id; chained && i < offer.slots; i++) {
      index =
          Short.toUnsignedInt(ram.get(LittleEndian.U16, layout.descriptors() + 16L * index + 14));
      free.add(index);
    }
    return new Answer(id, ram.asSlice(offer.address, length).toArray(ValueLayout.JAVA_BYTE));
  }
}
