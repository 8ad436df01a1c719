/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

/** Where containers lie in the store. */
public final class Keys {
  public static final String DEFINITIONS = "container/";

  private static final String PROGRESS = "progress/";

  private Keys() {}

  static String definition(String id) {
    return DEFINITIONS + id;
  }

  public static String progress(String id) {
    return PROGRESS + id;
  }
}
