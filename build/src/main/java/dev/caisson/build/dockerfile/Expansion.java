/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Removes quotes and replaces variables in one word.
 *
 * <p>Knows {@code $name}, <code>${name}</code> and the modifiers {@code :- - :+ + :? ? # ## % %% /
 * //} of the Dockerfile reference, section "Environment replacement". An unknown variable is empty.
 */
public final class Expansion {
  private final String word;
  private final char escape;
  private final Function<String, Optional<String>> variables;
  private int at;

  private Expansion(String word, char escape, Function<String, Optional<String>> variables) {
    this.word = word;
    this.escape = escape;
    this.variables = variables;
  }

  /**
   * @throws IllegalArgumentException when a brace or quote is not closed, or a <code>${name:?text}
   *     </code> is not set
   */
  public static String expand(
      String word, char escape, Function<String, Optional<String>> variables) {
    return new Expansion(word, escape, variables).run(true, '\0');
  }

  /** Replaces variables but keeps quotes: the content of here-documents. */
  public static String expandText(
      String text, char escape, Function<String, Optional<String>> variables) {
    return new Expansion(text, escape, variables).run(false, '\0');
  }

  /** Splits, then expands every word. */
  public static List<String> words(
      String text, char escape, Function<String, Optional<String>> variables) {
    List<String> expanded = new ArrayList<>();
    for (String each : Words.split(text, escape)) {
      expanded.add(expand(each, escape, variables));
    }
    return List.copyOf(expanded);
  }

  private String run(boolean quotes, char until) {
    StringBuilder out = new StringBuilder();
    while (at < word.length()) {
      char c = word.charAt(at);
      if (c == until) {
        return out.toString();
      }
      if (quotes && c == '\'') {
        out.append(singleQuoted());
      } else if (quotes && c == '"') {
        at++;
        doubleQuoted(out);
      } else if (c == escape && at + 1 < word.length()) {
        escaped(out, quotes);
      } else if (c == '$') {
        out.append(variable());
      } else {
        out.append(c);
        at++;
      }
    }
    if (until != '\0') {
      throw new IllegalArgumentException("'" + word + "' has no closing " + until);
    }
    return out.toString();
  }

  private void escaped(StringBuilder out, boolean quotes) {
    char next = word.charAt(at + 1);
    if (!quotes && next != '$' && next != escape) {
      out.append(escape); // in text only \$ and \\ are escapes
    }
    out.append(next);
    at += 2;
  }

  private String singleQuoted() {
    int end = word.indexOf('\'', at + 1);
    if (end < 0) {
      throw new IllegalArgumentException("'" + word + "' has no closing single quote");
    }
    String text = word.substring(at + 1, end);
    at = end + 1;
    return text;
  }

  private void doubleQuoted(StringBuilder out) {
    while (at < word.length()) {
      char c = word.charAt(at);
      if (c == '"') {
        at++;
        return;
      }
      if (c == '$') {
        out.append(variable());
      } else if (c == escape && at + 1 < word.length()) {
        char next = word.charAt(at + 1);
        if (next != '"' && next != '$' && next != escape) {
          out.append(c);
        }
        out.append(next);
        at += 2;
      } else {
        out.append(c);
        at++;
      }
    }
    throw new IllegalArgumentException("'" + word + "' has no closing double quote");
  }

  private String variable() {
    at++; // $
    if (at >= word.length()) {
      return "$";
    }
    if (word.charAt(at) == '{') {
      at++;
      return braced();
    }
    String name = name();
    return name.isEmpty() ? "$" : variables.apply(name).orElse("");
  }

  private String name() {
    int start = at;
    while (at < word.length()
        && (Character.isLetterOrDigit(word.charAt(at)) || word.charAt(at) == '_')) {
      at++;
      if (at == start + 1 && Character.isDigit(word.charAt(start))) {
        break; // positional parameters have one digit
      }
    }
    return word.substring(start, at);
  }

  private String braced() {
    String name = name();
    if (name.isEmpty() || at >= word.length()) {
      return refuse("'" + word + "' has a ${ without a name and a closing brace");
    }
    char first = word.charAt(at++);
    Optional<String> value = variables.apply(name);
    if (first == '}') {
      return value.orElse("");
    }
    boolean colon = first == ':';
    if (colon && at >= word.length()) {
      return refuse("'" + word + "' has no closing brace");
    }
    char operator = colon ? word.charAt(at++) : first;
    boolean doubled =
        !colon && at < word.length() && word.charAt(at) == operator && "#%/".indexOf(operator) >= 0;
    if (doubled) {
      at++;
    }
    boolean present = value.filter(text -> !colon || !text.isEmpty()).isPresent();
    String operand = run(true, operator == '/' ? '/' : '}');
    String second = "";
    if (operator == '/') {
      at++;
      second = run(true, '}');
    }
    at++; // }
    String text = value.orElse("");
    return switch (operator) {
      case '-' -> present ? text : operand;
      case '+' -> present ? operand : "";
      case '?' ->
          present ? text : refuse(name + ": " + (operand.isEmpty() ? "is not set" : operand));
      case '#' -> withoutPrefix(text, operand, doubled);
      case '%' -> withoutSuffix(text, operand, doubled);
      case '/' -> replaced(text, operand, second, doubled);
      default -> refuse("'" + word + "' has an unknown modifier '" + operator + "'");
    };
  }

  private static String refuse(String reason) {
    throw new IllegalArgumentException(reason);
  }

  private static String withoutPrefix(String value, String glob, boolean longest) {
    Pattern pattern = Pattern.compile(regex(glob), Pattern.DOTALL);
    for (int i = 0; i <= value.length(); i++) {
      int end = longest ? value.length() - i : i;
      if (pattern.matcher(value.substring(0, end)).matches()) {
        return value.substring(end);
      }
    }
    return value;
  }

  private static String withoutSuffix(String value, String glob, boolean longest) {
    Pattern pattern = Pattern.compile(regex(glob), Pattern.DOTALL);
    for (int i = 0; i <= value.length(); i++) {
      int start = longest ? i : value.length() - i;
      if (pattern.matcher(value.substring(start)).matches()) {
        return value.substring(0, start);
      }
    }
    return value;
  }

  private static String replaced(String value, String glob, String with, boolean all) {
    var matcher = Pattern.compile(regex(glob), Pattern.DOTALL).matcher(value);
    String literal = java.util.regex.Matcher.quoteReplacement(with);
    return all ? matcher.replaceAll(literal) : matcher.replaceFirst(literal);
  }

  private static String regex(String glob) {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      switch (c) {
        case '*' -> regex.append(".*");
        case '?' -> regex.append('.');
        default -> regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return regex.toString();
  }
}
