/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;

/** What a start has opened so far: taken back in reverse when it fails. */
final class Opened {
  private static final System.Logger LOG = System.getLogger(Opened.class.getName());

  private final Deque<AutoCloseable> resources = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T resource) {
    resources.push(resource);
    return resource;
  }

  void addAll(Collection<? extends AutoCloseable> several) {
    several.forEach(resources::push);
  }

  /** The last first; what cannot be closed keeps nothing else from it. */
  void takeBack() {
    for (AutoCloseable resource : resources) {
      try {
        resource.close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.DEBUG, "closing", e);
      }
    }
  }
}
