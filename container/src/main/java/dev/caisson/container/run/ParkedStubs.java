/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.container.plan.ParkedPlan;
import dev.caisson.launch.run.Launcher;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stubs made ahead of need, so that a start neither makes processes nor waits for the kernel to
 * move one between control groups of cgroup v1, which takes a grace period of RCU: 10 ms and more.
 * docs/decisions/0320
 *
 * <p>Nothing is made before the first start. Each costs some 200 kB, and is gone with this process.
 */
final class ParkedStubs {
  private static final System.Logger LOG = System.getLogger(ParkedStubs.class.getName());
  private static final int KEPT = 8;
  private static final int FEW = 3;
  private static final long QUIET_MILLIS = 300;

  // The start that took the last one is further on by then, and in need of fewer processors.
  private static final long SOON_MILLIS = 4;
  private static final String PREFIX = "parked-";
  private static final int LOOKS = 8;

  private final Optional<Cgroups> cgroups;
  private final Launcher launcher;
  private final Map<ParkedPlan.Kind, Shelf> shelves =
      Map.of(
          ParkedPlan.Kind.CONNECTED, new Shelf(ParkedPlan.Kind.CONNECTED),
          ParkedPlan.Kind.ISOLATED, new Shelf(ParkedPlan.Kind.ISOLATED));
  private final AtomicLong count = new AtomicLong();
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("container-parking").factory());
  private final boolean parks;
  private volatile boolean useless;

  ParkedStubs(Optional<Cgroups> cgroups, Launcher launcher) {
    this.cgroups = cgroups;
    this.launcher = launcher;
    this.parks = cgroups.flatMap(some -> some.parked(PREFIX)).isPresent();
    cgroups.ifPresent(some -> removeLeft(some, QUIET_MILLIS, LOOKS));
  }

  /** Whether starts on this host may find one. */
  boolean useful() {
    return parks && !useless;
  }

  /** Of an engine that was killed: it may still be ending while this one begins. */
  private void removeLeft(Cgroups some, long wait, int looks) {
    var _ =
        worker.schedule(
            () -> {
              if (!some.removeLeft(PREFIX) && looks > 1) {
                removeLeft(some, 2 * wait, looks - 1);
              }
            },
            wait,
            TimeUnit.MILLISECONDS);
  }

  /**
   * One that is ready for a container with this group, its group moved there; empty if there is
   * none, or if this host has no use for them.
   */
  Optional<ParkedStub> take(ParkedPlan.Kind kind, Cgroup group) {
    return useful() ? shelf(kind).take(group) : Optional.empty();
  }

  private Shelf shelf(ParkedPlan.Kind kind) {
    return Objects.requireNonNull(shelves.get(kind), "a shelf for each kind");
  }

  /** Those of one kind; filled once one was asked for. */
  private final class Shelf {
    private final ParkedPlan.Kind kind;
    private final ConcurrentLinkedDeque<ParkedStub> waiting = new ConcurrentLinkedDeque<>();
    private final ConcurrentLinkedDeque<Parking> free = new ConcurrentLinkedDeque<>();
    private final AtomicBoolean filling = new AtomicBoolean();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    Shelf(ParkedPlan.Kind kind) {
      this.kind = kind;
    }

    Optional<ParkedStub> take(Cgroup group) {
      try {
        for (var stub = waiting.poll(); stub != null; stub = waiting.poll()) {
          if (stub.ready() && group.take(stub.group())) {
            free.add(stub.parking());
            return Optional.of(stub);
          }
          discard(stub);
        }
        return Optional.empty();
      } finally {
        refill();
      }
    }

    /**
     * Several at once, and later: a process that is moved to its group holds the kernel's one lock
     * of all control groups meanwhile, which starts and ends need too.
     */
    private void refill() {
      if (waiting.size() <= FEW) {
        fillOnce(filling, SOON_MILLIS);
      } else {
        fillOnce(scheduled, QUIET_MILLIS);
      }
    }

    private void fillOnce(AtomicBoolean asked, long delayMillis) {
      if (asked.compareAndSet(false, true)) {
        var _ =
            worker.schedule(
                () -> {
                  asked.set(false);
                  fill();
                },
                delayMillis,
                TimeUnit.MILLISECONDS);
      }
    }

    private void discard(ParkedStub stub) {
      worker.execute(() -> {
        if (stub.discard()) {
          free.add(stub.parking());
        }
      });
    }

    /** One whose groups have a name that nobody uses any more, with its plan, or a new one. */
    private Optional<Parking> parking() {
      Parking former = free.poll();
      return former != null ? Optional.of(former) : newParking(kind);
    }

    private void fill() {
      try {
        while (!useless && waiting.size() < KEPT) {
          Optional<ParkedStub> made = parking().map(ParkedStubs.this::park);
          made.ifPresent(waiting::add);
          useless = made.isEmpty();
        }
      } catch (RuntimeException failed) {
        useless = true;
        LOG.log(
            System.Logger.Level.WARNING,
            "containers will start slower, nothing can be prepared for them: {0}",
            failed.getMessage());
      }
    }
  }

  private Optional<Parking> newParking(ParkedPlan.Kind kind) {
    long number = count.getAndIncrement();
    String name = PREFIX + ProcessHandle.current().pid() + "-" + number;
    return cgroups
        .flatMap(some -> some.parked(name))
        .map(group -> Parking.of(group, ParkedPlan.compile(group, kind)));
  }

  private ParkedStub park(Parking parking) {
    parking.group().create();
    List<UnixSocket> ends = UnixSocket.pair(SocketKind.STREAM);
    try (UnixSocket theirs = ends.getLast()) {
      var launched = launcher.start(parking.plan(), parking.encoded(), List.of(theirs.fd()));
      return new ParkedStub(launched, ends.getFirst(), parking);
    } catch (RuntimeException failed) {
      ends.getFirst().close();
      parking.group().remove();
      throw failed;
    }
  }
}
