/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.device;

import dev.caisson.cli.command.CommandProvider;
import dev.caisson.cli.command.EngineCommand;
import java.util.Map;
import java.util.function.Supplier;

/** {@code caisson device ...}: our device models for machines of other VMMs. */
public final class DeviceCommands implements CommandProvider {
  @Override
  public Map<String, Supplier<? extends EngineCommand>> commands() {
    return Map.of(
        "device fs", LendTree::new, "device block", LendDisk::new, "device net", LendNetwork::new);
  }
}
