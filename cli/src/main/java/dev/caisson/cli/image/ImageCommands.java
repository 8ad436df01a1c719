/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.HumanSize;
import dev.caisson.cli.format.HumanTime;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.option.FilterOption;
import dev.caisson.cli.option.ListOptions;
import dev.caisson.cli.option.WholeOption;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.view.ImageDeletion;
import dev.caisson.engine.view.ImageHistory;
import dev.caisson.engine.view.ImageSummary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about images that are here. */
final class ImageCommands {
  private ImageCommands() {}

  @Command(name = "ls", description = "List images")
  static final class Ls extends EngineCommand {
    @Mixin FilterOption filter = new FilterOption();

    @Option(
        names = {"-a", "--all"},
        description = "also those in between")
    boolean all;

    @Mixin ListOptions list = new ListOptions();
    @Mixin WholeOption texts = new WholeOption();

    @Option(names = "--digests", description = "with digests of manifests")
    boolean digests;

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "only images of this name")
    Optional<String> name = Optional.empty();

    @Override
    public Integer call() {
      var filters = filter.filters();
      if (name.isPresent()) {
        filters = filters.with("reference", name.get());
      }
      var images = engine().images().list(all, filters);
      if (list.quiet) {
        images.forEach(image -> print(texts.id(image.id())));
        return 0;
      }
      var table = new Table().column("Repository", "REPOSITORY").column("Tag", "TAG");
      if (digests) {
        table.column("Digest", "DIGEST");
      }
      table.column("ID", "IMAGE ID").column("CreatedSince", "CREATED").column("Size", "SIZE");
      images.forEach(image -> rows(image).forEach(table::row));
      table.print(console().out(), list.format.text);
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
      row.put("ID", texts.id(image.id()));
      row.put("Repository", tag.substring(0, colon));
      row.put("Size", HumanSize.decimal(image.size()));
      row.put("Tag", tag.substring(colon + 1));
      return row;
    }
  }

  @Command(name = "rm", description = "Remove images")
  static final class Remove extends EngineCommand {
    @Option(
        names = {"-f", "--force"},
        description = "also when stopped containers use them")
    boolean force;

    @Option(names = "--no-prune", description = "keep untagged parents")
    boolean noPrune;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "name or id")
    List<String> images = new ArrayList<>();

    @Override
    public Integer call() {
      int code = 0;
      for (var image : images) {
        try {
          engine().images().remove(image, force, !noPrune).forEach(gone -> print(text(gone)));
        } catch (EngineException e) {
          if (!force || e.kind() != EngineException.Kind.NOT_FOUND) {
            tell(e);
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
    @Parameters(index = "0", paramLabel = "IMAGE", description = "name or id")
    String image = "";

    @Parameters(index = "1", paramLabel = "NAME", description = "of the image")
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

    @Mixin ListOptions list = new ListOptions();
    @Mixin WholeOption texts = new WholeOption();

    @Parameters(paramLabel = "IMAGE", description = "name or id")
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
      return list.print(
          console().out(), engine().images().history(image), table, this::id, this::row);
    }

    private String id(ImageHistory step) {
      return step.id().startsWith("<") ? step.id() : texts.id(step.id());
    }

    private Map<String, Object> row(ImageHistory step) {
      var row = new LinkedHashMap<String, Object>();
      row.put("ID", id(step));
      row.put("CreatedSince", HumanTime.ago(step.created()));
      row.put("CreatedAt", step.created().toString());
      row.put(
          "CreatedBy",
          texts.text(step.createdBy().replace('\n', ' ').replace('\t', ' '), SHORT_TEXT));
      row.put("Size", HumanSize.decimal(step.size()));
      row.put("Comment", step.comment());
      return row;
    }
  }
}
