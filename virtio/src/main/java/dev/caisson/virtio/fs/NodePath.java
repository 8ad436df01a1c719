/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/** Where a known file lies below its export, and the way back. */
final class NodePath {
  private static final int LONGEST = 4096;

  private NodePath() {}

  /**
   * The path below {@code top} that leads to this very file now; empty when it was removed, or
   * moved away, or lies too deep.
   */
  static Optional<byte[]> below(KnownNode top, KnownNode node) {
    byte[] base = ofHost(top);
    byte[] full = ofHost(node);
    int start = base.length == 1 ? 1 : base.length + 1; // a mount without a place is called "/"
    boolean under =
        full.length > start
            && full[start - 1] == '/'
            && Arrays.equals(base, 0, start - 1, full, 0, start - 1);
    if (!under) {
      return Optional.empty();
    }
    byte[] path = Arrays.copyOfRange(full, start, full.length);
    return leadsTo(top, path, node) ? Optional.of(path) : Optional.empty();
  }

  /** As the host names it in messages. */
  static byte[] ofHost(KnownNode node) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment room = arena.allocate(LONGEST);
      long length = Math.max(0, node.node.hostPath(room));
      return room.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** The host's word for a path may be wrong: names can end in " (deleted)", mounts may hide. */
  private static boolean leadsTo(KnownNode top, byte[] path, KnownNode node) {
    long descriptor = open(top, path);
    if (descriptor < 0) {
      return false;
    }
    try (Fd fd = Fd.adopt(descriptor)) {
      return Status.ofDescriptor(fd.number()).identity().equals(node.identity);
    } catch (Refusal gone) {
      return false;
    }
  }

  /** An O_PATH descriptor, or minus errno. Never leaves the export, whatever the path says. */
  static long open(KnownNode top, byte[] path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(path.length + 1L);
      MemorySegment.copy(path, 0, text, ValueLayout.JAVA_BYTE, 0, path.length);
      return top.node.lookup(text);
    }
  }
}
