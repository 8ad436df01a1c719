/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * Things that arrive over time, pulled by one reader. A reader that stops pulling costs the engine
 * a bounded buffer and nothing more.
 *
 * @param <T> what arrives
 */
public interface Feed<T> extends AutoCloseable {
  /**
   * Waits for the next element; empty once the feed has ended or was closed, from whichever thread.
   */
  Optional<T> next();

  /** Pulls until the end. */
  default void forEach(Consumer<? super T> action) {
    for (var element = next(); element.isPresent(); element = next()) {
      action.accept(element.get());
    }
  }

  /** Ends the feed and wakes its reader. Closing twice is harmless. */
  @Override
  void close();
}
