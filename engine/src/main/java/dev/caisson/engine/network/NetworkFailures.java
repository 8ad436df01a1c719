/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineException.Kind;
import dev.caisson.network.NetworkException;
import java.util.Optional;
import java.util.function.Supplier;

/** What networks throw, in the engine's own words. */
final class NetworkFailures {
  private NetworkFailures() {}

  static <T> T translated(Supplier<T> work) {
    try {
      return work.get();
    } catch (NetworkException e) {
      var kind =
          switch (e.kind()) {
            case INVALID -> Kind.INVALID;
            case IN_USE -> Kind.CONFLICT;
            case EXHAUSTED, UNAVAILABLE -> Kind.UNAVAILABLE;
            case NOT_FOUND -> Kind.NOT_FOUND;
          };
      throw new EngineException(kind, String.valueOf(e.getMessage()), e.remedy(), e);
    }
  }

  static void translated(Runnable work) {
    NetworkFailures.<Optional<Void>>translated(() -> {
      work.run();
      return Optional.empty();
    });
  }
}
