/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.model.Descriptor;

/** A manifest or index as a registry gave it, its digest verified. */
final class FetchedManifest {
  private final Descriptor descriptor;
  private final byte[] bytes;

  FetchedManifest(Descriptor descriptor, byte[] bytes) {
    this.descriptor = descriptor;
    this.bytes = bytes;
  }

  Descriptor descriptor() {
    return descriptor;
  }

  /** Exactly as received; not to be changed. */
  byte[] bytes() {
    return bytes;
  }
}
