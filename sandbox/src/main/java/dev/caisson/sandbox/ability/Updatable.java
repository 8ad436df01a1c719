/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import dev.caisson.sandbox.workload.Resources;

/** A sandbox whose limits can be changed while it runs. */
public interface Updatable {
  /**
   * Puts these limits in the place of all former ones; a limit left empty stays as it is.
   *
   * @throws dev.caisson.sandbox.SandboxException FAILED if the kernel refuses one
   */
  void update(Resources resources);
}
