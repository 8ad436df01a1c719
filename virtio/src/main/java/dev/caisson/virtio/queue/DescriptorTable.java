/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Walks descriptor chains of a split queue, direct and indirect. virtio 1.2, section 2.7.5 */
final class DescriptorTable {
  private static final int DESCRIPTOR = 16;
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;

  private final GuestMemory memory;
  private final MemorySegment table;
  private final int size;
  private final boolean indirectAllowed;

  DescriptorTable(GuestMemory memory, QueueLayout layout, long features) {
    this.memory = memory;
    this.size = layout.size();
    this.table = memory.slice(layout.descriptors(), (long) DESCRIPTOR * size);
    this.indirectAllowed = Features.has(features, Features.INDIRECT_DESCRIPTORS);
  }

  GuestMemory memory() {
    return memory;
  }

  Chain chain(int head) {
    var parts = new Parts(memory, size);
    MemorySegment current = table;
    int entries = size;
    int index = head;
    boolean inside = false;
    // A chain that visits more descriptors than the queue has contains a loop.
    for (int visited = 0; visited <= size; visited++) {
      if (index >= entries) {
        throw VirtioException.guest("descriptor " + index + " of " + entries);
      }
      long at = (long) DESCRIPTOR * index;
      long address = current.get(LittleEndian.U64, at);
      long length = Integer.toUnsignedLong(current.get(LittleEndian.U32, at + 8));
      int flags = Short.toUnsignedInt(current.get(LittleEndian.U16, at + 12));
      int next = Short.toUnsignedInt(current.get(LittleEndian.U16, at + 14));
      if ((flags & INDIRECT) != 0) {
        if (inside || !indirectAllowed || (flags & NEXT) != 0) {
          throw VirtioException.guest("misplaced indirect descriptor " + index);
        }
        entries = indirectEntries(length);
        current = memory.slice(address, length);
        index = 0;
        inside = true;
        continue;
      }
      parts.add(address, length, (flags & WRITE) != 0);
      if ((flags & NEXT) == 0) {
        return parts.chain(head, 1);
      }
      index = next;
    }
    throw VirtioException.guest("descriptor chain from " + head + " is longer than its queue");
  }

  private int indirectEntries(long length) {
    long entries = length / DESCRIPTOR;
    if (length % DESCRIPTOR != 0 || entries == 0 || entries > QueueLayout.LARGEST) {
      throw VirtioException.guest("indirect table of " + length + " bytes");
    }
    return (int) entries;
  }

  /** Collects the buffers of one chain; readable ones come first. */
  static final class Parts {
    private final GuestMemory memory;
    private final int limit;
    private MemorySegment[] parts = new MemorySegment[4];
    private int count;
    private int readable;

    /**
     * @param limit the most buffers a chain may have
     */
    Parts(GuestMemory memory, int limit) {
      this.memory = memory;
      this.limit = limit;
    }

    void add(long address, long length, boolean writable) {
      if (length == 0) {
        throw VirtioException.guest("descriptor of no bytes");
      }
      if (count == limit) {
        throw VirtioException.guest("descriptor chain of more than " + limit + " buffers");
      }
      if (!writable && count > readable) {
        throw VirtioException.guest("readable descriptor behind a writable one");
      }
      if (count == parts.length) {
        parts = Arrays.copyOf(parts, count * 2);
      }
      parts[count++] = memory.slice(address, length);
      if (!writable) {
        readable = count;
      }
    }

    Chain chain(int id, int slots) {
      Buffers in = readable == 0 ? Buffers.NONE : new Buffers(parts, readable);
      Buffers out =
          readable == count
              ? Buffers.NONE
              : new Buffers(Arrays.copyOfRange(parts, readable, count), count - readable);
      return new Chain(id, slots, in, out);
    }
  }
}
