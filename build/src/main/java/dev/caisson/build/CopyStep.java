/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Instruction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** One COPY or ADD, its contents open. */
final class CopyStep {
  private final Instruction.Copy copy;
  private final StageState state;
  private final String target;
  private final Optional<String> owner;
  private final Optional<FileMode> mode;

  CopyStep(Instruction.Copy copy, StageState state) {
    this.copy = copy;
    this.state = state;
    this.target = state.expand(copy.target());
    this.owner = copy.flag("chown").map(state::expand);
    this.mode = copy.flag("chmod").map(state::expand).map(FileMode::parse);
  }

  /** All but the contents. */
  CacheKey key() {
    return new CacheKey()
        .add(copy.add() ? "ADD" : "COPY")
        .add(state.absolute(target) + (namesDirectory() ? "/" : ""))
        .add(owner.orElse(""))
        .add(mode.map(FileMode::toString).orElse(""))
        .add(copy.flag("parents").orElse(""));
  }

  /** Sources with wildcards may be many. */
  private boolean namesDirectory() {
    return target.endsWith("/")
        || target.equals(".")
        || target.endsWith("/.")
        || copy.sources().size() > 1
        || Selection.isOn(copy.flag("parents"));
  }

  /** Copies into the image of the stage; returns the image it makes. */
  String make(Workbench bench, Contents contents, Path scratch, String history) throws IOException {
    Path file = Files.createTempFile(scratch, "copy", ".tar");
    try {
      String path = state.absolute(target);
      // Without a slash at its end it is a directory when the image has one there.
      boolean present = bench.isDirectory(path);
      try (var tar = new LayerTar(Files.newOutputStream(file), ownership(bench))) {
        contents.write(tar, new Target(path, present || namesDirectory(), present));
      }
      bench.copyIn(file);
      return bench.commit(state.config(), history);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private LayerTar.Ownership ownership(Workbench bench) {
    if (owner.isEmpty()) {
      return new LayerTar.Ownership(Optional.empty(), Optional.empty(), mode);
    }
    String[] parts = owner.get().split(":", 2);
    boolean numeric = List.of(parts).stream().allMatch(part -> part.matches("\\d{1,10}"));
    Accounts accounts = numeric ? Accounts.none() : bench.accounts();
    long user = accounts.user(parts[0]);
    long group =
        parts.length > 1 ? accounts.group(parts[1]) : accounts.primaryGroup(parts[0], user);
    return new LayerTar.Ownership(Optional.of(user), Optional.of(group), mode);
  }
}
