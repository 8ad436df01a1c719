/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import java.util.List;
import java.util.Optional;

/** A disk that may hold only what differs from a base. */
public interface Layered {

  /** The name of the base as the file gives it; empty when the disk stands alone. */
  Optional<String> baseName();

  /** Files of the chain, the top one first. */
  List<String> chain();
}
