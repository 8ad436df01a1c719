/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PackedQueueTest {
  private static final int SIZE = 5; // need not be a power of two
  private static final long DRIVER = 0x400;
  private static final long DEVICE = 0x500;
  private static final int MORE = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;
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
    offer(id, 0x1000, 32, more ? MORE : 0);
  }

  private void offer(int id, long address, long length, int flags) {
    long at = 16L * next;
    descriptor(at, id, address, length, flags | (wrap ? AVAILABLE : USED));
    if (++next == SIZE) {
      next = 0;
      wrap = !wrap;
    }
  }

  private void descriptor(long at, int id, long address, long length, int flags) {
    ram.set(LittleEndian.U64, at, address);
    ram.set(LittleEndian.U32, at + 8, (int) length);
    ram.set(LittleEndian.U16, at + 12, (short) id);
    ram.set(LittleEndian.U16, at + 14, (short) flags);
  }

  /** What is offered at the ring's beginning is refused by a queue that begins there. */
  private void refused() {
    var whole =
        VirtQueue.open(
            GuestMemory.of(ram),
            new QueueLayout(SIZE, 0, DRIVER, DEVICE),
            Features.PACKED_RING | Features.VERSION_1 | Features.INDIRECT_DESCRIPTORS);
    assertThatThrownBy(whole::poll)
        .isInstanceOfSatisfying(
            VirtioException.class, e -> assertThat(e.kind()).isEqualTo(VirtioException.Kind.GUEST));
    ram.fill((byte) 0);
    next = 0;
    wrap = true;
  }

  @Test
  void line48ChainsThatFillTheRingAndGoOnAreRefused() {
    for (int i = 0; i < SIZE; i++) {
      offer(i, true);
    }
    refused();
  }

  @Test
  void line48AddressesOutsideMemoryAreRefused() {
    long[][] cases = {
      {0x2000, 1}, {0x1fff, 2}, {-1, 2}, {Long.MAX_VALUE, 16}, {0, 0xffffffffL}, {0x1000, 0}
    };
    for (long[] one : cases) {
      offer(0, one[0], one[1], 0);
      refused();
    }
  }

  @Test
  void line48WrongDirectionAndNestingAreRefused() {
    offer(0, 0x1000, 4, MORE | WRITE);
    offer(0, 0x1000, 4, 0);
    refused();
    offer(0, 0x1000, 16, INDIRECT | MORE);
    refused();
    offer(0, 0x1000, 4, MORE);
    offer(0, 0x1000, 16, INDIRECT);
    refused();
    for (long length : new long[] {0, 17, 0xfffffff0L}) {
      offer(0, 0x1000, length, INDIRECT);
      refused();
    }
    descriptor(0x1000, 0, 0x1000, 16, INDIRECT);
    offer(0, 0x1000, 16, INDIRECT);
    refused();
    for (int i = 0; i <= SIZE; i++) {
      descriptor(0x1000 + 16L * i, 0, 0x1000, 4, 0);
    }
    offer(0, 0x1000, 16 * (SIZE + 1), INDIRECT);
    refused();
    assertThat(queue.poll()).isNull();
  }

  @Test
  void line48IndirectTablesNobodyAgreedToAreRefused() {
    descriptor(0x1000, 0, 0x1000, 4, 0);
    offer(0, 0x1000, 16, INDIRECT);
    assertThatThrownBy(queue::poll).hasMessageContaining("indirect");
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

  @Test
  void aQueueThatStandsAtItsBeginningAfterOneLapGoesOnThere() {
    for (int i = 0; i < SIZE; i++) {
      offer(i, false);
      queue.complete(Objects.requireNonNull(queue.poll()), 0);
    }
    var later =
        VirtQueue.open(
            GuestMemory.of(ram),
            new QueueLayout(SIZE, 0, DRIVER, DEVICE),
            Features.PACKED_RING | Features.VERSION_1,
            queue.position());
    assertThat(later.poll()).isNull();
    offer(5, false);
    assertThat(Objects.requireNonNull(later.poll()).id()).isEqualTo(5);
  }
}
