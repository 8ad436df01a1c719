/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Parked stubs whose group bears the id of a container that was created: each waits for the start
 * of that container, and is let go when it does not come soon. docs/decisions/0640
 */
final class ReservedStubs {
  private static final int MOST = 16;

  private final Map<String, Reserved> byName = new ConcurrentHashMap<>();
  private final ScheduledExecutorService worker;
  private final Duration patience;

  ReservedStubs(ScheduledExecutorService worker, Duration patience) {
    this.worker = worker;
    this.patience = patience;
  }

  /** One that is taken once, or let go; who asks meanwhile waits until that is done. */
  private static final class Reserved {
    private final ParkedStub stub;
    private boolean gone;

    Reserved(ParkedStub stub) {
      this.stub = stub;
    }

    synchronized Optional<ParkedStub> take() {
      boolean here = !gone;
      gone = true;
      return here ? Optional.of(stub) : Optional.empty();
    }

    synchronized void letGo() {
      if (!gone) {
        gone = true;
        stub.discard();
      }
    }
  }

  /** Whether so many containers were created, and not started, that no more is kept for any. */
  boolean full() {
    return byName.size() >= MOST;
  }

  void keep(ParkedStub stub) {
    String name = stub.parking().name();
    var reserved = new Reserved(stub);
    byName.put(name, reserved);
    var _ =
        worker.schedule(
            () -> {
              reserved.letGo();
              byName.remove(name, reserved);
            },
            patience.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Whether one is kept for the container with this id. */
  boolean has(String id) {
    return byName.containsKey(id);
  }

  /** The one kept for the container with this id. Its group is the container's, or in its way. */
  Optional<ParkedStub> take(String id) {
    Reserved reserved = byName.get(id);
    if (reserved == null) {
      return Optional.empty();
    }
    Optional<ParkedStub> taken = reserved.take();
    byName.remove(id, reserved);
    return taken;
  }
}
