/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

/**
 * Where the caller keeps what must be undone. A change is recorded before it is made, so an undo
 * must tolerate that it never was.
 *
 * <p>Only what outlives its maker and bears no mark of ours is recorded. Interfaces and firewall
 * rules carry the engine's tag in their names, and {@link Networks#reconcile} finds them by it.
 */
public interface Journal {
  /**
   * Keeps, durably, that {@code key} had this value before we changed it; the first record stays.
   */
  void record(String key, String previous);

  /** The value recorded for a key; empty text if none is. */
  String previous(String key);

  /** The change is undone. */
  void forget(String key);

  /** Remembers nothing: for tests, and for hosts that are thrown away. */
  static Journal none() {
    return new Journal() {
      @Override
      public void record(String key, String previous) {}

      @Override
      public String previous(String key) {
        return "";
      }

      @Override
      public void forget(String key) {}
    };
  }
}
