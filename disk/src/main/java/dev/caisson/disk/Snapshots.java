/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import java.util.List;

/** A disk that keeps earlier states of itself inside its own file. */
public interface Snapshots {

  /** Oldest first. */
  List<Snapshot> snapshots();

  /** Keeps the present contents under {@code name}. */
  Snapshot createSnapshot(String name);

  /**
   * Brings the contents (and size) of a snapshot back.
   *
   * @param idOrName the id, or else the name, of a snapshot
   */
  void applySnapshot(String idOrName);

  /** Forgets a snapshot and frees what only it used. */
  void deleteSnapshot(String idOrName);

  /** The contents of a snapshot, read-only; valid until this disk closes. */
  Disk openSnapshot(String idOrName);
}
