/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The loadable modules of one kernel, and the order in which some of them load. */
public final class KernelModules {
  private static final String SUFFIX = ".ko";
  private static final byte[] DEPENDS = "\0depends=".getBytes(StandardCharsets.US_ASCII);

  private final Map<String, Path> files;

  private KernelModules(Map<String, Path> files) {
    this.files = files;
  }

  /**
   * @param directory searched with what is below it; empty if it does not exist
   */
  public static KernelModules in(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return new KernelModules(Map.of());
    }
    try (Stream<Path> tree = Files.walk(directory)) {
      return new KernelModules(
          tree.filter(path -> path.toString().endsWith(SUFFIX))
              .collect(Collectors.toMap(KernelModules::name, path -> path, (a, b) -> a)));
    }
  }

  /** Files and modprobe disagree on dashes; the kernel itself has underscores. */
  private static String name(Path file) {
    String name = file.getFileName().toString();
    return name.substring(0, name.length() - SUFFIX.length()).replace('-', '_');
  }

  /**
   * These modules with all they depend on, each behind what it needs. One the kernel has no file
   * for is taken to be built in.
   */
  public List<Path> inLoadOrder(List<String> wanted) {
    Map<String, Path> ordered = new LinkedHashMap<>();
    wanted.forEach(name -> add(name.replace('-', '_'), ordered));
    return List.copyOf(ordered.values());
  }

  private void add(String name, Map<String, Path> ordered) {
    @Nullable Path file = files.get(name);
    if (file == null || ordered.containsKey(name)) {
      return;
    }
    for (String needed : dependencies(file)) {
      add(needed.replace('-', '_'), ordered);
    }
    ordered.put(name, file);
  }

  /** From the module itself: packages lack modules.dep, which is made when they are installed. */
  private static List<String> dependencies(Path file) {
    try {
      byte[] content = Files.readAllBytes(file);
      int start = find(content, DEPENDS);
      if (start < 0) {
        return List.of();
      }
      int from = start + DEPENDS.length;
      int to = from;
      while (to < content.length && content[to] != 0) {
        to++;
      }
      String names = new String(content, from, to - from, StandardCharsets.US_ASCII);
      return names.isEmpty() ? List.of() : List.of(names.split(",", -1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int find(byte[] content, byte[] wanted) {
    for (int at = 0; at <= content.length - wanted.length; at++) {
      int i = 0;
      while (i < wanted.length && content[at + i] == wanted[i]) {
        i++;
      }
      if (i == wanted.length) {
        return at;
      }
    }
    return -1;
  }
}
