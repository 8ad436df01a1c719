/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.container.plan.Ground;
import dev.caisson.container.plan.ParkedPlan;
import dev.caisson.launch.run.Launcher;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.sandbox.workload.Outline;
import dev.caisson.sandbox.workload.Workload;
import java.time.Duration;
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
import java.util.function.Supplier;

/**
 * Stubs made ahead of need, so that a start neither makes processes nor waits for the kernel to
 * move one between control groups of cgroup v1, which takes a grace period of RCU: 10 ms and more.
 * docs/decisions/0320
 *
 * <p>Groups of v1 are given the name of the container that takes one. Those of v2 cannot be: there
 * the container, when it is created, is given the name of a group. docs/decisions/0640
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
  private final Ground ground;
  private final ReservedStubs reserved;
  private final Optional<Cgroup> example;
  private final boolean renames;
  private volatile boolean useless;

  /**
   * Those of one engine.
   *
   * @param patience how long one is kept for a container that was created
   */
  ParkedStubs(Optional<Cgroups> cgroups, Launcher launcher, Ground ground, Duration patience) {
    this.cgroups = cgroups;
    this.launcher = launcher;
    this.ground = ground;
    this.reserved = new ReservedStubs(worker, patience);
    this.example = cgroups.flatMap(some -> some.parked(PREFIX));
    this.renames = cgroups.map(Cgroups::renames).orElse(false);
    cgroups.ifPresent(some -> removeLeft(some, QUIET_MILLIS, LOOKS));
  }

  private boolean useful() {
    return example.isPresent() && !useless;
  }

  /** Whether the start of this container may find one. */
  boolean mayHave(String id) {
    return useful() && (renames || reserved.has(id));
  }

  /**
   * The id of a container that is to be created, for which one is kept; empty where its id does not
   * matter, or none is ready.
   *
   * @param ids makes those of the next
   */
  Optional<String> reserve(Outline outline, Supplier<String> ids) {
    return useful() && !renames
        ? ParkedPlan.suitable(outline, example.orElseThrow())
            .flatMap(kind -> shelf(kind).reserve(ids))
        : Optional.empty();
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
   * One that is ready for a container with this group, its own group now this one; empty if there
   * is none, or if this host has no use for them.
   */
  Optional<ParkedStub> take(Workload workload, Cgroup group) {
    Optional<ParkedPlan.Kind> kind =
        useful() ? ParkedPlan.suitable(workload, group) : Optional.empty();
    return renames
        ? kind.flatMap(suitable -> shelf(suitable).take(group))
        : reserved.take(workload.id()).flatMap(stub -> fitting(stub, kind, group));
  }

  private Optional<ParkedStub> fitting(
      ParkedStub stub, Optional<ParkedPlan.Kind> kind, Cgroup group) {
    ParkedPlan.Kind parked = stub.parking().kind();
    try {
      if (kind.filter(parked::equals).isPresent() && stub.ready() && group.take(stub.group())) {
        return Optional.of(stub);
      }
      stub.discard(); // now: its group is where the container's will be made
      return Optional.empty();
    } finally {
      shelf(parked).refill();
    }
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
    private volatile Supplier<String> names = ParkedStubs.this::nextName;

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

    /** The start that follows asks for more, unless this is the last one. */
    Optional<String> reserve(Supplier<String> ids) {
      names = ids;
      Optional<ParkedStub> stub =
          reserved.full() ? Optional.empty() : Optional.ofNullable(waiting.poll());
      stub.ifPresent(reserved::keep);
      fillOnce(
          waiting.isEmpty() ? filling : scheduled, waiting.isEmpty() ? SOON_MILLIS : QUIET_MILLIS);
      return stub.map(some -> some.parking().name());
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
      return former != null ? Optional.of(former) : newParking(kind, names.get());
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

  private Optional<Parking> newParking(ParkedPlan.Kind kind, String name) {
    return cgroups
        .flatMap(some -> some.parked(name))
        .map(group -> Parking.of(name, kind, group, ground));
  }

  private String nextName() {
    return PREFIX + ProcessHandle.current().pid() + "-" + count.getAndIncrement();
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
