/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What one engine has on the host at a moment, apart from those of others on the same host: control
 * groups below a parent of its own, mounts, processes and files that name its directories, and
 * published ports.
 */
record Leftovers(Set<String> groups, Set<String> mounts, Set<String> processes, Set<String> files) {

  /**
   * @param place the directory of the engine's root and run directories
   * @param groupParent what every command was given as {@code --cgroup-parent}
   */
  static Leftovers of(Path place, String groupParent) throws IOException {
    return new Leftovers(
        groups(groupParent), mounts(place), processes(place), files(place.resolve("run")));
  }

  private static Set<String> groups(String parent) throws IOException {
    var found = new TreeSet<String>();
    try (Stream<Path> hierarchies = Files.list(Path.of("/sys/fs/cgroup"))) {
      for (Path hierarchy : hierarchies.toList()) {
        if (Files.isDirectory(hierarchy.resolve(parent))) {
          try (Stream<Path> groups = Files.walk(hierarchy.resolve(parent))) {
            groups
                .filter(Files::isDirectory)
                .filter(group -> !group.endsWith(parent) && !group.endsWith("plain"))
                .forEach(group -> found.add(group.toString()));
          }
        }
      }
    }
    return found;
  }

  private static Set<String> mounts(Path place) throws IOException {
    var found = new TreeSet<String>();
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      if (line.contains(place.toString())) {
        found.add(line.split(" ")[4]);
      }
    }
    return found;
  }

  /** Stubs and workloads: processes whose root file system is mounted from below the place. */
  private static Set<String> processes(Path place) throws IOException {
    var found = new TreeSet<String>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        try {
          boolean ours =
              Files.readString(process.resolve("cmdline")).startsWith("caisson-stub")
                  && Files.readSymbolicLink(process.resolve("cwd")).startsWith(place);
          boolean inside =
              Files.readString(process.resolve("mountinfo")).contains(place + "/root/")
                  && !process.endsWith(Long.toString(ProcessHandle.current().pid()));
          if (ours || inside) {
            found.add(process.getFileName() + " " + Files.readString(process.resolve("comm")));
          }
        } catch (IOException gone) {
          continue;
        }
      }
    }
    return found;
  }

  private static Set<String> files(Path run) throws IOException {
    var found = new TreeSet<String>();
    try (Stream<Path> all = Files.walk(run)) {
      all.forEach(file -> found.add(file.toString()));
    } catch (NoSuchFileException | java.io.UncheckedIOException none) {
      return found;
    }
    return found;
  }
}
