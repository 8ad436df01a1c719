/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of the route table.
 *
 * @param method GET, HEAD, POST, PUT or DELETE
 * @param template the path, {@code {name}} standing for one segment and {@code {name*}} for one or
 *     more
 * @param note what the compatibility table says of it; empty for "as dockerd"
 */
public record Route(
    String method,
    String template,
    String note,
    Handler handler,
    Pattern pattern,
    List<String> names) {
  private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)(\\*?)}");

  public static Route of(String method, String template, String note, Handler handler) {
    StringBuilder regex = new StringBuilder();
    List<String> names = new ArrayList<>();
    Matcher variable = VARIABLE.matcher(template);
    int last = 0;
    while (variable.find()) {
      regex.append(Pattern.quote(template.substring(last, variable.start())));
      regex.append(variable.group(2).isEmpty() ? "([^/]+)" : "(.+)");
      names.add(variable.group(1));
      last = variable.end();
    }
    regex.append(Pattern.quote(template.substring(last)));
    return new Route(
        method, template, note, handler, Pattern.compile(regex.toString()), List.copyOf(names));
  }

  /** The variables of {@code path}, or empty when it is not this route's. */
  Optional<Map<String, String>> match(String path) {
    Matcher matcher = pattern.matcher(path);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      values.put(names.get(i), matcher.group(i + 1));
    }
    return Optional.of(values);
  }
}
