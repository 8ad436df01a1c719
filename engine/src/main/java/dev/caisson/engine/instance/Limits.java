/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.spec.ResourceSpec;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Old limits with new ones over them. */
final class Limits {
  private Limits() {}

  static ResourceSpec merge(ResourceSpec old, ResourceSpec changed) {
    return new ResourceSpec(
        or(changed.memory(), old.memory()),
        or(changed.memoryReservation(), old.memoryReservation()),
        or(changed.memorySwap(), old.memorySwap()),
        or(changed.memorySwappiness(), old.memorySwappiness()),
        or(changed.kernelMemory(), old.kernelMemory()),
        changed.oomKillDisable() || old.oomKillDisable(),
        old.oomScoreAdjustment(),
        or(changed.cpuShares(), old.cpuShares()),
        or(changed.cpuPeriod(), old.cpuPeriod()),
        or(changed.cpuQuota(), old.cpuQuota()),
        or(changed.cpuRealtimePeriod(), old.cpuRealtimePeriod()),
        or(changed.cpuRealtimeRuntime(), old.cpuRealtimeRuntime()),
        or(changed.nanoCpus(), old.nanoCpus()),
        or(changed.cpusetCpus(), old.cpusetCpus()),
        or(changed.cpusetMems(), old.cpusetMems()),
        or(changed.pids(), old.pids()),
        or(changed.blkioWeight(), old.blkioWeight()),
        changed.blkioWeightDevices().isEmpty()
            ? old.blkioWeightDevices()
            : changed.blkioWeightDevices(),
        changed.blkioRates().isEmpty() ? old.blkioRates() : changed.blkioRates(),
        old.ulimits(),
        old.devices(),
        old.deviceRules(),
        old.deviceRequests());
  }

  /** Docker's clients send 0 for what is not to change. */
  private static OptionalLong or(OptionalLong changed, OptionalLong old) {
    return changed.isPresent() && changed.getAsLong() != 0 ? changed : old;
  }

  private static OptionalInt or(OptionalInt changed, OptionalInt old) {
    return changed.isPresent() && changed.getAsInt() != 0 ? changed : old;
  }

  private static Optional<String> or(Optional<String> changed, Optional<String> old) {
    return changed.filter(text -> !text.isEmpty()).or(() -> old);
  }
}
