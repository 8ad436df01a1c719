/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Line numbers of hostile cases are those of the security checklist: 48 to 50. */
class SplitQueueTest {
  private static final int SIZE = 8;
  private static final long TABLE = 0;
  private static final long AVAILABLE = 0x400;
  private static final long USED = 0x800;
  private static final long BUFFERS = 0x1000;
  private static final long INDIRECT_TABLE = 0x3000;
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment ram = arena.allocate(0x4000, 4096);
  private final GuestMemory memory = GuestMemory.of(ram);
  private final QueueLayout layout = new QueueLayout(SIZE, TABLE, AVAILABLE, USED);

  @AfterEach
  void free() {
    arena.close();
  }

  private VirtQueue queue(long features) {
    return VirtQueue.open(memory, layout, features | Features.VERSION_1);
  }

  private void descriptor(long table, int index, long address, long length, int flags, int next) {
    long at = table + 16L * index;
    ram.set(LittleEndian.U64, at, address);
    ram.set(LittleEndian.U32, at + 8, (int) length);
    ram.set(LittleEndian.U16, at + 12, (short) flags);
    ram.set(LittleEndian.U16, at + 14, (short) next);
  }

  private void offer(int... heads) {
    int index = Short.toUnsignedInt(ram.get(LittleEndian.U16, AVAILABLE + 2));
    for (int head : heads) {
      ram.set(LittleEndian.U16, AVAILABLE + 4 + 2L * (index++ & (SIZE - 1)), (short) head);
    }
    ram.set(LittleEndian.U16, AVAILABLE + 2, (short) index);
  }

  private static void refused(Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            VirtioException.class, e -> assertThat(e.kind()).isEqualTo(VirtioException.Kind.GUEST));
  }

  @Test
  void aChainIsReadableThenWritable() {
    descriptor(TABLE, 0, BUFFERS, 16, NEXT, 1);
    descriptor(TABLE, 1, BUFFERS + 16, 8, NEXT | WRITE, 2);
    descriptor(TABLE, 2, BUFFERS + 24, 8, WRITE, 0);
    offer(0);
    VirtQueue queue = queue(0);
    Chain chain = queue.poll();
    assertThat(chain).isNotNull();
    assertThat(chain.readable().length()).isEqualTo(16);
    assertThat(chain.writable().length()).isEqualTo(16);
    assertThat(queue.poll()).isNull();
    queue.complete(chain, 5);
    assertThat(ram.get(LittleEndian.U16, USED + 2)).isEqualTo((short) 1);
    assertThat(ram.get(LittleEndian.U32, USED + 8)).isEqualTo(5);
    assertThat(queue.wantsInterrupt()).isTrue();
  }

  @Test
  void anIndirectChainIsFollowedOnce() {
    descriptor(TABLE, 3, INDIRECT_TABLE, 32, INDIRECT, 0);
    descriptor(INDIRECT_TABLE, 0, BUFFERS, 4, NEXT, 1);
    descriptor(INDIRECT_TABLE, 1, BUFFERS, 4, WRITE, 0);
    offer(3);
    Chain chain = queue(Features.INDIRECT_DESCRIPTORS).poll();
    assertThat(chain).isNotNull();
    assertThat(chain.id()).isEqualTo(3);
    assertThat(chain.readable().length()).isEqualTo(4);
  }

  @Test
  void interruptsAreSuppressedAsTheDriverAsks() {
    VirtQueue queue = queue(0);
    ram.set(LittleEndian.U16, AVAILABLE, (short) 1);
    assertThat(queue.wantsInterrupt()).isFalse();
  }

  @Test
  void eventIndexAsksForOneInterruptAtThatPosition() {
    for (int i = 0; i < 4; i++) {
      descriptor(TABLE, i, BUFFERS, 4, 0, 0);
    }
    offer(0, 1, 2, 3);
    VirtQueue queue = queue(Features.EVENT_INDEX);
    queue.wantsInterrupt();
    ram.set(LittleEndian.U16, AVAILABLE + 4 + 2L * SIZE, (short) 2); // tell me of the third
    for (int i = 0; i < 4; i++) {
      queue.complete(queue.poll(), 0);
      assertThat(queue.wantsInterrupt()).isEqualTo(i == 2);
    }
  }

  @Test
  void kicksAreAskedForAtTheNextPosition() {
    VirtQueue queue = queue(Features.EVENT_INDEX);
    assertThat(queue.enableKicks()).isFalse();
    descriptor(TABLE, 0, BUFFERS, 4, 0, 0);
    offer(0);
    assertThat(queue.enableKicks()).isTrue();
  }

  @Test
  void line48LoopsAreRefused() {
    descriptor(TABLE, 0, BUFFERS, 4, NEXT, 1);
    descriptor(TABLE, 1, BUFFERS, 4, NEXT, 0);
    offer(0);
    refused(() -> queue(0).poll());
  }

  @Test
  void line48AddressesOutsideMemoryAreRefused() {
    long[][] cases = {
      {0x4000, 1}, {0x3fff, 2}, {-1, 2}, {Long.MAX_VALUE, 16}, {0, 0xffffffffL}, {BUFFERS, 0}
    };
    for (long[] oneCase : cases) {
      descriptor(TABLE, 0, oneCase[0], oneCase[1], 0, 0);
      ram.set(LittleEndian.U16, AVAILABLE + 2, (short) 0);
      offer(0);
      refused(() -> queue(0).poll());
    }
  }

  @Test
  void line48WrongDirectionNextAndNestingAreRefused() {
    descriptor(TABLE, 0, BUFFERS, 4, NEXT | WRITE, 1);
    descriptor(TABLE, 1, BUFFERS, 4, 0, 0);
    descriptor(TABLE, 2, BUFFERS, 4, NEXT, SIZE);
    descriptor(TABLE, 3, INDIRECT_TABLE, 16, INDIRECT, 0);
    descriptor(INDIRECT_TABLE, 0, INDIRECT_TABLE, 16, INDIRECT, 0);
    descriptor(TABLE, 4, INDIRECT_TABLE, 17, INDIRECT, 0);
    descriptor(TABLE, 5, INDIRECT_TABLE, 0xfffffff0L, INDIRECT, 0);
    for (int head : new int[] {0, 2, 3, 4, 5, SIZE, 0xffff}) {
      ram.set(LittleEndian.U16, AVAILABLE + 2, (short) 0);
      offer(head);
      refused(() -> queue(Features.INDIRECT_DESCRIPTORS).poll());
    }
    ram.set(LittleEndian.U16, AVAILABLE + 2, (short) 0);
    offer(3);
    refused(() -> queue(0).poll());
  }

  @Test
  void line49AnIndexJumpIsRefused() {
    VirtQueue queue = queue(0);
    ram.set(LittleEndian.U16, AVAILABLE + 2, (short) (SIZE + 1));
    refused(queue::poll);
  }

  @Test
  void line50SizesAndAddressesAreChecked() {
    for (int size : new int[] {0, 3, 65535, -1, 32769}) {
      refused(() ->
          VirtQueue.open(
              memory, new QueueLayout(size, TABLE, AVAILABLE, USED), Features.VERSION_1));
    }
    refused(() -> VirtQueue.open(memory, new QueueLayout(8, 8, AVAILABLE, USED), 0));
    refused(() -> VirtQueue.open(memory, new QueueLayout(8, 0, AVAILABLE + 1, USED), 0));
    refused(() -> VirtQueue.open(memory, new QueueLayout(8, 0, AVAILABLE, USED + 2), 0));
    refused(() -> VirtQueue.open(memory, new QueueLayout(8, 0, AVAILABLE, 0x4000), 0));
    refused(() -> VirtQueue.open(memory, new QueueLayout(32768, 0, AVAILABLE, USED), 0));
  }

  @Test
  void whateverTheGuestWritesTheAnswerIsAChainInsideMemoryOrARefusal() {
    var random = new Random(7);
    long features = Features.INDIRECT_DESCRIPTORS | Features.EVENT_INDEX;
    int chains = 0;
    for (int round = 0; round < 20_000; round++) {
      boolean packed = random.nextBoolean();
      scribble(random);
      try {
        VirtQueue queue = queue(packed ? features | Features.PACKED_RING : features);
        for (int i = 0; i < 4; i++) {
          Chain chain = queue.poll();
          if (chain == null) {
            break;
          }
          chains++;
          chain.writable().zero(0);
          queue.complete(chain, chain.writable().length());
          queue.wantsInterrupt();
          queue.enableKicks();
        }
      } catch (VirtioException e) {
        assertThat(e.kind()).isEqualTo(VirtioException.Kind.GUEST);
      }
    }
    assertThat(chains).isGreaterThan(1000);
  }

  private void scribble(Random random) {
    for (int i = 0; i < SIZE; i++) {
      long address = random.nextInt(10) == 0 ? random.nextLong() : random.nextInt(0x4000);
      long length = random.nextInt(10) == 0 ? random.nextInt() : random.nextInt(64);
      int flags = random.nextInt(8) | (random.nextBoolean() ? 0x80 : 0);
      descriptor(TABLE, i, address, length, flags, flags);
      descriptor(TABLE, i, address, length, flags, random.nextInt(SIZE + 1));
      if (random.nextBoolean()) {
        ram.set(LittleEndian.U16, TABLE + 16L * i + 14, (short) (0x80 | random.nextInt(8)));
      }
      ram.set(LittleEndian.U16, AVAILABLE + 4 + 2L * i, (short) random.nextInt(SIZE));
    }
    ram.set(LittleEndian.U16, AVAILABLE + 2, (short) random.nextInt(SIZE + 2));
    ram.set(LittleEndian.U16, USED + 2, (short) 0);
  }

  @Test
  void line48OneBlockOfMemoryNamedAgainAndAgainIsRefused() {
    try (Mapping large = Mapping.anonymous(2L << 30)) {
      MemorySegment bytes = large.bytes();
      for (int i = 0; i < 3; i++) {
        bytes.set(LittleEndian.U64, TABLE + 16L * i, 0);
        bytes.set(LittleEndian.U32, TABLE + 16L * i + 8, (int) (2L << 30));
        bytes.set(LittleEndian.U16, TABLE + 16L * i + 12, (short) (i < 2 ? NEXT | WRITE : WRITE));
        bytes.set(LittleEndian.U16, TABLE + 16L * i + 14, (short) (i + 1));
      }
      bytes.set(LittleEndian.U16, AVAILABLE + 2, (short) 1);
      var queue = VirtQueue.open(GuestMemory.of(bytes), layout, Features.VERSION_1);
      refused(queue::poll);
    }
  }
}
