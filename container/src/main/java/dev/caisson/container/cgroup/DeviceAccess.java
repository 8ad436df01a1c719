/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.sandbox.workload.Devices;
import dev.caisson.sandbox.workload.Devices.Rule;
import java.util.ArrayList;
import java.util.List;

/**
 * Which devices may be used: all, or none but those of the rules.
 *
 * @param everything whether the rules do not matter
 */
public record DeviceAccess(boolean everything, List<Rule> rules) {
  /**
   * What every container may do: make any node (opening it is another matter), and use null, zero,
   * full, random, urandom, tty, console, ptmx and pseudo-terminals. OCI runtime-spec 1.2,
   * config-linux.md, default devices
   */
  public static final List<Rule> COMMON =
      List.of(
          new Rule(Devices.Type.CHARACTER, -1, -1, "m"),
          new Rule(Devices.Type.BLOCK, -1, -1, "m"),
          new Rule(Devices.Type.CHARACTER, 1, 3, "rwm"),
          new Rule(Devices.Type.CHARACTER, 1, 5, "rwm"),
          new Rule(Devices.Type.CHARACTER, 1, 7, "rwm"),
          new Rule(Devices.Type.CHARACTER, 1, 8, "rwm"),
          new Rule(Devices.Type.CHARACTER, 1, 9, "rwm"),
          new Rule(Devices.Type.CHARACTER, 5, 0, "rwm"),
          new Rule(Devices.Type.CHARACTER, 5, 1, "rwm"),
          new Rule(Devices.Type.CHARACTER, 5, 2, "rwm"),
          new Rule(Devices.Type.CHARACTER, 136, -1, "rwm"));

  public static final DeviceAccess ALL = new DeviceAccess(true, List.of());
  public static final DeviceAccess PLAIN = new DeviceAccess(false, COMMON);

  public DeviceAccess {
    rules = List.copyOf(rules);
  }

  /** The common ones and these. */
  public static DeviceAccess with(List<Rule> more) {
    if (more.isEmpty()) {
      return PLAIN;
    }
    var all = new ArrayList<>(COMMON);
    all.addAll(more);
    return new DeviceAccess(false, all);
  }

  /** A rule as cgroup v1 wants it written to devices.allow. */
  static String line(Rule rule) {
    return rule.type().letter()
        + " "
        + any(rule.major())
        + ":"
        + any(rule.minor())
        + " "
        + rule.permissions();
  }

  private static String any(int number) {
    return number == -1 ? "*" : Integer.toString(number);
  }
}
