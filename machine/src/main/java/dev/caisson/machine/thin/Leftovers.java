/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.file.Directory;
import dev.caisson.machine.engine.HostGroup;
import dev.caisson.rootfs.layer.TreeRemoval;
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

  private static final List<String> WRITTEN = List.of("upper", "work");

  private Leftovers() {}

  /**
   * Ends a machine's process of its own, if it still is that process: numbers are used again, so
   * its command line must name this very machine.
   */
  static void remove(long pid, String id, String groupParent) {
    if (pid > 0) {
      end(pid, id);
    }
    HostGroup group = HostGroup.of(id, groupParent);
    group.kill();
    group.remove();
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

  /** Removes the files of all runs, and what the workload wrote; nothing of it need be there. */
  static void deleteFiles(Place place) {
    try {
      deleteWritten(place.state());
      for (String name : STATE_FILES) {
        Files.deleteIfExists(place.state().resolve(name));
      }
      deleteStarting(place.state(), "output.");
      deleteStarting(place.run(), "qemu.log");
      deleteStarting(place.run(), "vmm.log");
      deleteStarting(place.run(), "console.log");
      Path machine = place.run().resolve("machine");
      deleteStarting(machine, "");
      Files.deleteIfExists(machine);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteWritten(Path state) {
    List<String> made = WRITTEN.stream().filter(name -> Files.exists(state.resolve(name))).toList();
    if (made.isEmpty()) {
      return;
    }
    try (Directory directory = Directory.open(state)) {
      made.forEach(name -> TreeRemoval.remove(directory, name));
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
