/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.format.Json;
import dev.caisson.cli.format.Template;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** All about one thing, as JSON or by a template. */
final class InspectCommands {
  private InspectCommands() {}

  /** Things of one kind, or of the first kind that has the name. */
  abstract static class Inspecting extends EngineCommand {
    @Option(
        names = {"-f", "--format"},
        paramLabel = "FORMAT",
        defaultValue = "",
        description = "json or a template")
    String format = "";

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "name or id")
    List<String> names = new ArrayList<>();

    final int show(Function<String, Map<String, Object>> find) {
      var found = new ArrayList<Map<String, Object>>();
      int code = 0;
      for (var name : names) {
        try {
          found.add(find.apply(name));
        } catch (EngineException e) {
          ErrorText.print(console().err(), e);
          code = FAILED;
        }
      }
      if (format.isEmpty()) {
        print(Json.pretty(found));
      } else if (format.equals("json")) {
        print(Json.compact(found));
      } else {
        var template = Template.parse(format);
        found.forEach(document -> print(template.render(document)));
      }
      return code;
    }
  }

  @Command(name = "inspect", description = "All about containers, images, networks or volumes")
  static final class Any extends Inspecting {
    @Option(
        names = "--type",
        paramLabel = "KIND",
        defaultValue = "",
        description = "container, image, network, volume")
    String type = "";

    @Option(
        names = {"-s", "--size"},
        description = "with a container's sizes")
    boolean sizes;

    @Override
    public Integer call() {
      return show(this::find);
    }

    private Map<String, Object> find(String name) {
      var kinds =
          List.<Map.Entry<String, Function<String, Map<String, Object>>>>of(
              Map.entry(
                  "container", n -> Documents.container(engine().containers().inspect(n, sizes))),
              Map.entry("image", n -> Documents.image(engine().images().inspect(n))),
              Map.entry("network", n -> Documents.network(engine().networks().inspect(n))),
              Map.entry("volume", n -> Documents.volume(engine().volumes().inspect(n))));
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
      return show(name -> Documents.container(engine().containers().inspect(name, false)));
    }
  }

  @Command(name = "inspect", description = "All about images")
  static final class Image extends Inspecting {
    @Override
    public Integer call() {
      return show(name -> Documents.image(engine().images().inspect(name)));
    }
  }

  @Command(name = "inspect", description = "All about networks")
  static final class Network extends Inspecting {
    @Override
    public Integer call() {
      return show(name -> Documents.network(engine().networks().inspect(name)));
    }
  }

  @Command(name = "inspect", description = "All about volumes")
  static final class Volume extends Inspecting {
    @Override
    public Integer call() {
      return show(name -> Documents.volume(engine().volumes().inspect(name)));
    }
  }

  /** For commands that count what exists. */
  static Filters none() {
    return Filters.none();
  }
}
