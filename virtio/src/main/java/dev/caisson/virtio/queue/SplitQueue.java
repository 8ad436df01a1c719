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

/** A split virtqueue. virtio 1.2, section 2.7 */
public final class SplitQueue implements VirtQueue {
  private static final int NO_INTERRUPT = 1;
  private static final int NO_NOTIFY = 1;
  private static final int HEADER = 4;
  private static final int USED_ELEMENT = 8;

  // The index fields are shared with running vCPUs; their addresses are aligned by QueueLayout.
  private static final VarHandle INDEX =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private final int size;
  private final MemorySegment available;
  private final MemorySegment used;
  private final DescriptorTable descriptors;
  private final boolean eventIndex;
  private short nextAvailable;
  private short nextUsed;
  private short signalledUsed;
  private boolean signalledValid;

  SplitQueue(GuestMemory memory, QueueLayout layout, long features, int position) {
    layout.split();
    this.size = layout.size();
    this.descriptors = new DescriptorTable(memory, layout, features);
    this.available = memory.slice(layout.driver(), HEADER + 2L * size + 2);
    this.used = memory.slice(layout.device(), HEADER + (long) USED_ELEMENT * size + 2);
    this.eventIndex = Features.has(features, Features.EVENT_INDEX);
    this.nextAvailable = (short) position;
    this.nextUsed = (short) INDEX.getAcquire(used, 2L);
    this.signalledUsed = nextUsed;
  }

  @Override
  public @Nullable Chain poll() {
    if (isEmpty()) {
      return null;
    }
    int head =
        Short.toUnsignedInt(
            available.get(LittleEndian.U16, HEADER + 2L * (nextAvailable & (size - 1))));
    Chain chain = descriptors.chain(head);
    nextAvailable++;
    return chain;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public boolean isEmpty() {
    int pending =
        Short.toUnsignedInt((short) ((short) INDEX.getAcquire(available, 2L) - nextAvailable));
    if (pending > size) {
      throw VirtioException.guest(
          "available index jumped by " + pending + " in a queue of " + size);
    }
    return pending == 0;
  }

  @Override
  public void complete(Chain chain, long written) {
    use(chain, written);
    INDEX.setRelease(used, 2L, nextUsed);
  }

  @Override
  public void completeAll(Chain[] chains, long[] written, int count) {
    for (int i = 0; i < count; i++) {
      use(chains[i], written[i]);
    }
    INDEX.setRelease(used, 2L, nextUsed);
  }

  private void use(Chain chain, long written) {
    long at = HEADER + (long) USED_ELEMENT * (nextUsed & (size - 1));
    used.set(LittleEndian.U32, at, chain.id());
    used.set(LittleEndian.U32, at + 4, (int) written);
    nextUsed++;
  }

  @Override
  public void putBack(Chain chain) {
    nextAvailable--;
  }

  @Override
  public boolean wantsInterrupt() {
    // Between publishing the used index and reading the guest's wish: it does the reverse.
    VarHandle.fullFence();
    if (!eventIndex) {
      return (available.get(LittleEndian.U16, 0) & NO_INTERRUPT) == 0;
    }
    short event = (short) INDEX.getAcquire(available, HEADER + 2L * size);
    short before = signalledUsed;
    boolean first = !signalledValid;
    signalledUsed = nextUsed;
    signalledValid = true;
    int ahead = Short.toUnsignedInt((short) (nextUsed - event - 1));
    return first || ahead < Short.toUnsignedInt((short) (nextUsed - before));
  }

  @Override
  public void disableKicks() {
    if (!eventIndex) {
      used.set(LittleEndian.U16, 0, (short) NO_NOTIFY);
    }
  }

  @Override
  public boolean enableKicks() {
    if (eventIndex) {
      INDEX.setRelease(used, HEADER + (long) USED_ELEMENT * size, nextAvailable);
    } else {
      used.set(LittleEndian.U16, 0, (short) 0);
    }
    VarHandle.fullFence();
    return !isEmpty();
  }

  @Override
  public int position() {
    return Short.toUnsignedInt(nextAvailable);
  }

  @Override
  public GuestMemory memory() {
    return descriptors.memory();
  }
}
