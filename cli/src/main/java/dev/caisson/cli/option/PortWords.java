/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import java.util.ArrayList;
import java.util.List;

/** Ports as people write them after {@code -p} and {@code --expose}. */
public final class PortWords {
  private PortWords() {}

  /** {@code 80}, {@code 8000-8010/udp}. */
  static List<PortSpec> ports(String text) {
    int slash = text.indexOf('/');
    var protocol = slash < 0 ? "" : text.substring(slash);
    var range = Range.parse(slash < 0 ? text : text.substring(0, slash), text);
    var ports = new ArrayList<PortSpec>();
    for (int number = range.first; number <= range.last; number++) {
      ports.add(PortSpec.parse(number + protocol));
    }
    return ports;
  }

  /** {@code 80}, {@code 8080:80}, {@code 127.0.0.1:8080:80}, {@code [::1]::80}, with ranges. */
  public static List<PortBinding> bindings(String text) {
    int last = text.lastIndexOf(':');
    var inner = ports(text.substring(last + 1));
    if (last < 0) {
      return inner.stream().map(port -> new PortBinding(port, "", 0)).toList();
    }
    var outer = text.substring(0, last);
    int split = outer.lastIndexOf(':');
    var address = split < 0 ? "" : outer.substring(0, split).replaceAll("^\\[|]$", "");
    var host = outer.substring(split + 1);
    if (host.isEmpty()) {
      return inner.stream().map(port -> new PortBinding(port, address, 0)).toList();
    }
    var range = Range.parse(host, text);
    if (inner.size() == 1) {
      return List.of(new PortBinding(inner.getFirst(), address, range.first, range.last));
    }
    if (range.last - range.first + 1 != inner.size()) {
      throw invalid(text, "ranges of different lengths");
    }
    var bindings = new ArrayList<PortBinding>();
    for (int i = 0; i < inner.size(); i++) {
      bindings.add(new PortBinding(inner.get(i), address, range.first + i));
    }
    return bindings;
  }

  private record Range(int first, int last) {
    static Range parse(String text, String whole) {
      int dash = text.indexOf('-');
      int first = number(dash < 0 ? text : text.substring(0, dash), whole);
      int last = dash < 0 ? first : number(text.substring(dash + 1), whole);
      if (first > last) {
        throw invalid(whole, "the range runs backwards");
      }
      return new Range(first, last);
    }

    private static int number(String digits, String whole) {
      if (!digits.matches("[0-9]{1,5}") || Integer.parseInt(digits) > 65_535) {
        throw invalid(whole, "\"" + digits + "\" is no port");
      }
      return Integer.parseInt(digits);
    }
  }

  private static EngineException invalid(String text, String reason) {
    return EngineException.invalid(
        "invalid port specification \"" + text + "\": " + reason, "write 8080:80 or 53:53/udp");
  }
}
