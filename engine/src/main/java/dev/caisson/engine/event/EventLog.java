/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.event;

import dev.caisson.engine.Events;
import dev.caisson.engine.Feed;
import dev.caisson.engine.Filters;
import dev.caisson.engine.view.Event;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The last events in a ring that every subscriber reads with a cursor of its own. A slow subscriber
 * costs nothing: it finds its oldest events overwritten.
 */
public final class EventLog implements Events {
  /** How many events are kept. */
  public static final int KEPT = 1024;

  private final @Nullable Event[] ring = new Event[KEPT];
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Clock clock;
  private long count;
  private boolean closed;

  public EventLog(Clock clock) {
    this.clock = clock;
  }

  /** Tells everybody. */
  public void publish(String type, String action, String actor, Map<String, String> attributes) {
    lock.lock();
    try {
      var event = new Event(clock.instant(), type, action, actor, attributes);
      ring[(int) (count++ % KEPT)] = event;
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Feed<Event> subscribe(Optional<Instant> since, Optional<Instant> until, Filters filters) {
    EventFilter.check(filters);
    lock.lock();
    try {
      long start = since.isPresent() ? Math.max(0, count - KEPT) : count;
      return new Subscription(start, since.orElse(Instant.MIN), until, filters);
    } finally {
      lock.unlock();
    }
  }

  /** Ends every subscription. */
  public void close() {
    lock.lock();
    try {
      closed = true;
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private final class Subscription implements Feed<Event> {
    private final Instant since;
    private final Optional<Instant> until;
    private final Filters filters;
    private long cursor;
    private boolean ended;

    Subscription(long cursor, Instant since, Optional<Instant> until, Filters filters) {
      this.cursor = cursor;
      this.since = since;
      this.until = until;
      this.filters = filters;
    }

    @Override
    public Optional<Event> next() {
      lock.lock();
      try {
        while (!ended && !closed) {
          cursor = Math.max(cursor, count - KEPT);
          while (cursor < count) {
            var event = ring[(int) (cursor++ % KEPT)];
            if (event != null && wanted(event)) {
              return Optional.of(event);
            }
          }
          if (!await()) {
            return Optional.empty();
          }
        }
        return Optional.empty();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.empty();
      } finally {
        lock.unlock();
      }
    }

    private boolean wanted(Event event) {
      return !event.time().isBefore(since)
          && until.map(limit -> event.time().isBefore(limit)).orElse(true)
          && EventFilter.accepts(filters, event);
    }

    /** Waits for more; false once {@code until} has passed. */
    @SuppressWarnings("WaitNotInLoop") // next() is the loop
    private boolean await() throws InterruptedException {
      if (until.isEmpty()) {
        arrived.await();
        return true;
      }
      long millis = until.get().toEpochMilli() - clock.millis();
      if (millis <= 0) {
        return false;
      }
      boolean signalled = arrived.await(millis, TimeUnit.MILLISECONDS);
      return signalled || clock.instant().isBefore(until.get()) || cursor < count;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        ended = true;
        arrived.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
