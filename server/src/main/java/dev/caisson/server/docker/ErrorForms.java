/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.EngineException;
import dev.caisson.server.http.Dialect;
import dev.caisson.server.http.HttpException;

/** What dockerd's clients read: a status and {@code {"message": …}}. */
final class ErrorForms {
  private ErrorForms() {}

  static Dialect.Failure of(Throwable thrown) {
    return switch (thrown) {
      case HttpException refused -> new Dialect.Failure(refused.status(), message(refused), false);
      case EngineException failed ->
          new Dialect.Failure(
              failed.kind().httpStatus(),
              message(failed),
              failed.kind() == EngineException.Kind.INTERNAL);
      case OutOfMemoryError full ->
          new Dialect.Failure(
              503, "the engine has no memory left for this request; try again later", false);
      default -> new Dialect.Failure(500, message(thrown), true);
    };
  }

  /** The reason, with the remedy behind it where the engine knows one. */
  static String message(Throwable thrown) {
    String text = String.valueOf(thrown.getMessage());
    return thrown instanceof EngineException failed && !failed.remedy().isEmpty()
        ? text + "\n  try: " + failed.remedy()
        : text;
  }
}
