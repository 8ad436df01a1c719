/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.Feed;
import dev.caisson.engine.instance.Failures;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.view.Stats;
import dev.caisson.sandbox.ability.Measurable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A sample each second. */
final class StatsFeed implements Feed<Stats> {
  private final Instance instance;
  private final BooleanSupplier present;
  private final CountDownLatch closed = new CountDownLatch(1);
  private @Nullable Stats last;

  /**
   * @param present whether the container has not been removed
   */
  StatsFeed(Instance instance, BooleanSupplier present) {
    this.instance = instance;
    this.present = present;
  }

  @Override
  public Optional<Stats> next() {
    try {
      if (last != null && closed.await(1, TimeUnit.SECONDS)) {
        return Optional.empty();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
    if (!present.getAsBoolean() || closed.getCount() == 0) {
      return Optional.empty();
    }
    var sample = sample(instance, Optional.ofNullable(last));
    last = sample;
    return Optional.of(sample);
  }

  @Override
  public void close() {
    closed.countDown();
  }

  /** What it uses now; all zero when it does not run. */
  static Stats sample(Instance instance, Optional<Stats> previous) {
    if (!instance.running()) {
      return nothing(instance);
    }
    var sandbox = instance.requireRunning();
    var usage = usage(instance.ability(sandbox, Measurable.class, "be measured"));
    return new Stats(
        instance.definition().id(),
        instance.definition().name(),
        usage.time(),
        previous.map(Stats::read),
        cpu(usage.cpu()),
        previous.map(Stats::cpu),
        new Stats.Memory(
            usage.memory().usage(),
            usage.memory().peak(),
            usage.memory().limit(),
            usage.memory().failures(),
            usage.memory().details()),
        new Stats.Pids(usage.tasks().current(), Math.max(0, usage.tasks().limit())),
        blockIo(usage.blockDevices()),
        networks(usage.interfaces()));
  }

  private static Measurable.Usage usage(Measurable sandbox) {
    try {
      return sandbox.usage();
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    }
  }

  private static Stats.Cpu cpu(Measurable.Cpu cpu) {
    return new Stats.Cpu(
        cpu.total(),
        cpu.user(),
        cpu.kernel(),
        cpu.host(),
        cpu.online(),
        cpu.periods(),
        cpu.throttledPeriods(),
        cpu.throttledTime());
  }

  private static List<Stats.BlockIo> blockIo(List<Measurable.BlockDevice> devices) {
    var list = new ArrayList<Stats.BlockIo>();
    for (var device : devices) {
      list.add(new Stats.BlockIo(device.major(), device.minor(), "read", device.readBytes()));
      list.add(new Stats.BlockIo(device.major(), device.minor(), "write", device.writtenBytes()));
    }
    return list;
  }

  private static Map<String, Stats.Network> networks(Map<String, Measurable.Interface> found) {
    var networks = new HashMap<String, Stats.Network>();
    found.forEach((name, link) ->
        networks.put(
            name,
            new Stats.Network(
                link.receivedBytes(),
                link.receivedPackets(),
                link.receiveErrors(),
                link.receiveDrops(),
                link.sentBytes(),
                link.sentPackets(),
                link.sendErrors(),
                link.sendDrops())));
    return networks;
  }

  private static Stats nothing(Instance instance) {
    return new Stats(
        instance.definition().id(),
        instance.definition().name(),
        Instant.EPOCH,
        Optional.empty(),
        new Stats.Cpu(0, 0, 0, 0, 0, 0, 0, 0),
        Optional.empty(),
        new Stats.Memory(0, 0, 0, 0, Map.of()),
        new Stats.Pids(0, 0),
        List.of(),
        Map.of());
  }
}
