/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.view.Event;
import java.time.Instant;
import java.util.Optional;

/** What happened and what happens. The last 1,024 events are kept. */
public interface Events {
  /**
   * Kept events from {@code since} on, then new ones until {@code until}, for ever if that is
   * empty. A reader more than 1,024 events behind loses the oldest.
   */
  Feed<Event> subscribe(Optional<Instant> since, Optional<Instant> until, Filters filters);
}
