/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.option.ChangeOptions;
import dev.caisson.cli.option.ProgressOption;
import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that read images from archives, and write images and files to them. */
final class ArchiveCommands {
  private ArchiveCommands() {}

  @Command(name = "load", description = "Read images from an archive")
  static final class Load extends EngineCommand {
    @Option(
        names = {"-i", "--input"},
        paramLabel = "FILE",
        description = "instead of standard input")
    Optional<String> input = Optional.empty();

    @Mixin ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
      if (input.isEmpty() && console().isTerminal(0)) {
        throw EngineException.invalid(
            "requested load from stdin, but stdin is empty", "caisson image load --input FILE");
      }
      try (var archive = ArchivePaths.input(input, console())) {
        progress.show(
            console(),
            listener ->
                engine()
                    .images()
                    .load(archive, listener)
                    .forEach(name -> print("Loaded image: " + name)));
        return 0;
      } catch (IOException e) {
        throw EngineException.io(
            "cannot read the archive%s: %s"
                .formatted(input.map(name -> " " + name).orElse(""), e.getMessage()),
            e);
      }
    }
  }

  @Command(name = "save", description = "Write images to an archive")
  static final class Save extends EngineCommand {
    @Mixin OutputOption output = new OutputOption();

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "name or id")
    List<String> images = new ArrayList<>();

    @Override
    public Integer call() {
      return ArchivePaths.toOutput(
          output.file, console(), out -> engine().images().save(images, out));
    }
  }

  @Command(name = "import", description = "Make an image of a root file system")
  static final class Import extends EngineCommand {
    @Mixin ChangeOptions change = new ChangeOptions();

    @Option(names = "--platform", paramLabel = "OS/ARCH", description = "where the image runs")
    Optional<String> platform = Optional.empty();

    @Parameters(index = "0", paramLabel = "FILE|-", description = "a tar; - for standard input")
    String file = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "of the image")
    Optional<String> name = Optional.empty();

    @Override
    public Integer call() {
      var source = file.equals("-") ? Optional.<String>empty() : Optional.of(file);
      try (var tar = ArchivePaths.input(source, console())) {
        print(engine().images().importRoot(tar, name, change.message, change.changes, platform));
        return 0;
      } catch (IOException e) {
        throw EngineException.io("cannot read " + file + ": " + e.getMessage(), e);
      }
    }
  }

  @Command(name = "export", description = "Write a container's files to an archive")
  static final class Export extends EngineCommand {
    @Mixin OutputOption output = new OutputOption();

    @Parameters(paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Override
    public Integer call() {
      return ArchivePaths.toOutput(
          output.file, console(), out -> engine().containers().export(container, out));
    }
  }
}
