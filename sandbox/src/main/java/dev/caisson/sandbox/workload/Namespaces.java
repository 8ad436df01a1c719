/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import java.nio.file.Path;

/**
 * Which views of the host a workload has of its own. The network's is the {@link
 * NetworkAttachment}'s; mounts are always its own. namespaces(7)
 *
 * @param user how users inside map to users of the host
 * @param time whether clocks may be offset
 */
public record Namespaces(
    Mode pid, Mode ipc, Mode uts, Mode cgroup, UserMapping user, boolean time) {

  public static final Namespaces PRIVATE =
      new Namespaces(
          Mode.PRIVATE, Mode.PRIVATE, Mode.PRIVATE, Mode.PRIVATE, UserMapping.HOST, false);

  /** Where a namespace comes from. */
  public sealed interface Mode {
    Mode PRIVATE = new Own();
    Mode HOST = new OfHost();
  }

  /** A new one. */
  public record Own() implements Mode {}

  /** The host's. */
  public record OfHost() implements Mode {}

  /** That of another running sandbox of the same isolation. */
  public record OfSandbox(String id) implements Mode {}

  /** The one this file names, such as {@code /proc/17/ns/ipc}. */
  public record AtPath(Path path) implements Mode {}
}
