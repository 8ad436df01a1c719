/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import java.util.List;

/** A disk that remembers which parts changed since some moment, for incremental backup. */
public interface DirtyBitmaps {

  /** All bitmaps, in the order of the file. */
  List<DirtyBitmap> dirtyBitmaps();
}
