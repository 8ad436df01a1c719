/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import dev.caisson.virtio.Features;
import org.jspecify.annotations.Nullable;

/**
 * The device's side of one virtqueue. Used by one thread at a time.
 *
 * <p>Whatever the guest writes there, a method either answers or throws a {@code VirtioException}
 * of kind GUEST; it reads each field once and never leaves the guest's memory.
 */
public sealed interface VirtQueue permits SplitQueue, PackedQueue {

  /** The ring the driver negotiated. */
  static VirtQueue open(GuestMemory memory, QueueLayout layout, long features) {
    return open(memory, layout, features, beginning(features));
  }

  /** Where a queue stands that nobody has used yet. virtio 1.2, section 2.8.1 */
  static int beginning(long features) {
    return Features.has(features, Features.PACKED_RING) ? PackedQueue.BEGINNING : 0;
  }

  /**
   * As {@link #open(GuestMemory, QueueLayout, long)}, going on where another back end or a snapshot
   * stopped.
   *
   * @param position as {@link #position} gave it
   */
  static VirtQueue open(GuestMemory memory, QueueLayout layout, long features, int position) {
    return Features.has(features, Features.PACKED_RING)
        ? new PackedQueue(memory, layout, features, position)
        : new SplitQueue(memory, layout, features, position);
  }

  /** The next request, or null when the guest has offered no other. */
  @Nullable Chain poll();

  /** Descriptors the ring has room for. */
  int size();

  /** Whether {@link #poll} would answer a request. */
  boolean isEmpty();

  /**
   * Hands a chain back.
   *
   * @param written bytes the device put at the front of the writable part
   */
  void complete(Chain chain, long written);

  /**
   * Hands several chains back, in the order they were polled; the guest sees all of them or none,
   * as it must where one packet fills several buffers. virtio 1.2, section 5.1.6.4
   *
   * @param written bytes at the front of each chain's writable part
   * @param count how many of both arrays
   */
  void completeAll(Chain[] chains, long[] written, int count);

  /** Takes back the last polled chain, which the device has not touched. */
  void putBack(Chain chain);

  /** Whether the guest asked to be told of what was completed since the last such question. */
  boolean wantsInterrupt();

  /** Tells the guest that kicks are not needed for now: the device looks by itself. */
  void disableKicks();

  /**
   * Asks the guest for a kick with its next request.
   *
   * @return true when a request came meanwhile: look once more before sleeping
   */
  boolean enableKicks();

  /** Where the device stands, for a hand-over or a snapshot. */
  int position();

  /** The memory that descriptors of this queue name. */
  GuestMemory memory();
}
