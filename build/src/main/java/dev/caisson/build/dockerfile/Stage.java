/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import java.util.List;

/**
 * One FROM and what follows it.
 *
 * @param index from 0, in the order of the file
 */
public record Stage(int index, Instruction.From from, List<Instruction> instructions) {
  /** Its alias, or its index when it has none. */
  public String name() {
    return from.alias().orElse(Integer.toString(index));
  }
}
