/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.ArrayList;
import java.util.List;

/** Reads a template's text: what is outside braces, and the actions between them. */
final class TemplateParser {
  private static final String SPACE = "[ \\t\\r\\n]+";

  private final String text;
  private int at;
  private boolean trimNext;

  /** The action that ended the last list of nodes: end, else, else if, or nothing. */
  private List<String> ended = List.of();

  private TemplateParser(String text) {
    this.text = text;
  }

  static List<TemplateNode> parse(String text) {
    var parser = new TemplateParser(text);
    var nodes = parser.nodes();
    if (!parser.ended.isEmpty()) {
      throw TemplateException.unreadable("unexpected {{" + parser.ended.getFirst() + "}}");
    }
    return nodes;
  }

  private List<TemplateNode> nodes() {
    var found = new ArrayList<TemplateNode>();
    ended = List.of();
    while (at < text.length()) {
      int open = text.indexOf("{{", at);
      if (open < 0) {
        literal(found, text.substring(at), false);
        at = text.length();
        break;
      }
      int close = close(open + 2);
      var action = text.substring(open + 2, close);
      boolean trimBefore = action.matches("(?s)-\\s.*");
      literal(found, text.substring(at, open), trimBefore);
      at = close + 2;
      trimNext = action.matches("(?s).*\\s-");
      action = action.substring(trimBefore ? 1 : 0, action.length() - (trimNext ? 1 : 0));
      if (action.strip().startsWith("/*")) {
        continue;
      }
      var words = TemplateWords.of(action);
      if (words.isEmpty()) {
        throw TemplateException.unreadable("missing value for command");
      }
      if (words.getFirst().equals("end") || words.getFirst().equals("else")) {
        ended = words;
        return found;
      }
      found.add(node(words));
    }
    return found;
  }

  private void literal(List<TemplateNode> found, String between, boolean trimEnd) {
    var plain = trimNext ? between.replaceFirst("^" + SPACE, "") : between;
    plain = trimEnd ? plain.replaceFirst(SPACE + "$", "") : plain;
    trimNext = false;
    if (!plain.isEmpty()) {
      found.add(new TemplateNode.Text(plain));
    }
  }

  /** Where the action ends; braces in a text do not end it. */
  private int close(int from) {
    char quote = 0;
    for (int i = from; i < text.length(); i++) {
      char letter = text.charAt(i);
      if (quote != 0) {
        i += letter == '\\' && quote == '"' ? 1 : 0;
        quote = letter == quote ? 0 : quote;
      } else if (letter == '"' || letter == '`') {
        quote = letter;
      } else if (text.startsWith("}}", i)) {
        return i;
      }
    }
    throw TemplateException.unreadable("unclosed action");
  }

  private TemplateNode node(List<String> words) {
    var rest = words.subList(1, words.size());
    return switch (words.getFirst()) {
      case "if" -> {
        var expression = TemplatePipeline.parse(rest);
        var body = nodes();
        yield new TemplateNode.If(expression, body, otherwise());
      }
      case "with" -> {
        var expression = TemplatePipeline.parse(rest);
        var body = nodes();
        yield new TemplateNode.With(expression, body, otherwise());
      }
      case "range" -> range(rest);
      case "define", "template", "block", "break", "continue" ->
          throw TemplateException.unreadable("{{" + words.getFirst() + "}} is not supported");
      default ->
          words.size() > 2 && words.get(1).equals(":=")
              ? new TemplateNode.Assign(
                  words.getFirst(), TemplatePipeline.parse(words.subList(2, words.size())))
              : new TemplateNode.Value(TemplatePipeline.parse(words));
    };
  }

  private TemplateNode range(List<String> words) {
    int assigned = words.indexOf(":=");
    var key = "";
    var value = "";
    if (assigned == 1) {
      value = words.getFirst();
    } else if (assigned == 3 && words.get(1).equals(",")) {
      key = words.getFirst();
      value = words.get(2);
    } else if (assigned >= 0) {
      throw TemplateException.unreadable("range can only initialize variables");
    }
    var expression = TemplatePipeline.parse(words.subList(assigned + 1, words.size()));
    var body = nodes();
    return new TemplateNode.Range(key, value, expression, body, otherwise());
  }

  private List<TemplateNode> otherwise() {
    if (ended.isEmpty()) {
      throw TemplateException.unreadable("unexpected EOF: missing {{end}}");
    }
    if (ended.getFirst().equals("end")) {
      ended = List.of();
      return List.of();
    }
    if (ended.size() > 1) { // {{else if ...}}: the inner one takes the end
      return List.of(node(ended.subList(1, ended.size())));
    }
    var nodes = nodes();
    if (ended.isEmpty() || !ended.getFirst().equals("end")) {
      throw TemplateException.unreadable("unexpected EOF: missing {{end}}");
    }
    ended = List.of();
    return nodes;
  }
}
