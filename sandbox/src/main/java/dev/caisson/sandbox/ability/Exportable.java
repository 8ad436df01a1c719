/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import java.io.IOException;
import java.io.OutputStream;

/** A sandbox whose root file system can be written out, in any state. Mounts are left out. */
public interface Exportable {
  /** The whole root as tar. */
  void export(OutputStream tar) throws IOException;

  /** Only what differs from the image, as the tar of an image layer with whiteouts. */
  void exportChanges(OutputStream tar) throws IOException;
}
