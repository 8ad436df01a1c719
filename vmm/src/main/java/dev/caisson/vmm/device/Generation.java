/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.device;

import dev.caisson.linux.io.EventCounter;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.vmm.acpi.Platform;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;

/**
 * The number of a machine's life, where a guest can read it: drawn at random for a new machine, and
 * again for each that goes on from a snapshot. A guest whose number is another one than before
 * knows that it is a clone, and draws random numbers of its own. Microsoft, "Virtual Machine
 * Generation ID"
 */
public final class Generation implements AutoCloseable {
  private static final int SIZE = 16;

  private final GuestMemory memory;
  private final EventCounter changed = EventCounter.create();

  public Generation(GuestMemory memory) {
    this.memory = memory;
  }

  /** Signalled when the number has changed. */
  public EventCounter changed() {
    return changed;
  }

  /** Draws a number: the first one, before the guest runs. */
  public void draw() {
    byte[] number = new byte[SIZE];
    new SecureRandom().nextBytes(number);
    memory.slice(Platform.GENERATION, SIZE).copyFrom(MemorySegment.ofArray(number));
  }

  /** Draws another number, and tells the guest. */
  public void drawAnew() {
    draw();
    changed.signal();
  }

  @Override
  public void close() {
    changed.close();
  }
}
