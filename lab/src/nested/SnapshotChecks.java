/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.kvm.Kvm;
import dev.caisson.vmm.snapshot.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Linux guests that go on from a snapshot. */
final class SnapshotChecks {
  private static final int CLONES = 2;
  private static final String TICK = "tick ";
  private static final Pattern CLOCK = Pattern.compile("now (\\d+)\r?\n");

  private static final Pattern RANDOM = Pattern.compile("random ([0-9a-f]{32})");

  private SnapshotChecks() {}

  /** Clones go on from where one guest stood, timers and second processor included. */
  static void clones(Kvm kvm) throws Exception {
    NestedGuest.Order order = NestedGuest.Order.of("ticks").withCpus(2);
    Path place = Files.createTempDirectory("lab").resolve("snapshot");
    int last;
    try (NestedGuest original = NestedCheck.start(kvm, order)) {
      original.awaitWords(TICK + 3);
      original.machine().pause();
      long before = System.nanoTime();
      original.machine().save(place);
      System.out.printf("figure snapshot: saved in %d ms%n", millisSince(before));
      String said = original.console();
      String whole = said.substring(0, said.lastIndexOf('\n'));
      last = Integer.parseInt(whole.substring(whole.lastIndexOf(TICK) + TICK.length()).strip());
    }
    Thread.sleep(3000); // what a clock that had stood still would be behind
    for (int clone = 0; clone < CLONES; clone++) {
      long before = System.nanoTime();
      final long earliest = System.currentTimeMillis() / 1000;
      try (NestedGuest restored =
          NestedCheck.watched(NestedGuest.restored(kvm, order, Snapshot.open(place)))) {
        restored.awaitWords("\n");
        System.out.printf("figure snapshot: restored to a line in %d ms%n", millisSince(before));
        restored.awaitWords(TICK + (last + 5));
        if (restored.console().contains(TICK + (last - 1) + "\r\n")) {
          throw new AssertionError("the guest did again what it had done before the snapshot");
        }
        restored.awaitWords("now ");
        restored.awaitWords(TICK + (last + 10));
        checkClock(restored.console(), earliest);
      }
    }
  }

  /** Linux with a driver for the generation id draws new random numbers by itself in each clone. */
  static void generation(Kvm kvm) throws Exception {
    NestedGuest.Order order =
        NestedGuest.Order.of("generation").withKernel("vmlinux-generic").withMebibytes(256);
    Path place = Files.createTempDirectory("lab").resolve("snapshot");
    try (NestedGuest original = NestedCheck.start(kvm, order)) {
      original.awaitWords("READY");
      Thread.sleep(1000); // so that it waits for the kernel's word
      original.machine().pause();
      original.machine().save(place);
      if (original.console().contains("random ")) {
        throw new AssertionError("what was never cloned found that it was");
      }
    }
    Set<String> drawn = new HashSet<>();
    for (int clone = 0; clone < CLONES; clone++) {
      try (NestedGuest restored =
          NestedCheck.watched(NestedGuest.restored(kvm, order, Snapshot.open(place)))) {
        restored.awaitWords("reseeded due to virtual machine fork");
        restored.awaitWords("END");
        Matcher random = RANDOM.matcher(restored.console());
        if (!random.find() || !drawn.add(random.group(1))) {
          throw new AssertionError("not a random number of its own: " + restored.console());
        }
      }
    }
  }

  /** All that a clone says of the time lies between its restoring and now. */
  private static void checkClock(String console, long earliest) {
    Matcher said = CLOCK.matcher(console);
    long latest = System.currentTimeMillis() / 1000;
    while (said.find()) {
      long time = Long.parseLong(said.group(1));
      if (time < earliest - 1 || time > latest + 1) {
        throw new AssertionError(
            "the clone's clock says %d, it is %d to %d".formatted(time, earliest, latest));
      }
    }
  }

  private static long millisSince(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }
}
