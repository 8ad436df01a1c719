/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/**
 * Names a file for the executor, in the tree it sees when the step runs.
 *
 * @param descriptor an open descriptor the stub inherited, 5 or above; -1 for none
 * @param path relative to {@code descriptor} or, without one, absolute; empty: the descriptor
 *     itself
 */
public record Handle(int descriptor, String path) {
  /** Descriptors 0 to 2 are the streams, 3 the plan and 4 the report; these follow. */
  public static final int FIRST_DESCRIPTOR = 5;

  public Handle {
    if (descriptor == -1 && !path.startsWith("/")) {
      throw new LaunchException(
          LaunchException.Kind.INVALID_PLAN,
          "path '" + path + "' is not absolute; give it from the root");
    }
    if (descriptor != -1 && descriptor < FIRST_DESCRIPTOR) {
      throw new LaunchException(
          LaunchException.Kind.INVALID_PLAN,
          "descriptor " + descriptor + " is one of the stub's own; pass files from 5 on");
    }
  }

  /** A file by its path from the root. */
  public static Handle path(String absolute) {
    return new Handle(-1, absolute);
  }

  /** A file the stub is handed open, by its number there: {@link #FIRST_DESCRIPTOR} or more. */
  public static Handle descriptor(int descriptor) {
    return new Handle(descriptor, "");
  }

  @Override
  public String toString() {
    if (descriptor == -1) {
      return path;
    }
    return path.isEmpty() ? "fd:" + descriptor : "fd:" + descriptor + "/" + path;
  }
}
