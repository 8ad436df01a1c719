/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.host;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.container.SnapshotCommands;
import dev.caisson.cli.format.Json;
import dev.caisson.cli.format.Template;
import dev.caisson.cli.format.TemplateException;
import dev.caisson.cli.option.DocumentFormat;
import dev.caisson.engine.EngineException;
import dev.caisson.server.docker.InspectDocument;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** All about one thing, as JSON or by a template. */
final class InspectCommands {
  private InspectCommands() {}

  private static final int UNREADABLE = 64; // as docker, sysexits.h EX_USAGE

  /** Things of one kind, or of the first kind that has the name. */
  abstract static class Inspecting extends EngineCommand {
    @Mixin DocumentFormat format = new DocumentFormat();

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "name or id")
    List<String> names = new ArrayList<>();

    final Map<String, @Nullable Object> snapshot(String name) {
      return new LinkedHashMap<>(SnapshotCommands.document(engine().snapshots().inspect(name)));
    }

    final int show(Function<String, Map<String, @Nullable Object>> find) {
      var found = new ArrayList<Map<String, @Nullable Object>>();
      int code = 0;
      for (var name : names) {
        try {
          found.add(find.apply(name));
        } catch (EngineException e) {
          tell(e);
          code = FAILED;
        }
      }
      if (format.text.isEmpty()) {
        print(Json.pretty(found));
      } else if (format.text.equals("json")) {
        print(Json.compact(found));
      } else {
        code = templated(found, code);
      }
      return code;
    }

    private int templated(List<Map<String, @Nullable Object>> found, int code) {
      try {
        var template = Template.parse(format.text);
        found.forEach(document -> print(template.render(document)));
        return code;
      } catch (TemplateException e) {
        if (!e.isUnreadable()) {
          throw e;
        }
        console().err().println("caisson: " + e.getMessage());
        return UNREADABLE;
      }
    }
  }

  @Command(name = "inspect", description = "All about containers, images, networks or volumes")
  static final class Any extends Inspecting {
    @Option(
        names = "--type",
        paramLabel = "KIND",
        defaultValue = "",
        description = "container, image, network, volume, snapshot")
    String type = "";

    @Option(
        names = {"-s", "--size"},
        description = "with a container's sizes")
    boolean sizes;

    @Override
    public Integer call() {
      return show(this::find);
    }

    private Map<String, @Nullable Object> find(String name) {
      var kinds =
          List.<Map.Entry<String, Function<String, Map<String, @Nullable Object>>>>of(
              Map.entry(
                  "container",
                  n -> InspectDocument.container(engine().containers().inspect(n, sizes))),
              Map.entry("image", n -> InspectDocument.image(engine().images().inspect(n))),
              Map.entry("network", n -> InspectDocument.network(engine().networks().inspect(n))),
              Map.entry("volume", n -> InspectDocument.volume(engine().volumes().inspect(n))),
              Map.entry("snapshot", n -> snapshot(n)));
      for (var kind : kinds) {
        if (type.isEmpty() || type.equals(kind.getKey())) {
          try {
            return kind.getValue().apply(name);
          } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.NOT_FOUND) {
              throw e;
            }
          }
        }
      }
      throw EngineException.notFound("No such " + (type.isEmpty() ? "object" : type) + ": " + name);
    }
  }

  @Command(name = "inspect", description = "All about containers")
  static final class Container extends Inspecting {
    @Override
    public Integer call() {
      return show(name -> InspectDocument.container(engine().containers().inspect(name, false)));
    }
  }

  @Command(name = "inspect", description = "All about images")
  static final class Image extends Inspecting {
    @Override
    public Integer call() {
      return show(name -> InspectDocument.image(engine().images().inspect(name)));
    }
  }

  @Command(name = "inspect", description = "All about networks")
  static final class Network extends Inspecting {
    @Override
    public Integer call() {
      return show(name -> InspectDocument.network(engine().networks().inspect(name)));
    }
  }

  @Command(name = "inspect", description = "All about volumes")
  static final class Volume extends Inspecting {
    @Override
    public Integer call() {
      return show(name -> InspectDocument.volume(engine().volumes().inspect(name)));
    }
  }

  @Command(name = "inspect", description = "All about snapshots")
  static final class Snapshot extends Inspecting {
    @Override
    public Integer call() {
      return show(this::snapshot);
    }
  }
}
