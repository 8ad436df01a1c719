/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.rootfs.layer.TreeRemoval;
import dev.caisson.sandbox.Place;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What an engine that was killed left of further processes in a container. One that runs goes on;
 * one that waits for its start would wait for ever, as nobody knows of it any more.
 */
record LeftoverExecs(Place place) {
  static final String PREFIX = "exec";
  private static final int KILL = 9;
  private static final int TRIES = 50;
  private static final long PAUSE_MILLIS = 100;

  /** Ends them in a thread of its own: a stub may still be on its way to where it can be told. */
  void end() {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(place.run(), PREFIX + "*")) {
      for (Path directory : found) {
        var unused = Thread.startVirtualThread(() -> end(directory));
      }
    } catch (IOException none) {
      // the container has no directory any more
    }
  }

  private void end(Path directory) {
    Monitor monitor = new Monitor(directory);
    for (int i = 0; i < TRIES; i++) {
      var state = monitor.state();
      if (state.isEmpty()) {
        remove(directory); // a stub that has not got as far as its socket fails for want of it
        return;
      }
      if (state.get().phase() != Monitor.Phase.CREATED) {
        return;
      }
      monitor.signal(KILL);
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void remove(Path directory) {
    try (Directory run = Directory.open(place.run())) {
      TreeRemoval.remove(run, String.valueOf(directory.getFileName()));
    } catch (LinuxException gone) {
      // with the container itself
    }
  }
}
