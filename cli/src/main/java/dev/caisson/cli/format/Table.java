/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows under titles, in one of the ways people ask for: an aligned table, {@code json}, or a
 * template of their own (after {@code table }, aligned too).
 */
public final class Table {
  private static final int GAP = 3;
  private static final int NARROWEST = 7; // docker's columns are 10 wide with the gap

  private final int narrowest;
  private final Map<String, String> titles = new LinkedHashMap<>();
  private final List<Map<String, Object>> rows = new ArrayList<>();

  public Table() {
    this(NARROWEST);
  }

  /**
   * @param narrowest letters of a column, the gap not counted
   */
  public Table(int narrowest) {
    this.narrowest = narrowest;
  }

  /** A column of the standard table. */
  public Table column(String field, String title) {
    titles.put(field, title);
    return this;
  }

  /** A row may have more fields than there are columns; templates can show them. */
  public Table row(Map<String, Object> fields) {
    rows.add(fields);
    return this;
  }

  /**
   * @param format empty for the standard table
   */
  public void print(PrintStream out, String format) {
    if (format.equals("json")) {
      rows.forEach(row -> out.println(Json.compact(row)));
    } else if (format.isEmpty() || format.equals("table")) {
      aligned(out, new ArrayList<>(titles.values()), cells());
    } else if (format.startsWith("table ")) {
      templated(out, format.substring("table ".length()));
    } else {
      var template = Template.parse(format);
      rows.forEach(row -> out.println(template.render(row)));
    }
  }

  private List<List<String>> cells() {
    return rows.stream()
        .map(row ->
            titles.keySet().stream()
                .map(field -> String.valueOf(row.getOrDefault(field, "")))
                .toList())
        .toList();
  }

  private void templated(PrintStream out, String format) {
    var template = Template.parse(format);
    var heading = new LinkedHashMap<String, Object>();
    rows.forEach(row -> row.keySet().forEach(field -> heading.put(field, title(field))));
    titles.forEach(heading::put);
    var lines = rows.stream().map(row -> List.of(template.render(row).split("\t", -1))).toList();
    var first =
        rows.isEmpty()
            ? List.copyOf(titles.values())
            : List.of(template.render(heading).split("\t", -1));
    aligned(out, first, lines);
  }

  /** {@code CreatedAt} to {@code CREATED AT}. */
  private static String title(String field) {
    return field.replaceAll("([a-z])([A-Z])", "$1 $2").toUpperCase(java.util.Locale.ROOT);
  }

  private void aligned(PrintStream out, List<String> first, List<List<String>> lines) {
    var widths = new int[first.size()];
    Arrays.fill(widths, narrowest);
    measure(widths, first);
    lines.forEach(line -> measure(widths, line));
    print(out, widths, first);
    lines.forEach(line -> print(out, widths, line));
  }

  private static void measure(int[] widths, List<String> cells) {
    for (int i = 0; i < Math.min(widths.length, cells.size()); i++) {
      widths[i] = Math.max(widths[i], cells.get(i).length());
    }
  }

  private static void print(PrintStream out, int[] widths, List<String> cells) {
    var line = new StringBuilder();
    for (int i = 0; i < cells.size(); i++) {
      line.append(cells.get(i));
      if (i < cells.size() - 1 && i < widths.length) {
        line.repeat(' ', widths[i] - cells.get(i).length() + GAP);
      }
    }
    out.println(line.toString().stripTrailing());
  }
}
