/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.format.HumanSize;
import dev.caisson.cli.format.HumanTime;
import dev.caisson.cli.format.ProgressBars;
import dev.caisson.cli.format.Table;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.ImageDeletion;
import dev.caisson.engine.view.ImageSummary;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about images. */
final class ImageCommands {
  private ImageCommands() {}

  private static String shortId(String id) {
    var digits = id.substring(id.indexOf(':') + 1);
    return digits.substring(0, Math.min(12, digits.length()));
  }

  @Command(name = "ls", description = "List images")
  static final class Ls extends EngineCommand {
    @Mixin FilterOption filter = new FilterOption();

    @Option(
        names = {"-a", "--all"},
        description = "also those in between")
    boolean all;

    @Option(
        names = {"-q", "--quiet"},
        description = "only ids")
    boolean quiet;

    @Option(names = "--no-trunc")
    boolean whole;

    @Option(names = "--digests")
    boolean digests;

    @Option(names = "--format", defaultValue = "")
    String format = "";

    @Parameters(arity = "0..1", paramLabel = "NAME")
    Optional<String> name = Optional.empty();

    @Override
    public Integer call() {
      var filters = filter.filters();
      if (name.isPresent()) {
        filters = filters.with("reference", name.get());
      }
      var images = engine().images().list(all, filters);
      if (quiet) {
        images.forEach(image -> print(whole ? image.id() : shortId(image.id())));
        return 0;
      }
      var table = new Table().column("Repository", "REPOSITORY").column("Tag", "TAG");
      if (digests) {
        table.column("Digest", "DIGEST");
      }
      table.column("ID", "IMAGE ID").column("CreatedSince", "CREATED").column("Size", "SIZE");
      images.forEach(image -> rows(image).forEach(table::row));
      table.print(console().out(), format);
      return 0;
    }

    private List<Map<String, Object>> rows(ImageSummary image) {
      var names = image.tags().isEmpty() ? List.of("<none>:<none>") : image.tags();
      return names.stream().map(tag -> row(image, tag)).toList();
    }

    private Map<String, Object> row(ImageSummary image, String tag) {
      int colon = tag.lastIndexOf(':');
      var row = new LinkedHashMap<String, Object>();
      row.put("Containers", image.containers() < 0 ? "N/A" : image.containers());
      row.put("CreatedAt", image.created().toString());
      row.put("CreatedSince", HumanTime.ago(image.created()));
      var digest = image.digests().isEmpty() ? "<none>" : image.digests().getFirst();
      row.put("Digest", digest.substring(digest.indexOf('@') + 1));
      row.put("ID", whole ? image.id() : shortId(image.id()));
      row.put("Repository", tag.substring(0, colon));
      row.put("Size", HumanSize.decimal(image.size()));
      row.put("Tag", tag.substring(colon + 1));
      return row;
    }
  }

  @Command(name = "pull", description = "Fetch an image from a registry")
  static final class Pull extends EngineCommand {
    @Option(names = "--platform", paramLabel = "OS/ARCH")
    Optional<String> platform = Optional.empty();

    @Option(
        names = {"-q", "--quiet"},
        description = "without progress")
    boolean quiet;

    @Parameters(paramLabel = "IMAGE")
    String image = "";

    @Override
    public Integer call() {
      transfer(
          quiet,
          this,
          listener -> engine().images().pull(image, platform, RegistryAuth.configured(), listener));
      print(image);
      return 0;
    }
  }

  @Command(name = "push", description = "Send an image to a registry")
  static final class Push extends EngineCommand {
    @Option(
        names = {"-q", "--quiet"},
        description = "without progress")
    boolean quiet;

    @Parameters(paramLabel = "IMAGE")
    String image = "";

    @Override
    public Integer call() {
      transfer(
          quiet,
          this,
          listener -> engine().images().push(image, RegistryAuth.configured(), listener));
      return 0;
    }
  }

  private static void transfer(
      boolean quiet, EngineCommand command, Consumer<ProgressListener> work) {
    if (quiet) {
      work.accept(ProgressListener.SILENT);
      return;
    }
    var bars = new ProgressBars(command.console());
    work.accept(bars);
    bars.finish();
  }

  @Command(name = "rm", description = "Remove images")
  static final class Remove extends EngineCommand {
    @Option(
        names = {"-f", "--force"},
        description = "also when stopped containers use them")
    boolean force;

    @Option(names = "--no-prune", description = "keep untagged parents")
    boolean noPrune;

    @Parameters(arity = "1..*", paramLabel = "IMAGE")
    List<String> images = new ArrayList<>();

    @Override
    public Integer call() {
      int code = 0;
      for (var image : images) {
        try {
          engine().images().remove(image, force, !noPrune).forEach(gone -> print(text(gone)));
        } catch (EngineException e) {
          if (!force || e.kind() != EngineException.Kind.NOT_FOUND) {
            ErrorText.print(console().err(), e);
            code = FAILED;
          }
        }
      }
      return code;
    }

    private static String text(ImageDeletion gone) {
      return switch (gone) {
        case ImageDeletion.Untagged untagged -> "Untagged: " + untagged.reference();
        case ImageDeletion.Deleted deleted -> "Deleted: " + deleted.id();
      };
    }
  }

  @Command(name = "tag", description = "Give an image a further name")
  static final class Tag extends EngineCommand {
    @Parameters(index = "0", paramLabel = "IMAGE")
    String image = "";

    @Parameters(index = "1", paramLabel = "NAME")
    String name = "";

    @Override
    public Integer call() {
      engine().images().tag(image, name);
      return 0;
    }
  }

  @Command(name = "history", description = "Show how an image was made")
  static final class History extends EngineCommand {
    private static final int SHORT_TEXT = 45;

    @Option(names = "--no-trunc")
    boolean whole;

    @Option(
        names = {"-q", "--quiet"},
        description = "only ids")
    boolean quiet;

    @Option(names = "--format", defaultValue = "")
    String format = "";

    @Parameters(paramLabel = "IMAGE")
    String image = "";

    @Override
    public Integer call() {
      var table =
          new Table()
              .column("ID", "IMAGE")
              .column("CreatedSince", "CREATED")
              .column("CreatedBy", "CREATED BY")
              .column("Size", "SIZE")
              .column("Comment", "COMMENT");
      for (var step : engine().images().history(image)) {
        var id = whole || step.id().startsWith("<") ? step.id() : shortId(step.id());
        if (quiet) {
          print(id);
          continue;
        }
        var row = new LinkedHashMap<String, Object>();
        row.put("ID", id);
        row.put("CreatedSince", HumanTime.ago(step.created()));
        row.put("CreatedAt", step.created().toString());
        row.put("CreatedBy", shortened(step.createdBy()));
        row.put("Size", HumanSize.decimal(step.size()));
        row.put("Comment", step.comment());
        table.row(row);
      }
      if (!quiet) {
        table.print(console().out(), format);
      }
      return 0;
    }

    private String shortened(String text) {
      var line = text.replace('\n', ' ').replace('\t', ' ');
      return whole || line.length() <= SHORT_TEXT ? line : line.substring(0, SHORT_TEXT - 1) + "…";
    }
  }

  @Command(name = "load", description = "Read images from an archive")
  static final class Load extends EngineCommand {
    @Option(
        names = {"-i", "--input"},
        paramLabel = "FILE",
        description = "instead of standard input")
    Optional<String> input = Optional.empty();

    @Option(
        names = {"-q", "--quiet"},
        description = "without progress")
    boolean quiet;

    @Override
    public Integer call() {
      if (input.isEmpty() && console().isTerminal(0)) {
        throw EngineException.invalid(
            "requested load from stdin, but stdin is empty", "caisson image load --input FILE");
      }
      try (var archive = Paths.input(input, console())) {
        transfer(
            quiet,
            this,
            listener ->
                engine()
                    .images()
                    .load(archive, listener)
                    .forEach(name -> print("Loaded image: " + name)));
        return 0;
      } catch (IOException e) {
        throw EngineException.io("cannot read the archive: " + e.getMessage(), e);
      }
    }
  }

  @Command(name = "save", description = "Write images to an archive")
  static final class Save extends EngineCommand {
    @Option(
        names = {"-o", "--output"},
        paramLabel = "FILE",
        description = "instead of standard output")
    Optional<String> output = Optional.empty();

    @Parameters(arity = "1..*", paramLabel = "IMAGE")
    List<String> images = new ArrayList<>();

    @Override
    public Integer call() {
      return Paths.toOutput(output, console(), out -> engine().images().save(images, out));
    }
  }

  @Command(name = "import", description = "Make an image of a root file system")
  static final class Import extends EngineCommand {
    @Option(
        names = {"-c", "--change"},
        paramLabel = "INSTRUCTION")
    List<String> changes = new ArrayList<>();

    @Option(
        names = {"-m", "--message"},
        defaultValue = "")
    String message = "";

    @Option(names = "--platform", paramLabel = "OS/ARCH")
    Optional<String> platform = Optional.empty();

    @Parameters(index = "0", paramLabel = "FILE|-")
    String file = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME")
    Optional<String> name = Optional.empty();

    @Override
    public Integer call() {
      var source = file.equals("-") ? Optional.<String>empty() : Optional.of(file);
      try (var tar = Paths.input(source, console())) {
        print(engine().images().importRoot(tar, name, message, changes, platform));
        return 0;
      } catch (IOException e) {
        throw EngineException.io("cannot read " + file + ": " + e.getMessage(), e);
      }
    }
  }

  @Command(name = "build-base", description = "Make a base image of this distribution's packages")
  static final class BuildBase extends EngineCommand {
    @Option(
        names = {"-t", "--tag"},
        paramLabel = "NAME")
    Optional<String> tag = Optional.empty();

    @Option(
        names = "--include",
        paramLabel = "PACKAGE[,PACKAGE]",
        description = "packages besides the essential ones, for debian")
    String packages = "";

    @Parameters(paramLabel = "busybox|debian")
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
        defaultValue = "")
    String author = "";

    @Option(
        names = {"-c", "--change"},
        paramLabel = "INSTRUCTION")
    List<String> changes = new ArrayList<>();

    @Option(
        names = {"-m", "--message"},
        defaultValue = "")
    String message = "";

    @Option(
        names = {"-p", "--pause"},
        defaultValue = "true",
        arity = "0..1",
        fallbackValue = "true")
    boolean pause = true;

    @Parameters(index = "0", paramLabel = "CONTAINER")
    String container = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME")
    Optional<String> name = Optional.empty();

    @Override
    public Integer call() {
      print(
          engine()
              .containers()
              .commit(
                  container,
                  new CommitSpec(
                      name, author, message, pause, changes, Optional.empty(), Optional.empty())));
      return 0;
    }
  }

  @Command(name = "export", description = "Write a container's files to an archive")
  static final class Export extends EngineCommand {
    @Option(
        names = {"-o", "--output"},
        paramLabel = "FILE",
        description = "instead of standard output")
    Optional<String> output = Optional.empty();

    @Parameters(paramLabel = "CONTAINER")
    String container = "";

    @Override
    public Integer call() {
      return Paths.toOutput(output, console(), out -> engine().containers().export(container, out));
    }
  }

  /** Files the caller names. */
  static final class Paths {
    private Paths() {}

    static InputStream input(Optional<String> file, dev.caisson.cli.console.Console console)
        throws IOException {
      return file.isPresent()
          ? Files.newInputStream(console.directory().resolve(file.get()))
          : console.in();
    }

    static int toOutput(
        Optional<String> file,
        dev.caisson.cli.console.Console console,
        Consumer<OutputStream> work) {
      if (file.isEmpty()) {
        if (console.isTerminal(1)) {
          throw EngineException.invalid(
              "cowardly refusing to save to a terminal", "use -o FILE, or redirect the output");
        }
        work.accept(console.out());
        console.out().flush();
        return 0;
      }
      var path = console.directory().resolve(file.get());
      try (var out = Files.newOutputStream(path)) {
        work.accept(out);
        return 0;
      } catch (IOException e) {
        throw EngineException.io("cannot write " + path + ": " + e.getMessage(), e);
      }
    }
  }
}
