/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.device;

import dev.caisson.cli.alone.CommandGroup;

/** {@code device ...} in a process of its own: what it lends goes when its caller ends it. */
public final class DeviceMain {
  private DeviceMain() {}

  static void main(String[] words) {
    new CommandGroup("device", new DeviceCommands().commands()).exit(words);
  }
}
