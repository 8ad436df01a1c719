/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.virtio.Features;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PackedQueueTest {
  private static final int SIZE = 5; // need not be a power of two
  private static final long DRIVER = 0x400;
  private static final long DEVICE = 0x500;
  private static final int AVAILABLE = 1 << 7;
  private static final int USED = 1 << 15;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment ram = arena.allocate(0x2000, 4096);
  private final VirtQueue queue =
      VirtQueue.open(
          GuestMemory.of(ram),
          new QueueLayout(SIZE, 0, DRIVER, DEVICE),
          Features.PACKED_RING | Features.VERSION_1 | Features.EVENT_INDEX);
  private int next;
  private boolean wrap = true;

  @AfterEach
  void free() {
    arena.close();
  }

  private void offer(int id, boolean more) {
    long at = 16L * next;
    ram.set(LittleEndian.U64, at, 0x1000);
    ram.set(LittleEndian.U32, at + 8, 32);
    ram.set(LittleEndian.U16, at + 12, (short) id);
    int flags = (wrap ? AVAILABLE : USED) | (more ? 1 : 0);
    ram.set(LittleEndian.U16, at + 14, (short) flags);
    if (++next == SIZE) {
      next = 0;
      wrap = !wrap;
    }
  }

  @Test
  void chainsGoRoundTheRingManyTimes() {
    for (int i = 0; i < 100; i++) {
      assertThat(queue.poll()).isNull();
      offer(i, true);
      offer(i, false);
      int used = (next + SIZE - 2) % SIZE;
      Chain chain = queue.poll();
      assertThat(chain).isNotNull();
      assertThat(chain.id()).isEqualTo(i);
      assertThat(chain.slots()).isEqualTo(2);
      assertThat(chain.readable().length()).isEqualTo(64);
      queue.complete(chain, 0);
      assertThat(ram.get(LittleEndian.U16, 16L * used + 12)).isEqualTo((short) i);
    }
  }

  @Test
  void aPositionContinuesWhereItWasTaken() {
    offer(1, false);
    queue.complete(queue.poll(), 0);
    offer(2, false);
    VirtQueue resumed =
        VirtQueue.open(
            GuestMemory.of(ram),
            new QueueLayout(SIZE, 0, DRIVER, DEVICE),
            Features.PACKED_RING | Features.VERSION_1,
            queue.position());
    Chain chain = resumed.poll();
    assertThat(chain).isNotNull();
    assertThat(chain.id()).isEqualTo(2);
  }
}
