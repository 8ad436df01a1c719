/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.model.Digest;
import java.io.InputStream;
import java.util.Collection;
import java.util.function.Supplier;

/**
 * Whoever unpacks layers, told of each as soon as its transfer begins so that both happen at once.
 */
public interface LayerReceiver {
  /** Unpacks nothing. */
  LayerReceiver NONE = (_, _) -> {};

  /**
   * Offers a layer. Returns at once; reading happens on the receiver's threads, and any failure is
   * the receiver's, to be met again when the layer is needed.
   *
   * @param diffId what the layer is believed to be; the receiver verifies it
   * @param stored opens the layer as stored; reading waits for what is still being transferred
   */
  void offer(Digest diffId, Supplier<InputStream> stored);

  /**
   * Waits until what was offered of these is unpacked, so that no image appears that cannot be run.
   *
   * @throws RuntimeException what was wrong with a layer
   */
  default void await(Collection<Digest> diffIds) {}
}
