/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.engine.HostGroup;
import dev.caisson.sandbox.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a run leaves on the host when its engine was killed. */
final class Leftovers {
  private static final List<String> STATE_FILES = List.of("began", "ended");

  private Leftovers() {}

  /**
   * Ends a machine's process of its own, if it still is that process: numbers are used again, so
   * its command line must name this very machine.
   */
  static void remove(long pid, String id, String groupParent) {
    if (pid > 0) {
      end(pid, id);
    }
    HostGroup.of(id, groupParent).remove();
  }

  private static void end(long pid, String id) {
    try {
      String command = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
      if (List.of(command.split("\0")).contains("caisson-" + id)) {
        ProcessHandle.of(pid)
            .ifPresent(process -> {
              process.destroyForcibly();
              process.onExit().join();
            });
      }
    } catch (IOException e) {
      return; // gone already
    }
  }

  /** Removes the files of all runs. */
  static void deleteFiles(Place place) {
    try {
      for (String name : STATE_FILES) {
        Files.deleteIfExists(place.state().resolve(name));
      }
      deleteStarting(place.state(), "output.");
      deleteStarting(place.run(), "qemu.log");
      deleteStarting(place.run(), "console.log");
      Path machine = place.run().resolve("machine");
      deleteStarting(machine, "");
      Files.deleteIfExists(machine);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteStarting(Path directory, String prefix) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        if (entry.getFileName().toString().startsWith(prefix)) {
          Files.deleteIfExists(entry);
        }
      }
    }
  }
}
