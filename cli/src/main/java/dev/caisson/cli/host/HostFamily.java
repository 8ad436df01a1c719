/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.host;

import dev.caisson.cli.command.CommandProvider;
import dev.caisson.cli.command.EngineCommand;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What is done to the host that containers share: networks, volumes, kernels, the engine itself.
 */
public final class HostFamily implements CommandProvider {
  @Override
  public Map<String, Supplier<? extends EngineCommand>> commands() {
    return Map.ofEntries(
        Map.entry("container inspect", InspectCommands.Container::new),
        Map.entry("container prune", PruneCommands.Containers::new),
        Map.entry("prune", PruneCommands.Everything::new),
        Map.entry("inspect", InspectCommands.Any::new),
        Map.entry("volume ls", VolumeCommands.Ls::new),
        Map.entry("volume create", VolumeCommands.Create::new),
        Map.entry("volume rm", VolumeCommands.Remove::new),
        Map.entry("volume inspect", InspectCommands.Volume::new),
        Map.entry("volume prune", PruneCommands.Volumes::new),
        Map.entry("kernel ls", KernelCommands.Ls::new),
        Map.entry("kernel fetch", KernelCommands.Fetch::new),
        Map.entry("kernel build", KernelCommands.Build::new),
        Map.entry("kernel add", KernelCommands.Add::new),
        Map.entry("kernel use", KernelCommands.Use::new),
        Map.entry("kernel rm", KernelCommands.Remove::new),
        Map.entry("version", SystemCommands.Version::new),
        Map.entry("info", SystemCommands.Info::new),
        Map.entry("compare", CompareCommand::new),
        Map.entry("doctor", SystemCommands.Doctor::new),
        Map.entry("system info", SystemCommands.Info::new),
        Map.entry("system df", SystemCommands.Usage::new),
        Map.entry("system prune", PruneCommands.Everything::new),
        Map.entry("snapshot inspect", InspectCommands.Snapshot::new),
        Map.entry("image inspect", InspectCommands.Image::new),
        Map.entry("image prune", PruneCommands.Images::new),
        Map.entry("network ls", NetworkCommands.Ls::new),
        Map.entry("network create", NetworkCommands.Create::new),
        Map.entry("network rm", NetworkCommands.Remove::new),
        Map.entry("network connect", NetworkCommands.Connect::new),
        Map.entry("network disconnect", NetworkCommands.Disconnect::new),
        Map.entry("network inspect", InspectCommands.Network::new),
        Map.entry("network prune", PruneCommands.Networks::new));
  }
}
