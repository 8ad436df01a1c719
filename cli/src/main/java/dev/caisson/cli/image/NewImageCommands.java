/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.ProgressBars;
import dev.caisson.cli.option.ChangeOptions;
import dev.caisson.engine.spec.CommitSpec;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that make images, {@code build} excepted. */
final class NewImageCommands {
  private NewImageCommands() {}

  @Command(name = "build-base", description = "Make a base image of this distribution's packages")
  static final class BuildBase extends EngineCommand {
    @Option(
        names = {"-t", "--tag"},
        paramLabel = "NAME",
        description = "name of the image")
    Optional<String> tag = Optional.empty();

    @Option(
        names = "--include",
        paramLabel = "PACKAGE[,PACKAGE]",
        description = "packages besides the essential ones, for debian")
    String packages = "";

    @Parameters(paramLabel = "busybox|debian", description = "which one")
    String base = "";

    @Override
    public Integer call() {
      var bars = new ProgressBars(console());
      var id =
          engine().images().buildBase(packages.isEmpty() ? base : base + "+" + packages, tag, bars);
      bars.finish();
      print(id);
      return 0;
    }
  }

  @Command(name = "commit", description = "Make an image of a container's changes")
  static final class Commit extends EngineCommand {
    @Option(
        names = {"-a", "--author"},
        paramLabel = "NAME",
        defaultValue = "",
        description = "who made it")
    String author = "";

    @Mixin ChangeOptions change = new ChangeOptions();

    @Option(
        names = {"-p", "--pause"},
        paramLabel = "true|false",
        defaultValue = "true",
        arity = "0..1",
        fallbackValue = "true",
        description = "let it stand still meanwhile; true unless said otherwise")
    boolean pause = true;

    @Parameters(index = "0", paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "of the image")
    Optional<String> name = Optional.empty();

    @Override
    public Integer call() {
      print(
          engine()
              .containers()
              .commit(
                  container,
                  new CommitSpec(
                      name,
                      author,
                      change.message,
                      pause,
                      change.changes,
                      Optional.empty(),
                      Optional.empty())));
      return 0;
    }
  }
}
