/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.container.Chambers;
import dev.caisson.engine.container.ContainersOpener;
import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.host.LocalHost;
import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.image.ImageUsers;
import dev.caisson.engine.instance.Linker;
import dev.caisson.engine.instance.Places;
import dev.caisson.engine.instance.Surroundings;
import dev.caisson.engine.network.Fabric;
import dev.caisson.engine.network.MemberFinder;
import dev.caisson.engine.snapshot.LocalSnapshots;
import dev.caisson.engine.snapshot.SnapshotShelf;
import dev.caisson.engine.state.Store;
import dev.caisson.engine.volume.LocalVolumes;
import dev.caisson.engine.volume.Trees;
import dev.caisson.engine.workload.WorkloadCompiler;
import dev.caisson.linux.file.Unrelated;
import dev.caisson.sandbox.Isolation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * Puts an engine together.
 *
 * @param images opens the images of this engine
 * @param networks opens its networks
 */
record EngineOpener(
    EngineOptions options,
    List<Isolation> isolations,
    Clock clock,
    Opening<ImageLibrary, ImageUsers> images,
    Opening<Fabric, MemberFinder> networks) {

  /** Opens a part that has to ask something of the containers, which come later. */
  @FunctionalInterface
  interface Opening<P, Q> {
    P open(EngineOptions options, Store store, EventLog events, Q question);
  }

  Engine open() {
    makePrivate(options.root());
    makePrivate(options.run());
    var lock = StateLock.take(options.root());
    try {
      return assemble(lock);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private Engine assemble(StateLock lock) {
    makeEmpty(options.scratch());
    makeEmpty(options.aside());
    makeUnrelated(Places.above(options.root()));
    var store = Store.open(options.root().resolve("state"));
    var events = new EventLog(clock);
    var shelf = SnapshotShelf.open(options.root().resolve("snapshots"));
    var opener = new ContainersOpener(shelf::kept);
    var imageLibrary = images.open(options, store, events, opener);
    var fabric = networks.open(options, store, events, opener);
    var volumes =
        new LocalVolumes(
            options.root().resolve("volumes"), store, events, clock, opener::usersOfVolume);
    var chambers = new Chambers(isolations, options.isolation());
    var around = surroundings(store, events, new Linker(fabric, opener::id), opener);
    var containers = opener.open(around, chambers, imageLibrary, volumes, fabric);
    return new LocalEngine(
        lock,
        store,
        events,
        containers,
        imageLibrary,
        fabric,
        volumes,
        new LocalSnapshots(shelf, containers, events, clock),
        new LocalHost(options, chambers, containers, imageLibrary, volumes, fabric),
        around.timer(),
        around.background());
  }

  private Surroundings surroundings(
      Store store, EventLog events, Linker linker, ContainersOpener opener) {
    var timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("timer").factory());
    timer.setRemoveOnCancelPolicy(true);
    return new Surroundings(
        options.root(),
        options.run(),
        store,
        events,
        linker,
        new WorkloadCompiler(opener::id),
        clock,
        Executors.newVirtualThreadPerTaskExecutor(),
        timer,
        new CompletableFuture<>());
  }

  /** What a killed engine was in the middle of; nobody else can be using it under our lock. */
  private static void makeEmpty(Path directory) {
    try {
      Trees.remove(directory);
      makePrivate(directory);
    } catch (IOException e) {
      throw EngineException.io("cannot empty " + directory + ": " + e.getMessage(), e);
    }
  }

  /** Where each container gets a directory. */
  private static void makeUnrelated(Path directory) {
    try {
      Files.createDirectories(directory);
      Unrelated.below(directory);
    } catch (IOException e) {
      throw EngineException.io("cannot make " + directory + ": " + e.getMessage(), e);
    }
  }

  /** What lies below is not for others to list, though containers' users may pass through. */
  private static void makePrivate(Path directory) {
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    } catch (IOException e) {
      throw EngineException.io("cannot use " + directory + ": " + e.getMessage(), e);
    }
  }
}
