/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the words of an action as an expression: calls, joined by pipes. */
final class TemplatePipeline {
  private static final int DEEPEST = 100;

  private final List<String> words;
  private int at;
  private int depth;

  private TemplatePipeline(List<String> words) {
    this.words = words;
  }

  static TemplateExpression parse(List<String> words) {
    var pipeline = new TemplatePipeline(words);
    var expression = pipeline.pipes();
    if (pipeline.at < words.size()) {
      throw TemplateException.unreadable("unexpected " + words.get(pipeline.at) + " in command");
    }
    return expression;
  }

  private TemplateExpression pipes() {
    var value = command(Optional.empty());
    while (at < words.size() && words.get(at).equals("|")) {
      at++;
      value = command(Optional.of(value));
    }
    return value;
  }

  /** A function with its arguments, the piped one last; or a single value. */
  private TemplateExpression command(Optional<TemplateExpression> piped) {
    if (at == words.size()) {
      throw TemplateException.unreadable("missing value for command");
    }
    var first = words.get(at);
    if (isName(first)) {
      at++;
      if (!TemplateFunctions.NAMES.contains(first)) {
        throw TemplateException.unreadable("function \"" + first + "\" not defined");
      }
      var arguments = new ArrayList<TemplateExpression>();
      while (at < words.size() && !words.get(at).equals("|") && !words.get(at).equals(")")) {
        arguments.add(operand());
      }
      piped.ifPresent(arguments::add);
      return new TemplateExpression.Call(first, arguments);
    }
    if (first.equals(".Label") && at + 1 < words.size()) {
      at++;
      var labels = new TemplateExpression.Field(new TemplateExpression.Dot(), "Labels");
      return new TemplateExpression.Call(TemplateFunctions.LABEL, List.of(labels, operand()));
    }
    if (piped.isPresent()) {
      throw TemplateException.unreadable("non executable command in pipeline");
    }
    return operand();
  }

  private static boolean isName(String word) {
    return Character.isLetter(word.charAt(0))
        && !word.equals("true")
        && !word.equals("false")
        && !word.equals("nil");
  }

  private TemplateExpression operand() {
    var word = words.get(at++);
    if (word.equals("(")) {
      if (++depth > DEEPEST) {
        throw TemplateException.unreadable("too many brackets");
      }
      var inner = pipes();
      if (at == words.size() || !words.get(at++).equals(")")) {
        throw TemplateException.unreadable("unclosed left paren");
      }
      depth--;
      // What follows the bracket at once is a field of what is in it.
      return at < words.size() && words.get(at).matches("\\.\\w.*")
          ? fields(inner, words.get(at++))
          : inner;
    }
    return switch (word.charAt(0)) {
      case '"' -> literal(word.substring(1));
      case '.' ->
          word.equals(".")
              ? new TemplateExpression.Dot()
              : fields(new TemplateExpression.Dot(), word);
      case '$' -> {
        int dot = word.indexOf('.');
        yield dot < 0
            ? new TemplateExpression.Variable(word)
            : fields(new TemplateExpression.Variable(word.substring(0, dot)), word.substring(dot));
      }
      default -> constant(word);
    };
  }

  private static TemplateExpression fields(TemplateExpression of, String path) {
    var expression = of;
    for (var name : path.substring(1).split("\\.", -1)) {
      if (name.isEmpty()) {
        throw TemplateException.unreadable("unexpected <.> in operand");
      }
      expression = new TemplateExpression.Field(expression, name);
    }
    return expression;
  }

  private static TemplateExpression constant(String word) {
    if (word.equals("nil")) {
      return new TemplateExpression.Literal(Optional.empty());
    }
    if (word.equals("true") || word.equals("false")) {
      return literal(word.equals("true"));
    }
    if (isName(word) && TemplateFunctions.NAMES.contains(word)) {
      return new TemplateExpression.Call(word, List.of());
    }
    try {
      return word.indexOf('.') < 0 ? literal(Long.decode(word)) : literal(Double.valueOf(word));
    } catch (NumberFormatException e) {
      throw TemplateException.unreadable(
          Character.isLetter(word.charAt(0))
              ? "function \"" + word + "\" not defined"
              : "unexpected " + word + " in command");
    }
  }

  private static TemplateExpression literal(Object value) {
    return new TemplateExpression.Literal(Optional.of(value));
  }
}
