/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.image.StoredImages;
import dev.caisson.engine.network.HostFabric;
import dev.caisson.sandbox.Isolations;
import java.time.Clock;

/** The engine as it is installed: every isolation on the module path, real images and networks. */
record Installation(EngineOptions options) {
  Engine open() {
    return new EngineOpener(
            options,
            Isolations.below(options.root()),
            Clock.systemUTC(),
            (chosen, store, events, users) ->
                StoredImages.open(chosen.root(), events, Clock.systemUTC(), users),
            (chosen, store, events, finder) ->
                HostFabric.open(chosen, store, events, Clock.systemUTC(), finder))
        .open();
  }
}
