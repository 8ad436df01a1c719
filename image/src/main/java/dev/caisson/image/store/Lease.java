/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.model.Digest;
import java.util.Collection;

/**
 * A promise that blobs stay while they are being gathered into an image. It ends when closed, or
 * with the process that holds it.
 */
public final class Lease implements AutoCloseable {
  private final Leases leases;
  private final String name;
  private final LockFile.Held lock;

  Lease(Leases leases, String name, LockFile.Held lock) {
    this.leases = leases;
    this.name = name;
    this.lock = lock;
  }

  /** From now on these blobs are not collected, whether they are already there or not. */
  public void keep(Collection<Digest> digests) {
    leases.keep(name, digests);
  }

  @Override
  public void close() {
    try (var _ = lock) {
      leases.forget(name);
    }
  }
}
