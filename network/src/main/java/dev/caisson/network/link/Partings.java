/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.link;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets go of namespaces several at a time. The kernel takes those apart together: the grace periods
 * it waits for, its look at all connections of the host and its locks, which starts need too, are
 * then one for all of them.
 */
public final class Partings implements AutoCloseable {
  private static final int TOGETHER = 8;
  private static final Duration LONGEST = Duration.ofMillis(100);

  private List<WorkloadNamespace> waiting = new ArrayList<>();
  private boolean closed;

  /** Takes one over, to be closed within a tenth of a second. */
  public void add(WorkloadNamespace namespace) {
    if (isFull(namespace)) {
      closeAll();
    }
  }

  private synchronized boolean isFull(WorkloadNamespace namespace) {
    waiting.add(namespace);
    if (waiting.size() == 1 && !closed) {
      Thread.ofVirtual().name("namespace-partings").start(this::closeLater);
    }
    return closed || waiting.size() >= TOGETHER;
  }

  private void closeLater() {
    try {
      Thread.sleep(LONGEST);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closeAll();
  }

  private void closeAll() {
    taken().forEach(WorkloadNamespace::close);
  }

  private synchronized List<WorkloadNamespace> taken() {
    List<WorkloadNamespace> taken = waiting;
    waiting = new ArrayList<>();
    return taken;
  }

  /** Closes those that wait, and from here on each at once. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    closeAll();
  }
}
