/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** What the whole host has and spent, to which shares of a container are related. proc(5) */
public final class HostProcessors {
  // USER_HZ, which every Linux ABI of x86-64 fixes at 100. asm-generic/param.h
  private static final long TICK = TimeUnit.SECONDS.toNanos(1) / 100;
  private static final Path STAT = Path.of("/proc/stat");
  private static final long MEMORY = readMemory();

  private HostProcessors() {}

  /** Clock ticks as /proc counts them. */
  public static long ticksToNanos(long ticks) {
    return ticks * TICK;
  }

  /** Nanoseconds all processors together have been up; guest time is in user time already. */
  public static long total() {
    String[] fields = CgroupFile.read(STAT).lines().findFirst().orElse("").split(" +");
    long ticks = 0;
    for (int field = 1; field <= 8 && field < fields.length; field++) {
      ticks += Long.parseLong(fields[field]);
    }
    return ticksToNanos(ticks);
  }

  /** Processors that are on. */
  public static int online() {
    return (int) CgroupFile.read(STAT).lines().filter(line -> line.matches("cpu[0-9].*")).count();
  }

  /** Bytes of memory of the host. */
  public static long memory() {
    return MEMORY;
  }

  private static long readMemory() {
    String line = CgroupFile.read(Path.of("/proc/meminfo")).lines().findFirst().orElse("x 0 kB");
    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
  }
}
