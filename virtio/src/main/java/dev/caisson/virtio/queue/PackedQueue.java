/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** A packed virtqueue: descriptors, requests and answers in one ring. virtio 1.2, section 2.8 */
public final class PackedQueue implements VirtQueue {
  private static final int DESCRIPTOR = 16;
  private static final int FLAGS = 14;
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;
  private static final int AVAILABLE = 1 << 7;
  private static final int USED = 1 << 15;
  private static final int EVENTS_ENABLE = 0;
  private static final int EVENTS_DISABLE = 1;
  private static final int EVENTS_AT = 2;
  private static final int WRAP = 1 << 15;

  /** Both counters begin with 1, so that 0 is where a ring stands after one lap. */
  static final int BEGINNING = WRAP | (WRAP << 16);

  private static final VarHandle SHARED =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private final GuestMemory memory;
  private final int size;
  private final MemorySegment ring;
  private final MemorySegment driverEvent;
  private final MemorySegment deviceEvent;
  private final boolean indirectAllowed;
  private final DescriptorTable.Parts parts;
  private final boolean eventIndex;
  private int nextAvailable;
  private boolean availableWrap;
  private int nextUsed;
  private boolean usedWrap;
  private int signalledUsed;
  private boolean signalledValid;

  /**
   * @param position bits 0-14 available index, 15 its wrap counter, 16-30 used index, 31 its wrap
   *     counter, as vhost-user has it
   */
  PackedQueue(GuestMemory memory, QueueLayout layout, long features, int position) {
    layout.packed();
    this.memory = memory;
    this.size = layout.size();
    this.ring = memory.slice(layout.descriptors(), (long) DESCRIPTOR * size);
    this.driverEvent = memory.slice(layout.driver(), 4);
    this.deviceEvent = memory.slice(layout.device(), 4);
    this.parts = new DescriptorTable.Parts(memory, size);
    this.indirectAllowed = Features.has(features, Features.INDIRECT_DESCRIPTORS);
    this.eventIndex = Features.has(features, Features.EVENT_INDEX);
    this.nextAvailable = position & 0x7fff;
    this.availableWrap = (position & WRAP) != 0;
    this.nextUsed = (position >>> 16) & 0x7fff;
    this.usedWrap = position >>> 31 != 0;
    if (nextAvailable >= size || nextUsed >= size) {
      throw new VirtioException(
          VirtioException.Kind.PEER, "position 0x%x in a queue of %d".formatted(position, size));
    }
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public boolean isEmpty() {
    int flags = (short) SHARED.getAcquire(ring, (long) DESCRIPTOR * nextAvailable + FLAGS);
    boolean available = (flags & AVAILABLE) != 0;
    boolean used = (flags & USED) != 0;
    return available != availableWrap || used == availableWrap;
  }

  @Override
  public @Nullable Chain poll() {
    if (isEmpty()) {
      return null;
    }
    parts.begin();
    int slot = nextAvailable;
    for (int slots = 1; slots <= size; slots++) {
      long at = (long) DESCRIPTOR * slot;
      long address = ring.get(LittleEndian.U64, at);
      long length = Integer.toUnsignedLong(ring.get(LittleEndian.U32, at + 8));
      int id = Short.toUnsignedInt(ring.get(LittleEndian.U16, at + 12));
      int flags = Short.toUnsignedInt(ring.get(LittleEndian.U16, at + FLAGS));
      if ((flags & INDIRECT) != 0) {
        if (slots > 1 || !indirectAllowed || (flags & NEXT) != 0) {
          throw VirtioException.guest("misplaced indirect descriptor " + slot);
        }
        indirect(address, length);
      } else {
        parts.add(address, length, (flags & WRITE) != 0);
      }
      slot = slot + 1 == size ? 0 : slot + 1;
      if ((flags & NEXT) == 0) {
        advance(slots);
        return parts.chain(id, slots);
      }
    }
    throw VirtioException.guest("descriptor chain from " + nextAvailable + " fills its queue");
  }

  private void indirect(long address, long length) {
    if (length % DESCRIPTOR != 0 || length == 0) {
      throw VirtioException.guest("indirect table of " + length + " bytes");
    }
    MemorySegment table = memory.slice(address, length);
    for (long at = 0; at < length; at += DESCRIPTOR) {
      int flags = table.get(LittleEndian.U16, at + FLAGS);
      if ((flags & INDIRECT) != 0) {
        throw VirtioException.guest("indirect descriptor inside an indirect table");
      }
      parts.add(
          table.get(LittleEndian.U64, at),
          Integer.toUnsignedLong(table.get(LittleEndian.U32, at + 8)),
          (flags & WRITE) != 0);
    }
  }

  private void advance(int slots) {
    nextAvailable += slots;
    if (nextAvailable >= size) {
      nextAvailable -= size;
      availableWrap = !availableWrap;
    }
  }

  @Override
  public void putBack(Chain chain) {
    nextAvailable -= chain.slots();
    if (nextAvailable < 0) {
      nextAvailable += size;
      availableWrap = !availableWrap;
    }
  }

  @Override
  public void complete(Chain chain, long written) {
    long at = (long) DESCRIPTOR * nextUsed;
    int flags = use(chain, written);
    SHARED.setRelease(ring, at + FLAGS, (short) flags);
  }

  @Override
  public void completeAll(Chain[] chains, long[] written, int count) {
    if (count == 0) {
      return;
    }
    long first = (long) DESCRIPTOR * nextUsed;
    int flags = use(chains[0], written[0]);
    for (int i = 1; i < count; i++) {
      complete(chains[i], written[i]);
    }
    // The driver looks at the ring in order: it sees none before it sees the first.
    SHARED.setRelease(ring, first + FLAGS, (short) flags);
  }

  /** Fills the next used element but for its flags, which it answers. */
  private int use(Chain chain, long written) {
    long at = (long) DESCRIPTOR * nextUsed;
    ring.set(LittleEndian.U32, at + 8, (int) written);
    ring.set(LittleEndian.U16, at + 12, (short) chain.id());
    int mark = usedWrap ? AVAILABLE | USED : 0;
    nextUsed += chain.slots();
    if (nextUsed >= size) {
      nextUsed -= size;
      usedWrap = !usedWrap;
    }
    return written > 0 ? mark | WRITE : mark;
  }

  @Override
  public boolean wantsInterrupt() {
    VarHandle.fullFence();
    int before = signalledUsed;
    boolean first = !signalledValid;
    signalledUsed = nextUsed;
    signalledValid = true;
    int wish = (short) SHARED.getAcquire(driverEvent, 2L) & 3;
    if (wish != EVENTS_AT || !eventIndex) {
      return wish != EVENTS_DISABLE;
    }
    int event = Short.toUnsignedInt((short) SHARED.getAcquire(driverEvent, 0L));
    int at = event & 0x7fff;
    if (((event & WRAP) != 0) != usedWrap) {
      at -= size;
    }
    int passed = nextUsed - before + (nextUsed < before ? size : 0);
    int ahead = nextUsed - at - 1;
    return first || (ahead >= 0 && ahead < passed);
  }

  @Override
  public void disableKicks() {
    deviceEvent.set(LittleEndian.U16, 2, (short) EVENTS_DISABLE);
  }

  @Override
  public boolean enableKicks() {
    if (eventIndex) {
      deviceEvent.set(
          LittleEndian.U16, 0, (short) (availableWrap ? nextAvailable | WRAP : nextAvailable));
      SHARED.setRelease(deviceEvent, 2L, (short) EVENTS_AT);
    } else {
      SHARED.setRelease(deviceEvent, 2L, (short) EVENTS_ENABLE);
    }
    VarHandle.fullFence();
    return !isEmpty();
  }

  @Override
  public int position() {
    return nextAvailable
        | (availableWrap ? WRAP : 0)
        | (nextUsed << 16)
        | (usedWrap ? WRAP << 16 : 0);
  }

  @Override
  public GuestMemory memory() {
    return memory;
  }
}
