/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns the text of a Dockerfile into logical lines: directives, comments, continuations and
 * here-documents.
 */
final class LineReader {
  private static final Pattern DIRECTIVE =
      Pattern.compile("^#\\s*([a-zA-Z][a-zA-Z0-9]*)\\s*=\\s*(.+?)\\s*$");
  private static final Pattern HEREDOC =
      Pattern.compile("<<(-?)(['\"]?)([a-zA-Z_][a-zA-Z0-9_.]*)\\2(?=\\s|$|[;|>&)])");
  private static final Set<String> TAKES_HEREDOCS = Set.of("RUN", "COPY", "ADD");

  private final List<String> lines;
  private final char escape;
  private int next;

  private LineReader(List<String> lines, char escape, int next) {
    this.lines = lines;
    this.escape = escape;
    this.next = next;
  }

  /** What a Dockerfile says before its first instruction, and the instructions. */
  record Text(char escape, List<LogicalLine> lines) {}

  static Text read(String text) {
    String body = text.startsWith("\uFEFF") ? text.substring(1) : text;
    List<String> lines = body.lines().toList();
    char escape = '\\';
    int first = 0;
    for (; first < lines.size(); first++) {
      Matcher directive = DIRECTIVE.matcher(lines.get(first));
      if (!directive.matches()) {
        break;
      }
      if (directive.group(1).equalsIgnoreCase("escape")) {
        escape = escapeCharacter(directive.group(2), first + 1);
      }
    }
    LineReader reader = new LineReader(lines, escape, first);
    List<LogicalLine> found = new ArrayList<>();
    for (Optional<LogicalLine> line = reader.line(); line.isPresent(); line = reader.line()) {
      found.add(line.get());
    }
    return new Text(escape, List.copyOf(found));
  }

  private static char escapeCharacter(String value, int line) {
    if (value.equals("\\") || value.equals("`")) {
      return value.charAt(0);
    }
    throw new DockerfileException(line, "the escape directive takes \\ or `, not '" + value + "'");
  }

  private Optional<LogicalLine> line() {
    while (next < lines.size() && isSkipped(lines.get(next))) {
      next++;
    }
    if (next >= lines.size()) {
      return Optional.empty();
    }
    int number = next + 1;
    String joined = joinContinuations().strip();
    int end = 0;
    while (end < joined.length() && !Character.isWhitespace(joined.charAt(end))) {
      end++;
    }
    String keyword = joined.substring(0, end).toUpperCase(Locale.ROOT);
    String rest = joined.substring(end).strip();
    return Optional.of(new LogicalLine(number, keyword, rest, heredocs(keyword, rest, number)));
  }

  private String joinContinuations() {
    StringBuilder joined = new StringBuilder();
    boolean first = true;
    while (next < lines.size()) {
      String line = lines.get(next++);
      if (!first && isSkipped(line)) {
        continue;
      }
      first = false;
      int end = continuationAt(line);
      if (end < 0) {
        return joined.append(line).toString();
      }
      joined.append(line, 0, end);
    }
    return joined.toString();
  }

  /** Where the escape that ends {@code line} stands, or -1 when the line is complete. */
  private int continuationAt(String line) {
    int last = line.length() - 1;
    while (last >= 0 && (line.charAt(last) == ' ' || line.charAt(last) == '\t')) {
      last--;
    }
    return last >= 0 && line.charAt(last) == escape ? last : -1;
  }

  private static boolean isSkipped(String line) {
    String text = line.strip();
    return text.isEmpty() || text.startsWith("#");
  }

  private List<Heredoc> heredocs(String keyword, String rest, int number) {
    boolean onBuild = keyword.equals("ONBUILD");
    if (!TAKES_HEREDOCS.contains(keyword) && !onBuild) {
      return List.of();
    }
    List<Heredoc> found = new ArrayList<>();
    Matcher opener = HEREDOC.matcher(rest);
    while (opener.find()) {
      if (opener.start() > 0 && rest.charAt(opener.start() - 1) == '<') {
        continue; // a here-string
      }
      boolean stripTabs = opener.group(1).equals("-");
      String name = opener.group(3);
      found.add(new Heredoc(name, heredocBody(name, stripTabs, number), opener.group(2).isEmpty()));
    }
    return List.copyOf(found);
  }

  private String heredocBody(String name, boolean stripTabs, int number) {
    StringBuilder body = new StringBuilder();
    while (next < lines.size()) {
      String line = lines.get(next++);
      String text = stripTabs ? line.replaceFirst("^\t+", "") : line;
      if (text.equals(name)) {
        return body.toString();
      }
      body.append(text).append('\n');
    }
    throw new DockerfileException(
        number, "the here-document <<" + name + " is never closed by a line '" + name + "'");
  }
}
