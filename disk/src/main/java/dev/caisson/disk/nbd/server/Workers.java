/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads for requests that would keep others waiting, shared by all connections of a server.
 * Platform threads: file reads hold their thread in the kernel, and a virtual thread would only
 * borrow one to do the same.
 */
public final class Workers implements AutoCloseable {
  private static final int THREADS = 16;

  private final ThreadPoolExecutor threads;

  public Workers(String name) {
    var factory = Thread.ofPlatform().daemon().name(name + "-worker-", 0).factory();
    threads =
        new ThreadPoolExecutor(
            THREADS, THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
    threads.allowCoreThreadTimeOut(true);
  }

  void run(Runnable task) {
    threads.execute(task);
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
