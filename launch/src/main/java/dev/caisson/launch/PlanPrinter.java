/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Shows a plan to people as a table, and to programs as JSON. */
public final class PlanPrinter {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final JsonMapper MAPPER = JsonMapper.shared();

  /** Of an action on one line, in characters. */
  private static final int LONGEST = 100;

  /** Numbers that people read in octal. */
  private static final Set<String> PERMISSIONS = Set.of("mode", "mask");

  private PlanPrinter() {}

  /**
   * A step in a few lines: position, side, name and what is done; then its reason, unless it is the
   * one above. A long action has an argument a line.
   */
  public static String table(LaunchPlan plan) {
    int nameWidth = plan.steps().stream().mapToInt(s -> s.name().length()).max().orElse(0);
    var text = new StringBuilder();
    int position = 0;
    String said = "";
    for (Step step : plan.steps()) {
      position++;
      String start =
          String.format(
              "%3d  %-7s  %-" + nameWidth + "s  ",
              position,
              lower(step.side().name()),
              step.name());
      String indent = "\n" + " ".repeat(start.length());
      text.append(start).append(String.join(indent + "  ", lines(step.action())));
      String reason = Reasons.of(step);
      if (!reason.equals(said)) {
        text.append(indent).append("because ").append(reason);
      }
      said = reason;
      text.append('\n');
    }
    return text.toString();
  }

  private static List<String> lines(Action action) {
    String whole = describe(action);
    if (whole.length() <= LONGEST) {
      return List.of(whole);
    }
    var lines = new ArrayList<String>();
    lines.add(action.getClass().getSimpleName());
    for (String argument : arguments(action)) {
      lines.addAll(
          argument.length() <= LONGEST ? List.of(argument) : List.of(argument.split("(?<=,) ")));
    }
    return lines;
  }

  /** An array with an object a step: position, side, name, why, action, arguments. */
  public static String json(LaunchPlan plan) {
    var array = NODES.arrayNode();
    int position = 0;
    for (Step step : plan.steps()) {
      position++;
      ObjectNode node = NODES.objectNode();
      node.put("step", position).put("side", lower(step.side().name())).put("name", step.name());
      node.put("why", Reasons.of(step));
      node.put("action", step.action().getClass().getSimpleName());
      node.set("arguments", toJson(step.action()));
      array.add(node);
    }
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(array);
  }

  /**
   * An action as one line, such as {@code Mount type=proc target=/proc}; empty arguments are left
   * out.
   */
  public static String describe(Action action) {
    String arguments = String.join(" ", arguments(action));
    String name = action.getClass().getSimpleName();
    return arguments.isEmpty() ? name : name + " " + arguments;
  }

  private static List<String> arguments(Action action) {
    return Components.of(action.getClass()).all().stream()
        .map(c -> argument(c.name(), c.read((Record) action)))
        .filter(text -> !text.isEmpty())
        .toList();
  }

  private static String argument(String name, Object value) {
    return switch (value) {
      case Boolean truth -> truth ? name : "";
      case Integer bits when PERMISSIONS.contains(name) -> "%s=%04o".formatted(name, bits);
      case Optional<?> optional -> optional.map(v -> argument(name, v)).orElse("");
      case Collection<?> empty when empty.isEmpty() -> "";
      case String empty when empty.isEmpty() -> "";
      case Propagation same when same == Propagation.UNCHANGED -> "";
      default -> name + "=" + text(value);
    };
  }

  private static String text(Object value) {
    return switch (value) {
      case Set<?> set ->
          sorted(set).stream().map(PlanPrinter::text).collect(Collectors.joining(","));
      case List<?> list ->
          list.stream().map(PlanPrinter::text).collect(Collectors.joining(", ", "[", "]"));
      case Enum<?> constant -> lower(constant.name());
      case Handle handle -> handle.toString();
      case IdMap map -> map.inside() + "→" + map.outside() + "×" + map.count();
      case FileAction.Sysctl sysctl -> sysctl.path() + "=" + sysctl.value();
      case ProcessAction.Limit limit ->
          lower(limit.resource().name()) + ":" + limit.soft() + ":" + limit.hard();
      case Record record ->
          Components.of(record.getClass()).all().stream()
              .map(c -> argument(c.name(), c.read(record)))
              .filter(part -> !part.isEmpty())
              .collect(Collectors.joining(" ", "(", ")"));
      default -> value.toString();
    };
  }

  private static JsonNode toJson(Object value) {
    return switch (value) {
      case Integer number -> NODES.numberNode(number);
      case Long number -> NODES.numberNode(number);
      case Boolean truth -> NODES.booleanNode(truth);
      case Enum<?> constant -> NODES.stringNode(lower(constant.name()));
      case Handle handle -> NODES.stringNode(handle.toString());
      case Set<?> set -> array(sorted(set));
      case List<?> list -> array(list);
      case Optional<?> optional -> optional.map(PlanPrinter::toJson).orElse(NODES.nullNode());
      case Record record -> {
        ObjectNode node = NODES.objectNode();
        Components.of(record.getClass())
            .all()
            .forEach(c -> node.set(c.name(), toJson(c.read(record))));
        yield node;
      }
      default -> NODES.stringNode(value.toString());
    };
  }

  private static JsonNode array(Collection<?> values) {
    var array = NODES.arrayNode();
    values.forEach(value -> array.add(toJson(value)));
    return array;
  }

  /** Sets have no order of their own; printing needs one that never changes. */
  private static List<Enum<?>> sorted(Set<?> constants) {
    return constants.stream()
        .map(constant -> (Enum<?>) constant)
        .sorted((a, b) -> a.name().compareTo(b.name()))
        .collect(Collectors.toList());
  }

  private static String lower(String constant) {
    return constant.toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
