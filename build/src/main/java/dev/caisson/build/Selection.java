/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Instruction;
import java.util.List;
import java.util.Optional;

/**
 * Which files below a source are copied, and under what names.
 *
 * @param excludes patterns of {@code --exclude}
 * @param parents whether directories of the source's path are kept, {@code --parents}
 */
record Selection(List<IgnoreRules.Glob> excludes, boolean parents) {
  static Selection of(Instruction.Copy copy, StageState state) {
    var excludes =
        copy.flags().stream()
            .filter(flag -> flag.name().equals("exclude"))
            .map(flag -> IgnoreRules.Glob.of(IgnoreRules.clean(state.expand(flag.value()))))
            .toList();
    return new Selection(excludes, isOn(copy.flag("parents")));
  }

  static boolean isOn(Optional<String> flag) {
    return flag.filter(value -> !value.equals("false")).isPresent();
  }

  /**
   * @param path below the source's directory, or the name of a file that is the source itself
   */
  boolean accepts(String path) {
    return excludes.stream().noneMatch(glob -> glob.matchesOrContains(path));
  }

  /**
   * The part of a source's path that is kept: all of it, or what stands behind {@code /./}.
   *
   * @param source as written
   * @param path what it names, without dots; longer than the source's when a pattern found it
   */
  static String kept(String source, String path) {
    int pivot = source.indexOf("/./");
    if (pivot < 0) {
      return path;
    }
    long dropped =
        List.of(source.substring(0, pivot).split("/")).stream()
            .filter(word -> !word.isEmpty() && !word.equals("."))
            .count();
    String rest = path;
    for (int i = 0; i < dropped; i++) {
      rest = rest.substring(rest.indexOf('/') + 1);
    }
    return rest;
  }
}
