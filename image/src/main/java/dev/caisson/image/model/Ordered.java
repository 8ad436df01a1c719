/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Immutable copies that keep their order, so that what is written back has the same digest. */
final class Ordered {
  private Ordered() {}

  static <T> Set<T> copyOf(Set<T> set) {
    return Collections.unmodifiableSet(new LinkedHashSet<>(set));
  }

  static <K, V> Map<K, V> copyOf(Map<K, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
