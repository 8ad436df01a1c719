/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The functions that Go's templates have, and those that docker adds. Values are plain ones. */
final class TemplateFunctions {
  static final Set<String> NAMES =
      Set.of(
          "and",
          "or",
          "not",
          "eq",
          "ne",
          "lt",
          "le",
          "gt",
          "ge",
          "len",
          "index",
          "slice",
          "print",
          "printf",
          "println",
          "json",
          "join",
          "split",
          "lower",
          "upper",
          "title",
          "pad",
          "truncate");

  /** A method of docker's rows, which no template can call by this name. */
  static final String LABEL = "Label";

  private TemplateFunctions() {}

  static @Nullable Object call(String name, List<@Nullable Object> values) {
    require(name, values, 1);
    var first = values.getFirst();
    return switch (name) {
      case "and" -> values.stream().filter(v -> !truthy(v)).findFirst().orElse(values.getLast());
      case "or" ->
          values.stream().filter(TemplateFunctions::truthy).findFirst().orElse(values.getLast());
      case "not" -> !truthy(first);
      case "eq" -> values.stream().skip(1).anyMatch(other -> compare(name, first, other) == 0);
      case "ne" -> compare(name, first, second(name, values)) != 0;
      case "lt" -> compare(name, first, second(name, values)) < 0;
      case "le" -> compare(name, first, second(name, values)) <= 0;
      case "gt" -> compare(name, first, second(name, values)) > 0;
      case "ge" -> compare(name, first, second(name, values)) >= 0;
      case "len" -> length(first);
      case "index" -> index(values);
      case "slice" -> slice(values);
      case "json" -> Json.compact(first);
      case LABEL -> label(show(first), show(second(name, values)));
      case "print" -> values.stream().map(TemplateFunctions::show).collect(Collectors.joining());
      case "println" ->
          values.stream().map(TemplateFunctions::show).collect(Collectors.joining(" ", "", "\n"));
      case "printf" -> format(show(first), values.subList(1, values.size()));
      default -> words(name, first, values);
    };
  }

  /** Of labels in one line, {@code a=b,c=d}: a piece without = goes on with the value before. */
  private static String label(String labels, String key) {
    var value = new StringBuilder();
    boolean found = false;
    for (var piece : labels.split(",", -1)) {
      boolean begins = piece.contains("=");
      if (found && begins) {
        break;
      }
      if (found) {
        value.append(',').append(piece);
      } else if (piece.startsWith(key + "=")) {
        found = true;
        value.append(piece.substring(key.length() + 1));
      }
    }
    return value.toString();
  }

  private static Object words(String name, @Nullable Object first, List<@Nullable Object> values) {
    var text = show(first);
    return switch (name) {
      case "join" ->
          elements(first).stream()
              .map(TemplateFunctions::show)
              .collect(Collectors.joining(show(second(name, values))));
      case "split" ->
          List.of(text.split(java.util.regex.Pattern.quote(show(second(name, values))), -1));
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "title" ->
          text.isEmpty() ? text : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
      case "pad" -> {
        require(name, values, 3);
        yield text.isEmpty()
            ? text
            : " ".repeat(number(values.get(1))) + text + " ".repeat(number(values.get(2)));
      }
      case "truncate" -> text.substring(0, Math.min(text.length(), number(second(name, values))));
      default -> throw TemplateException.unreadable("function \"" + name + "\" not defined");
    };
  }

  private static void require(String name, List<@Nullable Object> values, int count) {
    if (values.size() < count) {
      throw TemplateException.unfit(
          "wrong number of args for " + name + ": want at least " + count);
    }
  }

  private static @Nullable Object second(String name, List<@Nullable Object> values) {
    require(name, values, 2);
    return values.get(1);
  }

  private static int number(@Nullable Object value) {
    try {
      return Integer.parseInt(show(value));
    } catch (NumberFormatException e) {
      throw TemplateException.unfit(show(value) + " is no number");
    }
  }

  private static int compare(String name, @Nullable Object one, @Nullable Object other) {
    if (one instanceof Number left && other instanceof Number right) {
      return Double.compare(left.doubleValue(), right.doubleValue());
    }
    if (one == null || other == null || one.getClass() != other.getClass() && mixed(one, other)) {
      if (name.equals("eq") || name.equals("ne")) {
        return Objects.equals(one, other) ? 0 : 1;
      }
      throw TemplateException.unfit(
          "error calling " + name + ": incompatible types for comparison");
    }
    return show(one).compareTo(show(other));
  }

  private static boolean mixed(Object one, Object other) {
    return one instanceof Number
        || other instanceof Number
        || one instanceof Boolean
        || other instanceof Boolean;
  }

  private static int length(@Nullable Object value) {
    return switch (value) {
      case String text -> text.length();
      case Collection<?> list -> list.size();
      case Map<?, ?> map -> map.size();
      case null, default -> throw TemplateException.unfit("error calling len: " + show(value));
    };
  }

  private static @Nullable Object index(List<@Nullable Object> values) {
    var value = values.getFirst();
    for (var key : values.subList(1, values.size())) {
      value =
          switch (value) {
            case Map<?, ?> map -> map.get(show(key));
            case Collection<?> list -> element(new ArrayList<>(list), number(key));
            case null, default ->
                throw TemplateException.unfit("error calling index: index of " + show(value));
          };
    }
    return value;
  }

  private static @Nullable Object element(List<?> list, int at) {
    if (at < 0 || at >= list.size()) {
      throw TemplateException.unfit("error calling index: index out of range: " + at);
    }
    return list.get(at);
  }

  private static Object slice(List<@Nullable Object> values) {
    int size = length(values.getFirst());
    int from = values.size() > 1 ? number(values.get(1)) : 0;
    int to = values.size() > 2 ? number(values.get(2)) : size;
    if (from < 0 || from > to || to > size) {
      throw TemplateException.unfit("error calling slice: index out of range: " + to);
    }
    return values.getFirst() instanceof Collection<?> list
        ? List.copyOf(new ArrayList<>(list).subList(from, to))
        : show(values.getFirst()).substring(from, to);
  }

  /** Go's verbs that Java has not are given as what they come to here. */
  private static String format(String pattern, List<@Nullable Object> values) {
    try {
      return String.format(
          Locale.ROOT,
          pattern.replaceAll("%([-+0-9.]*)[vt]", "%$1s").replaceAll("%q", "\"%s\""),
          values.stream()
              .map(v -> v instanceof Number || v instanceof Boolean ? v : show(v))
              .toArray());
    } catch (java.util.IllegalFormatException e) {
      throw TemplateException.unfit("error calling printf: " + e.getMessage());
    }
  }

  static boolean truthy(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Boolean truth -> truth;
      case Number number -> number.doubleValue() != 0;
      case Collection<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      default -> !value.toString().isEmpty();
    };
  }

  static Collection<?> elements(@Nullable Object value) {
    return switch (value) {
      case null -> List.of();
      case Collection<?> list -> list;
      case Map<?, ?> map -> sorted(map).values();
      default -> throw TemplateException.unfit("range can't iterate over " + show(value));
    };
  }

  /** Maps are walked in the order of their keys. */
  static Map<String, @Nullable Object> sorted(Map<?, ?> map) {
    var sorted = new TreeMap<String, @Nullable Object>();
    map.forEach((key, value) -> sorted.put(String.valueOf(key), value));
    return sorted;
  }

  static String show(@Nullable Object value) {
    return switch (value) {
      case null -> "<no value>";
      case Object[] array -> show(Arrays.asList(array));
      case Collection<?> list ->
          list.stream().map(TemplateFunctions::show).collect(Collectors.joining(" ", "[", "]"));
      case Map<?, ?> map ->
          sorted(map).entrySet().stream()
              .map(entry -> entry.getKey() + ":" + show(entry.getValue()))
              .collect(Collectors.joining(" ", "map[", "]"));
      default -> value.toString();
    };
  }
}
