/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import java.util.List;

/** A sandbox that knows what was changed in its root file system. Works in any state. */
public interface Diffable {
  /** What happened to a path; the order is that of the Docker API's numbers 0, 1, 2. */
  enum ChangeKind {
    MODIFIED,
    ADDED,
    DELETED
  }

  /** One changed path, absolute inside the sandbox. */
  record Change(ChangeKind kind, String path) {}

  /** Every change against the image, by path. */
  List<Change> changes();
}
