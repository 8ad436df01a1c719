/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of Go's templates that people use with docker: {@code {{.A.B}}}, {@code {{json .A}}},
 * {@code {{len .A}}}, {@code {{upper .A}}}, {@code {{lower .A}}}, {@code {{index .A "key"}}},
 * {@code {{join .A ","}}}, {@code {{range .A}}…{{end}}}, {@code {{if .A}}…{{else}}…{{end}}}.
 */
public final class Template {
  private final List<Node> nodes;

  private Template(List<Node> nodes) {
    this.nodes = nodes;
  }

  private sealed interface Node {
    record Text(String text) implements Node {}

    record Value(List<String> words) implements Node {}

    record Range(List<String> words, List<Node> body) implements Node {}

    record If(List<String> words, List<Node> body, List<Node> otherwise) implements Node {}
  }

  /**
   * @throws IllegalArgumentException saying what is not understood
   */
  public static Template parse(String text) {
    var parser = new Parser(text.replace("\\t", "\t").replace("\\n", "\n"));
    var nodes = parser.nodes();
    if (!parser.stoppedBy.isEmpty()) {
      throw new IllegalArgumentException("unexpected {{" + parser.stoppedBy + "}}");
    }
    return new Template(nodes);
  }

  public String render(Object data) {
    var out = new StringBuilder();
    render(nodes, data, out);
    return out.toString();
  }

  private static void render(List<Node> nodes, @Nullable Object data, StringBuilder out) {
    for (var node : nodes) {
      switch (node) {
        case Node.Text literal -> out.append(literal.text());
        case Node.Value value -> out.append(show(evaluate(value.words(), data)));
        case Node.If branch ->
            render(
                truthy(evaluate(branch.words(), data)) ? branch.body() : branch.otherwise(),
                data,
                out);
        case Node.Range range -> {
          for (var element : elements(evaluate(range.words(), data))) {
            render(range.body(), element, out);
          }
        }
      }
    }
  }

  private static Collection<?> elements(@Nullable Object value) {
    return switch (value) {
      case null -> List.of();
      case Collection<?> list -> list;
      case Map<?, ?> map -> map.values();
      default -> throw new IllegalArgumentException("range over " + value);
    };
  }

  private static boolean truthy(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Boolean truth -> truth;
      case Number number -> number.doubleValue() != 0;
      case Collection<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      default -> !value.toString().isEmpty();
    };
  }

  private static @Nullable Object evaluate(List<String> words, @Nullable Object data) {
    var first = words.getFirst();
    if (words.size() == 1) {
      return operand(first, data);
    }
    var value = operand(words.get(1), data);
    return switch (first) {
      case "json" -> Json.compact(value);
      case "len" -> value instanceof String text ? text.length() : elements(value).size();
      case "upper" -> show(value).toUpperCase(Locale.ROOT);
      case "lower" -> show(value).toLowerCase(Locale.ROOT);
      case "title" -> title(show(value));
      case "println" -> show(value) + "\n";
      case "print" -> show(value);
      case "not" -> !truthy(value);
      case "index" -> index(value, show(operand(words.get(2), data)));
      case "join" ->
          String.join(
              show(operand(words.get(2), data)),
              elements(value).stream().map(Template::show).toList());
      case "eq" -> show(value).equals(show(operand(words.get(2), data)));
      case "ne" -> !show(value).equals(show(operand(words.get(2), data)));
      default -> throw new IllegalArgumentException("function \"" + first + "\" not defined");
    };
  }

  private static String title(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  private static @Nullable Object index(@Nullable Object value, String key) {
    if (value instanceof Map<?, ?> map) {
      return map.get(key);
    }
    return value instanceof List<?> list ? list.get(Integer.parseInt(key)) : null;
  }

  private static @Nullable Object operand(String word, @Nullable Object data) {
    if (word.startsWith("\"")) {
      return word.substring(1, word.length() - 1);
    }
    if (word.equals(".")) {
      return data;
    }
    if (!word.startsWith(".")) {
      return word;
    }
    var value = data;
    for (var name : word.substring(1).split("\\.")) {
      if (!(value instanceof Map<?, ?> map)) {
        return null;
      }
      if (!map.containsKey(name)) {
        throw new IllegalArgumentException("can't evaluate field " + name + " in " + map.keySet());
      }
      value = map.get(name);
    }
    return value;
  }

  private static String show(@Nullable Object value) {
    return switch (value) {
      case null -> "<no value>";
      case Collection<?> list ->
          "[" + String.join(" ", list.stream().map(Template::show).toList()) + "]";
      case Map<?, ?> map -> "map" + map.entrySet().stream().map(Object::toString).toList();
      default -> value.toString();
    };
  }

  private static final class Parser {
    private final String text;
    private int at;
    private String stoppedBy = "";

    Parser(String text) {
      this.text = text;
    }

    /** Up to {@code end}, {@code else} or the end of the text. */
    List<Node> nodes() {
      var found = new ArrayList<Node>();
      stoppedBy = "";
      while (at < text.length()) {
        int open = text.indexOf("{{", at);
        if (open < 0) {
          found.add(new Node.Text(text.substring(at)));
          at = text.length();
          break;
        }
        if (open > at) {
          found.add(new Node.Text(text.substring(at, open)));
        }
        int close = text.indexOf("}}", open);
        if (close < 0) {
          throw new IllegalArgumentException("unclosed {{");
        }
        at = close + 2;
        var words = words(text.substring(open + 2, close));
        if (words.isEmpty()) {
          throw new IllegalArgumentException("missing value for {{}}");
        }
        if (words.equals(List.of("end")) || words.equals(List.of("else"))) {
          stoppedBy = words.getFirst();
          return found;
        }
        found.add(node(words));
      }
      return found;
    }

    private Node node(List<String> words) {
      var rest = words.subList(1, words.size());
      if (words.getFirst().equals("range")) {
        var body = nodes();
        requireEnd();
        return new Node.Range(rest, body);
      }
      if (words.getFirst().equals("if")) {
        var body = nodes();
        List<Node> otherwise = List.of();
        if (stoppedBy.equals("else")) {
          otherwise = nodes();
        }
        requireEnd();
        return new Node.If(rest, body, otherwise);
      }
      return new Node.Value(words);
    }

    private void requireEnd() {
      if (!stoppedBy.equals("end")) {
        throw new IllegalArgumentException("missing {{end}}");
      }
      stoppedBy = "";
    }

    private static List<String> words(String action) {
      var words = new ArrayList<String>();
      var plain = action.strip().replaceAll("^- | -$", "");
      int at = 0;
      while (at < plain.length()) {
        if (plain.charAt(at) == ' ') {
          at++;
          continue;
        }
        int end;
        if (plain.charAt(at) == '"') {
          end = plain.indexOf('"', at + 1) + 1;
          if (end == 0) {
            throw new IllegalArgumentException("unterminated quoted string");
          }
        } else {
          end = plain.indexOf(' ', at) < 0 ? plain.length() : plain.indexOf(' ', at);
        }
        words.add(plain.substring(at, end));
        at = end;
      }
      return words;
    }
  }
}
