/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineException.Kind;
import dev.caisson.image.ImageException;
import dev.caisson.rootfs.RootfsException;
import java.util.function.Supplier;

/** What images and root file systems throw, in the engine's own words. */
public final class ImageFailures {
  private ImageFailures() {}

  public static <T> T translated(Supplier<T> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      throw translate(e);
    }
  }

  static EngineException translate(RuntimeException failure) {
    return switch (failure) {
      case EngineException known -> known;
      case ImageException known -> of(known);
      case RootfsException known -> of(known);
      default ->
          new EngineException(Kind.INTERNAL, String.valueOf(failure.getMessage()), "", failure);
    };
  }

  private static EngineException of(ImageException failure) {
    var kind =
        switch (failure.kind()) {
          case NOT_FOUND -> Kind.NOT_FOUND;
          case INVALID, DIGEST_MISMATCH, TOO_LARGE, UNSUPPORTED -> Kind.INVALID;
          case UNAUTHORIZED -> Kind.UNAUTHORIZED;
          case UNREACHABLE -> Kind.UNAVAILABLE;
          case CONFLICT -> Kind.CONFLICT;
          case NO_SPACE, IO -> Kind.IO;
        };
    var remedy =
        switch (failure.kind()) {
          case UNREACHABLE -> "check the name and the network; the next pull resumes this one";
          case INVALID -> "check the name; an archive or image that is damaged must be got again";
          case DIGEST_MISMATCH -> "get it again: what came is not what was named";
          default -> "";
        };
    return new EngineException(kind, String.valueOf(failure.getMessage()), remedy, failure);
  }

  private static EngineException of(RootfsException failure) {
    var kind =
        switch (failure.kind()) {
          case NOT_FOUND -> Kind.NOT_FOUND;
          case INVALID -> Kind.INVALID;
          case NOT_PERMITTED -> Kind.FORBIDDEN;
          case UNAVAILABLE -> Kind.UNAVAILABLE;
          case NO_SPACE, IO -> Kind.IO;
        };
    var remedy =
        failure.kind() == RootfsException.Kind.INVALID
            ? "an image that is whole and honest: this one cannot be unpacked"
            : "";
    return new EngineException(kind, String.valueOf(failure.getMessage()), remedy, failure);
  }
}
