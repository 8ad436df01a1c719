/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;
import java.util.Map;

/**
 * Something that happened.
 *
 * @param type {@code container}, {@code image}, {@code network}, {@code volume}, {@code daemon} or
 *     {@code builder}
 * @param action in Docker's words, as {@code start} or {@code health_status: healthy}
 * @param actor id or name of what it happened to
 */
public record Event(
    Instant time, String type, String action, String actor, Map<String, String> attributes) {
  public Event {
    attributes = Map.copyOf(attributes);
  }
}
