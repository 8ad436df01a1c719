/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.network.ClosedFabric;
import dev.caisson.network.Obstacle;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** An engine whose host is a {@link FakeIsolation}: no root, no images, no networks. */
final class TestEngine {
  private TestEngine() {}

  static Engine open(Path directory, FakeIsolation host, Clock clock) {
    return new EngineOpener(
            EngineOptions.at(directory.resolve("root"), directory.resolve("run")),
            List.of(host),
            clock,
            (options, store, events, users) -> new FakeImages(),
            (options, store, events, finder) ->
                new ClosedFabric(new Obstacle("this is a test", "")))
        .open();
  }
}
