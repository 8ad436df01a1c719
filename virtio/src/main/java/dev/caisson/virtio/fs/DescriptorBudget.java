/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The descriptors of this process that the files of all guests may take: each known and each open
 * file holds one. A guest gets another as long as it has fewer than are left. So the first may take
 * half of them, the next half of the rest: nobody takes the last, and no guest keeps the engine or
 * another guest from opening files.
 */
final class DescriptorBudget {
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String LIMIT = "Max open files";
  private static final int UNKNOWN = 1024;
  private static final int MOST = 1 << 20;

  /** What all servers of this process share: three quarters of what it may open. */
  static final DescriptorBudget OF_PROCESS = new DescriptorBudget(limit() / 4 * 3);

  private final AtomicInteger left;

  DescriptorBudget(int descriptors) {
    left = new AtomicInteger(descriptors);
  }

  private static int limit() {
    try {
      return Files.readAllLines(LIMITS).stream()
          .filter(line -> line.startsWith(LIMIT))
          .map(line -> line.substring(LIMIT.length()).strip().split(" +")[0])
          .mapToInt(
              soft -> soft.matches("[0-9]{1,7}") ? Math.min(Integer.parseInt(soft), MOST) : MOST)
          .findFirst()
          .orElse(UNKNOWN);
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  Share share() {
    return new Share();
  }

  /** What one guest holds. */
  final class Share {
    private final AtomicInteger held = new AtomicInteger();

    /** Takes one more, unless the guest has as many as are left. */
    boolean take() {
      int now = left.get();
      while (held.get() < now) {
        if (left.compareAndSet(now, now - 1)) {
          held.incrementAndGet();
          return true;
        }
        now = left.get();
      }
      return false;
    }

    void giveBack(int count) {
      held.addAndGet(-count);
      left.addAndGet(count);
    }
  }
}
