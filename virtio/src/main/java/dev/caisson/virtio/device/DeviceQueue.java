/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.device;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.VirtQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A queue in use: its ring, and how to tell the driver of answers. A device that works on one queue
 * from several threads holds the queue's monitor meanwhile.
 */
public final class DeviceQueue {
  private final VirtQueue ring;
  private final Runnable interrupt;
  private final Consumer<VirtioException> broken;

  /**
   * @param interrupt tells the driver to look at the used ring; must not block
   * @param broken told when a device found the guest at fault outside of a kick
   */
  public DeviceQueue(VirtQueue ring, Runnable interrupt, Consumer<VirtioException> broken) {
    this.ring = ring;
    this.interrupt = interrupt;
    this.broken = broken;
  }

  /** Answers one request. */
  @FunctionalInterface
  public interface Server {
    /**
     * @return bytes written to the chain's writable part
     */
    long serve(Chain chain);
  }

  public VirtQueue ring() {
    return ring;
  }

  public @Nullable Chain poll() {
    return ring.poll();
  }

  public void complete(Chain chain, long written) {
    ring.complete(chain, written);
  }

  /** Tells the driver of completed chains if it wants to know. */
  public void flush() {
    if (ring.wantsInterrupt()) {
      interrupt.run();
    }
  }

  /** Serves every request in the queue, and those that come meanwhile. */
  public synchronized void serveAll(Server server) {
    do {
      ring.disableKicks();
      boolean any = false;
      for (Chain chain = ring.poll(); chain != null; chain = ring.poll()) {
        ring.complete(chain, server.serve(chain));
        any = true;
      }
      if (any) {
        flush();
      }
    } while (ring.enableKicks());
  }

  /** Marks the device broken until the driver resets it. */
  public void fail(VirtioException fault) {
    broken.accept(fault);
  }
}
