/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import java.util.Map;
import java.util.function.Supplier;

/** Further commands, found by {@link java.util.ServiceLoader}. */
public interface CommandProvider {
  /**
   * Commands by their path, as {@code disk create}; each made when it is first called. The class
   * carries picocli's annotations and is open to picocli.
   */
  Map<String, Supplier<? extends EngineCommand>> commands();
}
