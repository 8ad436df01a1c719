/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineException.Kind;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;

/** What lower layers throw, in the engine's own words. */
public final class Failures {
  private Failures() {}

  public static EngineException translate(RuntimeException failure) {
    return switch (failure) {
      case EngineException known -> known;
      case SandboxException refused ->
          new EngineException(kind(refused.kind()), message(refused), "", refused);
      default ->
          new EngineException(Kind.INTERNAL, String.valueOf(failure.getMessage()), "", failure);
    };
  }

  public static EngineException of(IOException failure) {
    return EngineException.io(String.valueOf(failure.getMessage()), failure);
  }

  private static String message(SandboxException failure) {
    return String.valueOf(failure.getMessage());
  }

  private static Kind kind(SandboxException.Kind kind) {
    return switch (kind) {
      case INVALID -> Kind.INVALID;
      case UNSUPPORTED -> Kind.UNSUPPORTED;
      case WRONG_STATE -> Kind.CONFLICT;
      case NOT_FOUND -> Kind.COMMAND_NOT_FOUND;
      case NOT_EXECUTABLE -> Kind.NOT_EXECUTABLE;
      case DENIED -> Kind.FORBIDDEN;
      case FAILED -> Kind.INTERNAL;
    };
  }

  /**
   * A path inside a container that is not there is no missing command.
   *
   * @param name of the container
   */
  public static EngineException translatePath(RuntimeException failure, String name) {
    if (failure instanceof SandboxException refused
        && refused.kind() == SandboxException.Kind.NOT_FOUND) {
      return new EngineException(
          Kind.NOT_FOUND,
          message(refused) + " in container " + name,
          "caisson diff " + name + ", for what it wrote; caisson exec " + name + " ls",
          refused);
    }
    return translate(failure);
  }
}
