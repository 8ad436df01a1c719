/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The isolations on the module path. */
public final class Isolations {
  private Isolations() {}

  /** Every isolation present, whether this host can offer it or not. */
  public static List<Isolation> all() {
    return ServiceLoader.load(Isolation.class).stream().map(ServiceLoader.Provider::get).toList();
  }

  /** Those of {@link #all}, for an engine whose state is below a directory. */
  public static List<Isolation> below(Path root) {
    return all().stream().map(isolation -> isolation.below(root)).toList();
  }

  public static Optional<Isolation> named(String name) {
    return all().stream().filter(isolation -> isolation.name().equals(name)).findFirst();
  }
}
