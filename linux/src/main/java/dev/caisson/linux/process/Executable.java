/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.Fd;

/** What a {@link Spawn} runs. */
public sealed interface Executable {
  /** A file by its path. */
  record At(String path) implements Executable {}

  /**
   * An open file, as a sealed memfd that no path on the host leads to. The child finds it open at
   * the number after its highest listed descriptor and should close it.
   */
  record Open(Fd file) implements Executable {}
}
