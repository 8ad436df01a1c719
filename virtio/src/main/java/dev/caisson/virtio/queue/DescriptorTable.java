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
  private final Parts parts;
  private long[] copy = new long[16];
  private MemorySegment copyAsMemory = MemorySegment.ofArray(copy);

  DescriptorTable(GuestMemory memory, QueueLayout layout, long features) {
    this.memory = memory;
    this.size = layout.size();
    this.table = memory.slice(layout.descriptors(), (long) DESCRIPTOR * size);
    this.parts = new Parts(memory, size);
    this.indirectAllowed = Features.has(features, Features.INDIRECT_DESCRIPTORS);
  }

  GuestMemory memory() {
    return memory;
  }

  Chain chain(int head) {
    parts.begin();
    MemorySegment current = table;
    int entries = size;
    int index = head;
    boolean inside = false;
    boolean copied = false;
    // A chain that visits more descriptors than the queue has contains a loop.
    for (int visited = 0; visited <= size; visited++) {
      if (index >= entries) {
        throw VirtioException.guest("descriptor " + index + " of " + entries);
      }
      long at = (long) DESCRIPTOR * index;
      long address = copied ? copy[2 * index] : current.get(LittleEndian.U64, at);
      // length, flags and next, read once
      long rest = copied ? copy[2 * index + 1] : current.get(LittleEndian.U64, at + 8);
      long length = rest & 0xffff_ffffL;
      int flags = (int) (rest >>> 32) & 0xffff;
      int next = (int) (rest >>> 48);
      if ((flags & INDIRECT) != 0) {
        if (inside || !indirectAllowed || (flags & NEXT) != 0) {
          throw VirtioException.guest("misplaced indirect descriptor " + index);
        }
        entries = indirectEntries(length);
        current = memory.slice(address, length);
        copied = copied(current, entries);
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

  /** Takes a table over at once, as every driver's is that is no larger than its queue. */
  private boolean copied(MemorySegment indirect, int entries) {
    if (entries > size) {
      return false;
    }
    if (copy.length < 2 * entries) {
      copy = new long[2 * Math.min(size, Math.max(entries, copy.length))];
      copyAsMemory = MemorySegment.ofArray(copy);
    }
    // Between segments: a copy into an array looks for the array's type each time.
    MemorySegment.copy(indirect, 0, copyAsMemory, 0, (long) DESCRIPTOR * entries);
    return true;
  }

  private int indirectEntries(long length) {
    long entries = length / DESCRIPTOR;
    if (length % DESCRIPTOR != 0 || entries == 0 || entries > QueueLayout.LARGEST) {
      throw VirtioException.guest("indirect table of " + length + " bytes");
    }
    return (int) entries;
  }

  /**
   * Collects the buffers of one chain after the other; readable ones come first. Neighbours in
   * memory become one buffer: where descriptors end says nothing. virtio 1.2, section 2.7.4
   */
  static final class Parts {
    /** No driver may offer more at once. virtio 1.2, section 2.7.4 */
    private static final long LONGEST_CHAIN = 1L << 32;

    private final GuestMemory memory;
    private final int limit;
    private long[] addresses = new long[8];
    private long[] lengths = new long[8];
    private int[] regions = new int[8];
    private int descriptors;
    private int count;
    private int readable;
    private long total;

    /**
     * @param limit the most descriptors a chain may have
     */
    Parts(GuestMemory memory, int limit) {
      this.memory = memory;
      this.limit = limit;
    }

    void begin() {
      descriptors = 0;
      count = 0;
      readable = 0;
      total = 0;
    }

    void add(long address, long length, boolean writable) {
      if (length == 0) {
        throw VirtioException.guest("descriptor of no bytes");
      }
      if (descriptors++ == limit) {
        throw VirtioException.guest("descriptor chain of more than " + limit + " buffers");
      }
      total += length; // the same memory named again and again would keep a device for hours
      if (total > LONGEST_CHAIN) {
        throw VirtioException.guest("descriptor chain of more than 4 GiB");
      }
      if (!writable && count > readable) {
        throw VirtioException.guest("readable descriptor behind a writable one");
      }
      int region = memory.regionOf(address, length);
      if (!joined(region, address, length, writable)) {
        append(region, address, length);
      }
      if (!writable) {
        readable = count;
      }
    }

    private boolean joined(int region, long address, long length, boolean writable) {
      int last = count - 1;
      boolean neighbour =
          count > (writable ? readable : 0)
              && regions[last] == region
              && addresses[last] + lengths[last] == address;
      if (neighbour) {
        lengths[last] += length;
      }
      return neighbour;
    }

    private void append(int region, long address, long length) {
      if (count == addresses.length) {
        addresses = Arrays.copyOf(addresses, count * 2);
        lengths = Arrays.copyOf(lengths, count * 2);
        regions = Arrays.copyOf(regions, count * 2);
      }
      addresses[count] = address;
      lengths[count] = length;
      regions[count++] = region;
    }

    Chain chain(int id, int slots) {
      var bases = new MemorySegment[count];
      var starts = new long[count];
      for (int i = 0; i < count; i++) {
        bases[i] = memory.bytes(regions[i]);
        starts[i] = memory.offset(regions[i], addresses[i]);
      }
      long[] sizes = Arrays.copyOf(lengths, count);
      return new Chain(
          id,
          slots,
          buffers(bases, starts, sizes, 0, readable),
          buffers(bases, starts, sizes, readable, count));
    }

    private static Buffers buffers(
        MemorySegment[] bases, long[] starts, long[] sizes, int from, int to) {
      return from == to ? Buffers.NONE : new Buffers(bases, starts, sizes, from, to - from);
    }
  }
}
