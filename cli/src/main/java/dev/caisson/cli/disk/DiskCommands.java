/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.command.CommandProvider;
import dev.caisson.cli.command.EngineCommand;
import java.util.Map;
import java.util.function.Supplier;

/** {@code caisson disk ...}, for the command table. */
public final class DiskCommands implements CommandProvider {
  @Override
  public Map<String, Supplier<? extends EngineCommand>> commands() {
    return Map.ofEntries(
        Map.entry("disk amend", AmendDisk::new),
        Map.entry("disk bitmap", BitmapDisk::new),
        Map.entry("disk create", CreateDisk::new),
        Map.entry("disk info", InfoDisk::new),
        Map.entry("disk map", MapDisk::new),
        Map.entry("disk check", CheckDisk::new),
        Map.entry("disk convert", ConvertDisk::new),
        Map.entry("disk resize", ResizeDisk::new),
        Map.entry("disk commit", CommitDisk::new),
        Map.entry("disk rebase", RebaseDisk::new),
        Map.entry("disk snapshot", SnapshotDisk::new),
        Map.entry("disk compare", CompareDisk::new),
        Map.entry("disk measure", MeasureDisk::new),
        Map.entry("disk dd", DdDisk::new),
        Map.entry("disk bench", BenchDisk::new),
        Map.entry("disk tree", TreeDisk::new),
        Map.entry("disk serve", ServeDisk::new));
  }
}
