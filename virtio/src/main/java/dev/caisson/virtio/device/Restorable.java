/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.device;

/**
 * A device that remembers more than its features, queue positions and configuration tell. One
 * without this ability is whole again after {@link VirtioDevice#start} with those.
 */
public interface Restorable {
  /** What the device remembers, as a small value; taken while it is stopped. */
  byte[] state();

  /**
   * Takes over what another device of the same making remembered; called before start.
   *
   * @throws dev.caisson.virtio.VirtioException PEER when the bytes are not such a state
   */
  void restore(byte[] state);
}
