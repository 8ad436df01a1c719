/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Changes of one container happen one after the other, in the order they were asked for. Whoever
 * has the turn may take it again.
 */
final class Turns {
  private final ReentrantLock lock = new ReentrantLock(true);

  /**
   * Waits for the turn and works.
   *
   * @throws dev.caisson.engine.EngineException whatever the work threw, in the engine's words
   */
  <T> T get(Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #get}, for work without a result. */
  void run(Runnable work) {
    lock.lock();
    try {
      work.run();
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }
}
