/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.device;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.Lookout;
import dev.caisson.virtio.queue.VirtQueue;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A queue in use: its ring, and how to tell the driver of answers. A device that works on one queue
 * from several threads holds the queue's monitor meanwhile.
 */
public final class DeviceQueue {
  private final @Nullable VirtQueue ring;
  private final @Nullable Lookout lookout;
  private final Runnable interrupt;
  private final Consumer<VirtioException> broken;

  /**
   * @param interrupt tells the driver to look at the used ring; must not block
   * @param broken told when a device found the guest at fault outside of a kick
   */
  public DeviceQueue(VirtQueue ring, Runnable interrupt, Consumer<VirtioException> broken) {
    this(ring, interrupt, broken, Lookout.VIRTUALIZED);
  }

  /**
   * @param look the longest that the next request is looked for
   */
  public DeviceQueue(
      VirtQueue ring, Runnable interrupt, Consumer<VirtioException> broken, Duration look) {
    this.ring = ring;
    this.lookout = new Lookout(ring, look);
    this.interrupt = interrupt;
    this.broken = broken;
  }

  private DeviceQueue() {
    this.ring = null;
    this.lookout = null;
    this.interrupt = () -> {};
    this.broken = fault -> {};
  }

  /** A queue the driver did not enable: always empty. */
  public static DeviceQueue absent() {
    return new DeviceQueue();
  }

  /** Answers one request. */
  @FunctionalInterface
  public interface Server {
    /**
     * @return bytes written to the chain's writable part
     */
    long serve(Chain chain);
  }

  /** The next request, or null. */
  public @Nullable Chain poll() {
    return ring == null ? null : ring.poll();
  }

  /**
   * @param written bytes put at the front of the chain's writable part
   */
  public void complete(Chain chain, long written) {
    Objects.requireNonNull(ring).complete(chain, written);
  }

  /** Hands several chains back at once: the driver sees all of them or none. */
  public void completeAll(Chain[] chains, long[] written, int count) {
    Objects.requireNonNull(ring).completeAll(chains, written, count);
  }

  /** Takes back the last polled chain, which the device has not touched. */
  public void putBack(Chain chain) {
    Objects.requireNonNull(ring).putBack(chain);
  }

  /** Asks for a kick with the next request; true when one came meanwhile. */
  public boolean enableKicks() {
    return ring != null && ring.enableKicks();
  }

  public void disableKicks() {
    if (ring != null) {
      ring.disableKicks();
    }
  }

  /** Descriptors there is room for; 0 if the queue is absent. */
  public int size() {
    return ring == null ? 0 : ring.size();
  }

  /** The guest's memory, if the queue is there. */
  public Optional<GuestMemory> memory() {
    return Optional.ofNullable(ring).map(VirtQueue::memory);
  }

  /** Where the device stands, if the queue is there. */
  public OptionalInt position() {
    return ring == null ? OptionalInt.empty() : OptionalInt.of(ring.position());
  }

  /**
   * Tells the driver of completed chains if it wants to know.
   *
   * @return whether it did
   */
  public boolean flush() {
    boolean wanted = ring != null && ring.wantsInterrupt();
    if (wanted) {
      interrupt.run();
    }
    return wanted;
  }

  /** Serves every request in the queue, and those that come meanwhile. */
  public void serveAll(Server server) {
    serve(server, Long.MAX_VALUE, true, null);
  }

  /**
   * As {@link #serveAll}, and looks a while for the next request where the driver waits for one
   * before it makes another; of an exchange of at least {@code large} bytes it hears before the
   * next is worked on.
   */
  public void serveAndLook(Server server, long large) {
    serve(server, large, true, lookout);
  }

  /**
   * As {@link #serveAll}, but leaves it to a later {@link #flush} to tell the driver of requests
   * that wanted no answer.
   *
   * @return how many of those there were
   */
  public int serveQuietly(Server server) {
    return serve(server, Long.MAX_VALUE, false, null);
  }

  private synchronized int serve(
      Server server, long large, boolean tell, @Nullable Lookout looking) {
    int untold = 0;
    if (looking != null) {
      looking.woken();
    }
    do {
      disableKicks();
      boolean awaited = false;
      for (Chain chain = poll(); chain != null; chain = poll()) {
        long written = server.serve(chain);
        complete(chain, written);
        if (tell || chain.writable().length() > 0) {
          awaited = true;
        } else {
          untold++;
        }
        if (written + chain.readable().length() >= large) {
          flush();
          awaited = false;
        }
      }
      if (awaited) {
        flush();
        untold = 0;
      }
    } while ((looking != null && looking.finds()) || enableKicks());
    return untold;
  }

  /** Marks the device broken until the driver resets it. */
  public void fail(VirtioException fault) {
    broken.accept(fault);
  }
}
