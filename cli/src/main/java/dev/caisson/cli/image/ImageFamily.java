/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import dev.caisson.cli.command.CommandProvider;
import dev.caisson.cli.command.EngineCommand;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** What is done to images, and how they come from registries, archives, builds and containers. */
public final class ImageFamily implements CommandProvider {
  @Override
  public Map<String, Supplier<? extends EngineCommand>> commands() {
    var commands = new HashMap<String, Supplier<? extends EngineCommand>>(images());
    commands.put("commit", NewImageCommands.Commit::new);
    commands.put("container commit", NewImageCommands.Commit::new);
    commands.put("export", ArchiveCommands.Export::new);
    commands.put("container export", ArchiveCommands.Export::new);
    return commands;
  }

  private static Map<String, Supplier<? extends EngineCommand>> images() {
    return Map.ofEntries(
        Map.entry("build", BuildCommands.Build::new),
        Map.entry("image build", BuildCommands.Build::new),
        Map.entry("builder build", BuildCommands.Build::new),
        Map.entry("builder prune", BuildCommands.Prune::new),
        Map.entry("images", ImageCommands.Ls::new),
        Map.entry("rmi", ImageCommands.Remove::new),
        Map.entry("pull", RegistryCommands.Pull::new),
        Map.entry("push", RegistryCommands.Push::new),
        Map.entry("login", LoginCommands.Login::new),
        Map.entry("logout", LoginCommands.Logout::new),
        Map.entry("tag", ImageCommands.Tag::new),
        Map.entry("history", ImageCommands.History::new),
        Map.entry("load", ArchiveCommands.Load::new),
        Map.entry("save", ArchiveCommands.Save::new),
        Map.entry("import", ArchiveCommands.Import::new),
        Map.entry("image ls", ImageCommands.Ls::new),
        Map.entry("image rm", ImageCommands.Remove::new),
        Map.entry("image pull", RegistryCommands.Pull::new),
        Map.entry("image push", RegistryCommands.Push::new),
        Map.entry("image tag", ImageCommands.Tag::new),
        Map.entry("image history", ImageCommands.History::new),
        Map.entry("image load", ArchiveCommands.Load::new),
        Map.entry("image save", ArchiveCommands.Save::new),
        Map.entry("image import", ArchiveCommands.Import::new),
        Map.entry("image build-base", NewImageCommands.BuildBase::new));
  }
}
