/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import dev.caisson.engine.EngineException;

/**
 * Whether the engine starts a container again.
 *
 * @param maximumRetries for {@link Name#ON_FAILURE}; 0 for no limit
 */
public record RestartPolicy(Name name, int maximumRetries) {
  /** When. */
  public enum Name {
    NO("no"),
    ALWAYS("always"),
    UNLESS_STOPPED("unless-stopped"),
    ON_FAILURE("on-failure");

    private final String text;

    Name(String text) {
      this.text = text;
    }

    /** As Docker spells it. */
    @Override
    public String toString() {
      return text;
    }
  }

  public static RestartPolicy no() {
    return new RestartPolicy(Name.NO, 0);
  }

  /** Reads {@code no}, {@code always}, {@code unless-stopped}, {@code on-failure[:N]}. */
  public static RestartPolicy parse(String text) {
    int colon = text.indexOf(':');
    var word = colon < 0 ? text : text.substring(0, colon);
    for (var name : Name.values()) {
      if (name.text.equals(word) && (colon < 0 || name == Name.ON_FAILURE)) {
        return new RestartPolicy(name, colon < 0 ? 0 : retries(text.substring(colon + 1)));
      }
    }
    if (word.isEmpty()) {
      return no();
    }
    throw EngineException.invalid(
        "invalid restart policy '" + text + "'",
        "use no, always, unless-stopped or on-failure[:RETRIES]");
  }

  private static int retries(String digits) {
    try {
      int count = Integer.parseInt(digits);
      if (count >= 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // told below, like a negative count
    }
    throw EngineException.invalid(
        "invalid restart count '" + digits + "'", "use a whole number, 0 or more");
  }
}
