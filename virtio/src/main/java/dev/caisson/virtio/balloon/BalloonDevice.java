/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.balloon;

import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.Restorable;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes memory a guest does not need back to the host. virtio 1.2, section 5.5
 *
 * <p>Two ways: the guest reports pages as they become free (and may use them again at any moment),
 * or the host sets a target and the guest gives up that many pages until told otherwise. The guest
 * may take pages out of the balloon by itself before it runs out of memory.
 */
public final class BalloonDevice implements VirtioDevice, Restorable {
  private static final long STATISTICS = 1L << 1;
  private static final long DEFLATE_ON_SHORTAGE = 1L << 2;
  private static final long REPORTING = 1L << 5;

  private static final int QUEUE_SIZE = 128;
  private static final int CONFIG = 16;
  private static final int ACTUAL = 4;
  private static final int INFLATE = 0;
  private static final int DEFLATE = 1;
  private static final int PAGE_SHIFT = 12;
  private static final int NUMBERS = 1024; // page numbers copied at once

  /**
   * Bytes of page numbers in one request; Linux sends 1 KiB. A device is ended between requests.
   */
  private static final int MOST_GIVEN = 1 << 20;

  private final MemoryRelease release;
  private volatile List<DeviceQueue> queues = List.of();
  private volatile Runnable configChanged = () -> {};
  private volatile int target;
  private volatile int actual;
  private volatile int statisticsQueue = -1;
  private volatile int reportingQueue = -1;
  private volatile BalloonStatistics statistics = BalloonStatistics.NONE;
  private @Nullable Chain askable; // the guest's buffer for statistics, kept until we ask

  public BalloonDevice(MemoryRelease release) {
    this.release = release;
  }

  @Override
  public DeviceType type() {
    return DeviceType.BALLOON;
  }

  @Override
  public long features() {
    return STATISTICS | DEFLATE_ON_SHORTAGE | REPORTING;
  }

  @Override
  public List<Integer> queueSizes() {
    return Collections.nCopies(4, QUEUE_SIZE);
  }

  @Override
  public int configSize() {
    return CONFIG;
  }

  @Override
  public void readConfig(MemorySegment config) {
    config.fill((byte) 0);
    config.set(LittleEndian.U32, 0, target);
    config.set(LittleEndian.U32, ACTUAL, actual);
  }

  @Override
  public void writeConfig(int offset, byte[] bytes) {
    if (offset == ACTUAL && bytes.length == 4) {
      actual = MemorySegment.ofArray(bytes).get(LittleEndian.U32, 0);
    }
  }

  @Override
  public void onConfigChange(Runnable listener) {
    configChanged = listener;
  }

  /**
   * Asks the guest to give up so much of its memory, and no more.
   *
   * @param bytes rounded down to pages of 4 KiB; up to 16 TiB
   */
  public void target(long bytes) {
    target = Math.toIntExact(bytes >> PAGE_SHIFT);
    configChanged.run();
  }

  /** Bytes the guest says it has given up. */
  public long actual() {
    return Integer.toUnsignedLong(actual) << PAGE_SHIFT;
  }

  /** What the guest said last of its memory. */
  public BalloonStatistics statistics() {
    return statistics;
  }

  /** Asks the guest for new statistics, if it offers any; they come when it answers. */
  public void askStatistics() {
    int number = statisticsQueue;
    List<DeviceQueue> now = queues;
    if (number < 0 || number >= now.size()) {
      return;
    }
    DeviceQueue queue = now.get(number);
    synchronized (queue) {
      if (askable != null) {
        queue.complete(askable, 0);
        askable = null;
        queue.flush();
      }
    }
  }

  @Override
  public void start(long features, List<DeviceQueue> started) {
    // A queue whose feature was not agreed on does not exist, and those behind it move up.
    int next = DEFLATE + 1;
    statisticsQueue = Features.has(features, STATISTICS) ? next++ : -1;
    reportingQueue = Features.has(features, REPORTING) ? next : -1;
    queues = started;
  }

  @Override
  public void kicked(int number) {
    List<DeviceQueue> now = queues;
    if (number >= now.size()) {
      return;
    }
    DeviceQueue queue = now.get(number);
    if (number == INFLATE) {
      queue.memory().ifPresent(memory -> queue.serveAll(chain -> inflate(memory, chain)));
    } else if (number == DEFLATE) {
      queue.serveAll(chain -> 0); // the pages are the guest's again as soon as it touches them
    } else if (number == statisticsQueue) {
      takeStatistics(queue);
    } else if (number == reportingQueue) {
      queue.serveAll(this::report);
    }
  }

  private long inflate(GuestMemory memory, Chain chain) {
    Buffers source = chain.readable();
    if (source.length() > MOST_GIVEN) {
      throw VirtioException.guest("%d bytes of page numbers at once".formatted(source.length()));
    }
    MemorySegment numbers = MemorySegment.ofArray(new int[NUMBERS]);
    long first = -1;
    long count = 0;
    for (long at = 0; at < source.length(); at += numbers.byteSize()) {
      long length = source.copyTo(at, numbers);
      for (long i = 0; i + 4 <= length; i += 4) {
        long page = Integer.toUnsignedLong(numbers.get(LittleEndian.U32, i));
        if (page == first + count) {
          count++;
        } else if (page == first - 1) { // Linux gives pages up from the highest down
          first--;
          count++;
        } else {
          give(memory, first, count);
          first = page;
          count = 1;
        }
      }
    }
    give(memory, first, count);
    return 0;
  }

  private void give(GuestMemory memory, long first, long count) {
    if (count > 0) {
      release.release(memory.slice(first << PAGE_SHIFT, count << PAGE_SHIFT));
    }
  }

  private long report(Chain chain) {
    Buffers pages = chain.writable();
    for (int i = 0; i < pages.count(); i++) {
      MemorySegment part = pages.part(i);
      long skip = -part.address() & (Mapping.PAGE - 1);
      long whole = (part.byteSize() - skip) & -Mapping.PAGE;
      if (whole > 0) {
        release.release(part.asSlice(skip, whole));
      }
    }
    return 0;
  }

  private void takeStatistics(DeviceQueue queue) {
    synchronized (queue) {
      do {
        for (Chain chain = queue.poll(); chain != null; chain = queue.poll()) {
          statistics = BalloonStatistics.read(chain.readable());
          if (askable != null) {
            queue.complete(askable, 0); // a driver has one buffer; another would be forgotten here
          }
          askable = chain;
        }
      } while (queue.enableKicks());
    }
  }

  @Override
  public void stop() {
    List<DeviceQueue> now = queues;
    queues = List.of();
    if (statisticsQueue >= 0 && statisticsQueue < now.size()) {
      DeviceQueue queue = now.get(statisticsQueue);
      synchronized (queue) {
        if (askable != null) {
          queue.putBack(askable);
          askable = null;
        }
      }
    }
  }

  @Override
  public void reset() {
    actual = 0;
    statistics = BalloonStatistics.NONE;
  }

  @Override
  public byte[] state() {
    return ByteBuffer.allocate(8).putInt(target).putInt(actual).array();
  }

  @Override
  public void restore(byte[] state) {
    if (state.length != 8) {
      throw new VirtioException(VirtioException.Kind.PEER, "state of a balloon");
    }
    ByteBuffer bytes = ByteBuffer.wrap(state);
    target = bytes.getInt();
    actual = bytes.getInt();
  }

  @Override
  public void close() {}
}
