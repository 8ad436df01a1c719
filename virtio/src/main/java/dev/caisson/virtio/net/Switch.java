/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.linux.net.MacAddress;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Joins guests of this process: a frame is copied once, from the sender's memory to the receiver's,
 * by the sender's queue thread. The kernel never sees it.
 *
 * <p>A sender waits while its receiver has no room, as long as that takes buffers at all; one that
 * takes none for 10 ms loses frames until it does. Group frames wait for nobody.
 */
public final class Switch implements AutoCloseable {
  private static final long PATIENCE_MILLIS = 10;

  private final MacTable table = new MacTable();
  private final List<SwitchPort> ports = new CopyOnWriteArrayList<>();
  private final Map<Long, SwitchPort> reserved = new HashMap<>();
  private final ScheduledExecutorService thread;
  private final long patienceMillis;

  /**
   * @param name of its one thread, which does what no queue's thread should wait for
   */
  public Switch(String name) {
    this(name, PATIENCE_MILLIS);
  }

  /**
   * @param patienceMillis how long a sender waits for a receiver that takes nothing
   */
  Switch(String name, long patienceMillis) {
    this.patienceMillis = patienceMillis;
    thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("switch " + name).daemon().factory());
  }

  /**
   * A place for a guest.
   *
   * @param hardware the only address the guest may send from
   * @param addresses the only network addresses it may send from; empty for any
   * @throws IllegalArgumentException when the hardware address is taken, or names a group
   */
  public synchronized SwitchPort port(MacAddress hardware, Set<InetAddress> addresses) {
    if (Frame.group(hardware.bits()) || reserved.containsKey(hardware.bits())) {
      throw new IllegalArgumentException(
          "hardware address " + hardware + " is taken or names a group");
    }
    var port = new SwitchPort(this, new SourceGuard(hardware, addresses));
    reserved.put(hardware.bits(), port);
    return port;
  }

  /**
   * Joins the switch to the network behind a tap; the answer is closed to part them.
   *
   * @param side closed together with the answer
   */
  public AutoCloseable trunk(NetworkSide side) {
    return new Trunk(new SwitchPort(this, null), side);
  }

  MacTable table() {
    return table;
  }

  List<SwitchPort> ports() {
    return ports;
  }

  synchronized void join(SwitchPort port) {
    if (!ports.contains(port)) {
      ports.add(port);
    }
    table.give(ports.stream().filter(one -> !one.isTrunk()).toList());
  }

  synchronized void leave(SwitchPort port) {
    ports.remove(port);
    table.give(ports.stream().filter(one -> !one.isTrunk()).toList());
    table.forget(port);
  }

  synchronized void release(SwitchPort port) {
    reserved.remove(port.hardware(), port);
  }

  void execute(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException closed) {
      return; // nobody is served any more
    }
  }

  void afterPatience(Runnable task) {
    try {
      var _ = thread.schedule(task, patienceMillis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      return;
    }
  }

  /** Ports are their devices' to close. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
