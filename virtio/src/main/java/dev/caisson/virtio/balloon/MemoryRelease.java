/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.balloon;

import dev.caisson.linux.memory.Mapping;
import java.lang.foreign.MemorySegment;

/** Gives guest memory back to the host; the guest finds zeroes there when it comes back. */
@FunctionalInterface
public interface MemoryRelease {
  /**
   * @param pages whole pages of 4 KiB that the guest does not use; the call may do nothing
   */
  void release(MemorySegment pages);

  /** For memory that is one mapping: by madvise(2). */
  static MemoryRelease of(Mapping mapping) {
    return pages -> mapping.discard(pages.address() - mapping.address(), pages.byteSize());
  }
}
