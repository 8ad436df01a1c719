/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.state.Change;
import dev.caisson.engine.state.Store;
import dev.caisson.network.Journal;
import java.nio.charset.StandardCharsets;

/** Keeps the host's former settings in the engine's store, on disk before they are changed. */
record StoredJournal(Store store) implements Journal {
  private static final String KEYS = "host/";

  @Override
  public void record(String key, String previous) {
    if (previous(key).isEmpty()) {
      store.write(new Change.Put(KEYS + key, previous.getBytes(StandardCharsets.UTF_8)));
      store.sync();
    }
  }

  @Override
  public String previous(String key) {
    var value = store.entries(KEYS + key).get(KEYS + key);
    return value == null ? "" : new String(value, StandardCharsets.UTF_8);
  }

  @Override
  public void forget(String key) {
    store.write(new Change.Remove(KEYS + key));
  }
}
