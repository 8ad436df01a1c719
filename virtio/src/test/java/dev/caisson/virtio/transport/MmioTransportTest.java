/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Registers and their order: line 50 of the security checklist, and virtio 1.2, section 4.2. */
@Timeout(30)
class MmioTransportTest {
  private static final int STATUS = 0x70;
  private static final int READY = 0x44;
  private static final int NEEDS_RESET = 64;

  private final Mapping memory = Mapping.anonymous(1 << 20);
  private final AtomicInteger interrupts = new AtomicInteger();
  private final EventCounter line = EventCounter.create();
  private final Echo device = new Echo();
  private final MmioTransport transport =
      new MmioTransport(device, GuestMemory.of(memory.bytes()), new Host());

  private final class Host implements MmioHost {
    @Override
    public EventCounter line() {
      return line;
    }

    @Override
    public void interrupt() {
      interrupts.incrementAndGet();
    }

    @Override
    public void doorbell(EventCounter counter, int queue) {}
  }

  /** A device that copies what it reads into what it may write. */
  private static final class Echo implements VirtioDevice {
    final AtomicInteger resets = new AtomicInteger();
    final byte[] configuration = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    volatile CountDownLatch hold = new CountDownLatch(0);
    volatile CountDownLatch serving = new CountDownLatch(1);
    volatile long agreed;
    volatile List<DeviceQueue> queues = List.of();
    Runnable changed = () -> {};

    @Override
    public DeviceType type() {
      return DeviceType.ENTROPY;
    }

    @Override
    public long features() {
      return 1L << 5;
    }

    @Override
    public List<Integer> queueSizes() {
      return List.of(8, 16);
    }

    @Override
    public int configSize() {
      return configuration.length;
    }

    @Override
    public void readConfig(MemorySegment target) {
      target.copyFrom(MemorySegment.ofArray(configuration));
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
      System.arraycopy(bytes, 0, configuration, offset, bytes.length);
    }

    @Override
    public void onConfigChange(Runnable listener) {
      changed = listener;
    }

    @Override
    public void start(long features, List<DeviceQueue> started) {
      agreed = features;
      queues = started;
    }

    @Override
    public void kicked(int queue) {
      queues
          .get(queue)
          .serveAll(chain -> {
            serving.countDown();
            try {
              assertThat(hold.await(120, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            byte[] bytes = new byte[(int) chain.readable().length()];
            chain.readable().copyTo(0, MemorySegment.ofArray(bytes));
            return chain.writable().copyFrom(MemorySegment.ofArray(bytes), 0);
          });
    }

    @Override
    public void stop() {
      queues = List.of();
    }

    @Override
    public void reset() {
      resets.incrementAndGet();
    }

    @Override
    public void close() {}
  }

  @BeforeEach
  void reset() {
    set(STATUS, 0);
  }

  @AfterEach
  void close() {
    device.hold.countDown();
    transport.close();
    memory.close();
  }

  private void set(int register, long value) {
    transport.write(register, 4, value);
  }

  private int get(int register) {
    return (int) transport.read(register, 4);
  }

  private void negotiate(long features) {
    set(STATUS, 1);
    set(STATUS, 3);
    set(0x24, 0);
    set(0x20, (int) features);
    set(0x24, 1);
    set(0x20, (int) (features >>> 32));
    set(STATUS, 11);
  }

  private void queue(int index, int size, long descriptors, long available, long used) {
    set(0x30, index);
    set(0x38, size);
    set(0x80, (int) descriptors);
    set(0x84, (int) (descriptors >>> 32));
    set(0x90, (int) available);
    set(0x94, (int) (available >>> 32));
    set(0xa0, (int) used);
    set(0xa4, (int) (used >>> 32));
    set(READY, 1);
  }

  private void running() {
    negotiate(Features.VERSION_1);
    queue(0, 8, 0x1000, 0x2000, 0x3000);
    set(STATUS, 15);
  }

  /** A request of two buffers: what to echo, and where to. */
  private void offer(String text) {
    MemorySegment bytes = memory.bytes();
    for (int i = 0; i < text.length(); i++) {
      bytes.set(LittleEndian.U8, 0x5000 + i, (byte) text.charAt(i));
    }
    descriptor(0, 0x5000, text.length(), 1, 1);
    descriptor(1, 0x6000, 64, 2, 0);
    short index = bytes.get(LittleEndian.U16, 0x2002);
    bytes.set(LittleEndian.U16, 0x2004 + 2L * (index & 7), (short) 0);
    bytes.set(LittleEndian.U16, 0x2002, (short) (index + 1));
    set(0x50, 0);
  }

  private void descriptor(int index, long address, int length, int flags, int next) {
    MemorySegment at = memory.bytes().asSlice(0x1000 + 16L * index, 16);
    at.set(LittleEndian.U64, 0, address);
    at.set(LittleEndian.U32, 8, length);
    at.set(LittleEndian.U16, 12, (short) flags);
    at.set(LittleEndian.U16, 14, (short) next);
  }

  private int used() {
    return memory.bytes().get(LittleEndian.U16, 0x3002);
  }

  private void awaitUsed(int count) throws InterruptedException {
    while (used() != count) {
      Thread.sleep(1);
    }
  }

  private void awaitBroken() throws InterruptedException {
    while ((get(STATUS) & NEEDS_RESET) == 0) {
      Thread.sleep(1);
    }
  }

  @Test
  void identityAndFeaturesAreRead() {
    assertThat(get(0)).isEqualTo(0x74726976);
    assertThat(get(4)).isEqualTo(2);
    assertThat(get(8)).isEqualTo(4);
    set(0x14, 0);
    assertThat(get(0x10) & (1 << 5)).isNotZero();
    set(0x14, 1);
    assertThat(get(0x10) & 1).isEqualTo(1);
    set(0x14, 77);
    assertThat(get(0x10)).isZero();
    assertThat(get(0xb0)).isEqualTo(-1); // no shared memory
    set(0x30, 1);
    assertThat(get(0x34)).isEqualTo(16);
    set(0x30, 2);
    assertThat(get(0x34)).isZero();
    set(0x30, -1);
    assertThat(get(0x34)).isZero();
  }

  @Test
  void aRequestIsServedAndInterrupts() throws InterruptedException {
    running();
    assertThat(get(STATUS)).isEqualTo(15);
    offer("echo");
    awaitUsed(1);
    assertThat(memory.bytes().getString(0x6000)).isEqualTo("echo");
    while (interrupts.get() == 0) {
      Thread.sleep(1);
    }
    assertThat(get(0x60)).isEqualTo(1);
    set(0x64, 1);
    assertThat(device.agreed).isEqualTo(Features.VERSION_1);
  }

  @Test
  void featuresNobodyOfferedAreRefused() {
    negotiate(Features.VERSION_1 | 1);
    assertThat(get(STATUS)).isEqualTo(3);
    set(STATUS, 15);
    assertThat(get(STATUS) & 12).isZero();
  }

  @Test
  void driversOfTheOldInterfaceAreRefused() {
    negotiate(1 << 5);
    assertThat(get(STATUS) & 8).isZero();
  }

  @Test
  void featuresStayOnceAgreed() {
    negotiate(Features.VERSION_1);
    set(0x24, 0);
    set(0x20, 1 << 5);
    queue(0, 8, 0x1000, 0x2000, 0x3000);
    set(STATUS, 15);
    assertThat(device.agreed).isEqualTo(Features.VERSION_1);
  }

  @Test
  void statusOutOfOrderStartsNothing() {
    set(STATUS, 4);
    assertThat(get(STATUS)).isZero();
    queue(0, 8, 0x1000, 0x2000, 0x3000);
    assertThat(get(READY)).isZero();
    assertThat(device.queues).isEmpty();
    set(STATUS, 0xffff_ffffL);
    assertThat(get(STATUS) & 12).isZero();
  }

  @Test
  void impossibleQueuesBreakTheDevice() {
    long[][] bad = {
      {0, 0x1000, 0x2000, 0x3000},
      {3, 0x1000, 0x2000, 0x3000},
      {9, 0x1000, 0x2000, 0x3000},
      {65535, 0x1000, 0x2000, 0x3000},
      {-1, 0x1000, 0x2000, 0x3000},
      {8, 0x1001, 0x2000, 0x3000},
      {8, 0x1000, 0x2001, 0x3000},
      {8, 0x1000, 0x2000, 0x3002},
      {8, 0xffff0, 0x2000, 0x3000},
      {8, 0x1000, 0xffff8, 0x3000},
      {8, 0x1000, 0x2000, 0x10_0000},
      {8, -16, 0x2000, 0x3000},
      {8, 0x1000, Long.MAX_VALUE - 1, 0x3000},
    };
    for (long[] queue : bad) {
      set(STATUS, 0);
      negotiate(Features.VERSION_1);
      queue(0, (int) queue[0], queue[1], queue[2], queue[3]);
      assertThat(get(READY)).isZero();
      assertThat(get(STATUS) & NEEDS_RESET).isEqualTo(NEEDS_RESET);
      set(STATUS, 15);
      assertThat(device.queues).isEmpty();
    }
    set(STATUS, 0);
    assertThat(get(STATUS)).isZero();
    running();
    assertThat(device.queues).hasSize(2);
  }

  @Test
  void aQueueInUseDoesNotMove() throws InterruptedException {
    running();
    set(0x80, 0x8000);
    set(0x38, 4);
    offer("still");
    awaitUsed(1);
    assertThat(memory.bytes().getString(0x6000)).isEqualTo("still");
  }

  @Test
  void disablingAQueueInUseStopsTheDevice() throws InterruptedException {
    running();
    set(0x30, 0);
    set(READY, 0);
    assertThat(get(READY)).isZero();
    assertThat(get(STATUS) & NEEDS_RESET).isEqualTo(NEEDS_RESET);
    assertThat(device.queues).isEmpty();
  }

  @Test
  void aResetWaitsForTheRequestInFlight() throws InterruptedException {
    running();
    device.hold = new CountDownLatch(1);
    device.serving = new CountDownLatch(1);
    offer("slow");
    assertThat(device.serving.await(60, TimeUnit.SECONDS)).isTrue();
    Thread reset = Thread.ofPlatform().start(() -> set(STATUS, 0));
    Thread.sleep(20);
    assertThat(reset.isAlive()).isTrue();
    assertThat(get(0x60)).isZero(); // what interrupt handlers read is not held up
    device.hold.countDown();
    reset.join(60_000);
    assertThat(reset.isAlive()).isFalse();
    assertThat(get(STATUS)).isZero();
    memory.bytes().fill((byte) 0);
    running();
    offer("again");
    awaitUsed(1);
    assertThat(memory.bytes().getString(0x6000)).isEqualTo("again");
  }

  @Test
  void aGuestAtFaultMustReset() throws InterruptedException {
    running();
    descriptor(0, 0x5000, 4, 1, 200); // the next one is outside the table
    memory.bytes().set(LittleEndian.U16, 0x2002, (short) 1);
    set(0x50, 0);
    awaitBroken();
    assertThat(get(0x60) & 2).isEqualTo(2);
    set(0x64, 2);
    assertThat(get(0x60) & 2).isZero();
    int before = device.resets.get();
    memory.bytes().fill((byte) 0);
    set(STATUS, 0);
    assertThat(device.resets).hasValue(before + 1);
    running();
    offer("well again");
    awaitUsed(1);
  }

  @Test
  void anAvailableIndexThatJumpsBreaksTheDevice() throws InterruptedException {
    running();
    memory.bytes().set(LittleEndian.U16, 0x2002, (short) 9);
    set(0x50, 0);
    awaitBroken();
  }

  /** As a guest sees it that reads the page instead of asking. */
  @Test
  void everythingReadableStandsInThePage() {
    MemorySegment page = memory.bytes().asSlice(0xf_0000, MmioTransport.SIZE);
    var shown = new MmioTransport(device, GuestMemory.of(memory.bytes()), new Host(), page);
    assertThat(page.get(LittleEndian.U32, 0)).isEqualTo(0x74726976);
    shown.write(0x14, 4, 1); // the upper half of the features
    assertThat(page.get(LittleEndian.U32, 0x10)).isEqualTo((int) (Features.COMMON >>> 32));
    shown.write(0x30, 4, 1);
    assertThat(page.get(LittleEndian.U32, 0x34)).isEqualTo(16);
    shown.write(0x30, 4, 2);
    assertThat(page.get(LittleEndian.U32, 0x34)).isZero();
    shown.write(STATUS, 4, 3);
    assertThat(page.get(LittleEndian.U32, STATUS)).isEqualTo(3);
    device.configuration[9] = 42;
    device.changed.run();
    assertThat(page.get(LittleEndian.U8, 0x109)).isEqualTo((byte) 42);
    assertThat(page.get(LittleEndian.U32, 0xfc)).isNotZero();
    assertThat(page.get(LittleEndian.U32, 0x60)).isEqualTo(2);
    shown.write(0x64, 4, 2);
    assertThat(page.get(LittleEndian.U32, 0x60)).isZero();
    shown.write(STATUS, 4, 0);
    assertThat(page.get(LittleEndian.U32, STATUS)).isZero();
    shown.close();
  }

  @Test
  void configurationIsReadAndWrittenInEveryWidthAndNotBeyond() {
    assertThat(transport.read(0x100, 1)).isEqualTo(1);
    assertThat(transport.read(0x101, 2)).isEqualTo(0x0302);
    assertThat(transport.read(0x102, 4)).isEqualTo(0x06050403);
    assertThat(transport.read(0x100, 8)).isEqualTo(0x0807060504030201L);
    assertThat(transport.read(0x107, 4)).as("zeroes behind the last field").isEqualTo(0x0a0908);
    assertThat(transport.read(0x10a, 4)).isZero();
    assertThat(transport.read(0xfff, 8)).isZero();
    transport.write(0x108, 2, 0x7766);
    transport.write(0x109, 2, -1);
    assertThat(device.configuration[8]).isEqualTo((byte) 0x66);
    assertThat(device.configuration[9]).isEqualTo((byte) 0x77);
    int generation = get(0xfc);
    device.changed.run();
    assertThat(get(0xfc)).isNotEqualTo(generation);
    assertThat(get(0x60)).isEqualTo(2);
  }

  @Test
  void registersAnswerWholeWordsOnly() {
    assertThat(transport.read(0, 1)).isZero();
    assertThat(transport.read(2, 4)).isZero();
    assertThat(transport.read(0, 8)).isZero();
    transport.write(STATUS, 1, 1);
    assertThat(get(STATUS)).isZero();
  }

  @Test
  void aSuspendedDeviceGoesOnWhereItStopped() throws InterruptedException {
    running();
    offer("one");
    awaitUsed(1);
    MmioState state = transport.suspend();
    assertThat(device.queues).isEmpty();
    offer("two");
    Thread.sleep(10);
    assertThat(used()).isEqualTo(1);
    transport.resume(state);
    awaitUsed(2);
    assertThat(memory.bytes().getString(0x6000)).isEqualTo("two");
    assertThat(get(STATUS)).isEqualTo(15);
  }

  @Test
  void anyOrderOfAccessesIsSurvived() {
    var random = new Random(50);
    int[] registers = {
      0x14, 0x20, 0x24, 0x30, 0x38, 0x44, 0x50, 0x64, 0x70, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4, 0xac
    };
    for (int i = 0; i < 30_000; i++) {
      int offset =
          random.nextInt(8) == 0
              ? random.nextInt(MmioTransport.SIZE)
              : registers[random.nextInt(registers.length)];
      int size = random.nextInt(8) == 0 ? 1 << random.nextInt(4) : 4;
      long value =
          switch (random.nextInt(4)) {
            case 0 -> random.nextInt(16);
            case 1 -> 1L << random.nextInt(32);
            case 2 -> random.nextLong();
            default -> 0x1000L * random.nextInt(256);
          };
      if (random.nextInt(3) == 0) {
        transport.read(offset, size);
      } else {
        transport.write(offset, size, value);
      }
      if (i % 1000 == 0) {
        memory.bytes().asSlice(0, 0x8000).fill((byte) random.nextInt(4));
        set(STATUS, 0);
        negotiate(Features.VERSION_1 | (random.nextBoolean() ? Features.PACKED_RING : 0));
        queue(random.nextInt(2), 8, 0x1000, 0x2000, 0x3000);
        set(STATUS, 15);
      }
    }
    set(STATUS, 0);
    memory.bytes().fill((byte) 0);
    running();
    assertThat(get(STATUS)).isEqualTo(15);
  }

  @Test
  void savedStateOfAnotherDeviceIsRefused() {
    var strange = new MmioState(15, Features.VERSION_1, 0, 0, 0, 0, List.of());
    try {
      transport.resume(strange);
    } catch (VirtioException e) {
      assertThat(e).hasMessageContaining("saved state");
      return;
    }
    throw new AssertionError("resumed");
  }
}
