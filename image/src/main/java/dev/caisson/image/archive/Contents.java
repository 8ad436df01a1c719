/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import java.util.Optional;

/** The files of an archive, by their path in it. */
interface Contents {
  /** A small file, if it is there. */
  Optional<byte[]> document(String path);

  /**
   * Brings the file at {@code path} into the store, under the loader's lease.
   *
   * @param diffId what it is as an uncompressed layer, to offer it for unpacking
   * @return digest and size, without a media type
   * @throws dev.caisson.image.ImageException INVALID when the archive has no such file
   */
  Descriptor blob(String path, Optional<Digest> diffId);
}
