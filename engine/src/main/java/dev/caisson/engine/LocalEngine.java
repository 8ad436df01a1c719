/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.container.LocalContainers;
import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.host.LocalHost;
import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.network.Fabric;
import dev.caisson.engine.snapshot.LocalSnapshots;
import dev.caisson.engine.state.Store;
import dev.caisson.engine.volume.LocalVolumes;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

/** The parts of an engine in this process, and the order in which they end. */
record LocalEngine(
    StateLock stateLock,
    Store store,
    EventLog events,
    LocalContainers containers,
    ImageLibrary images,
    Fabric networks,
    LocalVolumes volumes,
    LocalSnapshots snapshots,
    LocalHost host,
    ScheduledExecutorService timer,
    ExecutorService background)
    implements Engine {

  @Override
  public void close() {
    containers.release();
    timer.shutdownNow();
    background.shutdown();
    events.close();
    networks.close();
    images.close();
    store.close();
    stateLock.close();
  }
}
