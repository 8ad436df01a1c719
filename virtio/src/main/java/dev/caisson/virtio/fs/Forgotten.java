/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.virtio.device.DeviceQueue;
import java.util.concurrent.TimeUnit;

/**
 * Serves the queue of requests that nobody waits for: a guest that removes files sends one for
 * each. It is told of many at once, since each interrupt costs it more than the request did; none
 * waits for longer than {@link #MILLIS}, for an unmount waits for all. Used by one thread.
 */
final class Forgotten {
  private static final int MILLIS = 10;
  private static final int MOST = 128; // of a ring of 1024, which must not run out

  private int untold;
  private long since;

  void serve(DeviceQueue queue, DeviceQueue.Server server) {
    int more = queue.serveQuietly(server);
    if (more == 0) {
      return;
    }
    long now = System.nanoTime();
    if (untold == 0) {
      since = now;
    }
    untold += more;
    if (untold >= MOST || now - since >= TimeUnit.MILLISECONDS.toNanos(MILLIS)) {
      tell(queue);
    }
  }

  /** How long the guest may be left untold if it sends nothing more, in microseconds. */
  int patience() {
    return untold > 0 ? MILLIS * 1000 : -1;
  }

  void tell(DeviceQueue queue) {
    if (untold > 0) {
      untold = 0;
      queue.flush();
    }
  }
}
