/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.option.ProgressOption;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that move images between here and registries. */
final class RegistryCommands {
  private RegistryCommands() {}

  @Command(name = "pull", description = "Fetch an image from a registry")
  static final class Pull extends EngineCommand {
    @Option(names = "--platform", paramLabel = "OS/ARCH", description = "where the image runs")
    Optional<String> platform = Optional.empty();

    @Mixin ProgressOption progress = new ProgressOption();

    @Parameters(paramLabel = "IMAGE", description = "[REGISTRY/]NAME[:TAG]")
    String image = "";

    @Override
    public Integer call() {
      progress.show(
          console(),
          listener -> engine().images().pull(image, platform, logins().forImage(image), listener));
      print(image);
      return 0;
    }
  }

  @Command(name = "push", description = "Send an image to a registry")
  static final class Push extends EngineCommand {
    @Mixin ProgressOption progress = new ProgressOption();

    @Parameters(paramLabel = "IMAGE", description = "[REGISTRY/]NAME[:TAG]")
    String image = "";

    @Override
    public Integer call() {
      progress.show(
          console(), listener -> engine().images().push(image, logins().forImage(image), listener));
      return 0;
    }
  }
}
