/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Filters as Docker writes them: values under one key are alternatives, keys add up. {@code label}
 * and {@code label!} values must all hold.
 *
 * @param values key, then its values
 */
public record Filters(Map<String, Set<String>> values) {
  private static final Filters NONE = new Filters(Map.of());

  public Filters {
    values = Map.copyOf(values);
  }

  public static Filters none() {
    return NONE;
  }

  /** These filters with one more value. */
  public Filters with(String key, String value) {
    var copy = new LinkedHashMap<String, Set<String>>();
    values.forEach((k, v) -> copy.put(k, new TreeSet<>(v)));
    copy.computeIfAbsent(key, k -> new TreeSet<>()).add(value);
    return new Filters(copy);
  }

  public boolean has(String key) {
    return values.containsKey(key);
  }

  public Set<String> of(String key) {
    return values.getOrDefault(key, Set.of());
  }

  /** True when {@code key} is not filtered on, or one of its values satisfies {@code test}. */
  public boolean accepts(String key, Predicate<String> test) {
    var wanted = values.get(key);
    return wanted == null || wanted.stream().anyMatch(test);
  }

  /** True when every wanted label is there, and none of the unwanted ones. */
  public boolean acceptsLabels(Map<String, String> labels) {
    return of("label").stream().allMatch(wanted -> labelHolds(labels, wanted))
        && of("label!").stream().noneMatch(wanted -> labelHolds(labels, wanted));
  }

  /**
   * @throws EngineException INVALID when a key is none of {@code known}
   */
  public void requireKnown(Set<String> known) {
    for (var key : values.keySet()) {
      if (!known.contains(key)) {
        throw EngineException.invalid(
            "invalid filter '" + key + "'", "use one of " + new TreeSet<>(known));
      }
    }
  }

  /**
   * @throws EngineException INVALID when {@code key} is filtered on by anything but true or false
   */
  public void requireTruth(String key) {
    for (var word : of(key)) {
      if (!Set.of("1", "0", "true", "false", "True", "False", "TRUE", "FALSE").contains(word)) {
        throw EngineException.invalid(
            "Invalid filter '" + key + "=[" + word + "]'", "use true or false");
      }
    }
  }

  private static boolean labelHolds(Map<String, String> labels, String wanted) {
    int equals = wanted.indexOf('=');
    return equals < 0
        ? labels.containsKey(wanted)
        : wanted.substring(equals + 1).equals(labels.get(wanted.substring(0, equals)));
  }
}
