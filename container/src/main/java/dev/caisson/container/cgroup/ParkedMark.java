/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.ExtendedAttributes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Tells a group of v2 whose process waits for a container from the container's own: the name
 * cannot, as the kernel renames no group of v2. An extended attribute with the id of the engine's
 * process.
 */
final class ParkedMark {
  private static final String NAME = "caisson.parked";

  private final ExtendedAttributes attributes;
  private final String name;

  private ParkedMark(ExtendedAttributes attributes, String name) {
    this.attributes = attributes;
    this.name = name;
  }

  /**
   * The mark of a group.
   *
   * @param root whether we are root of the host: who is not may set attributes of users only, which
   *     groups have since Linux 5.7
   */
  static ParkedMark of(Path group, boolean root) {
    return new ParkedMark(ExtendedAttributes.of(group), (root ? "trusted." : "user.") + NAME);
  }

  /** Marks a group as this process's. */
  void set() {
    String owner = Long.toString(ProcessHandle.current().pid());
    attributes.set(name, owner.getBytes(StandardCharsets.US_ASCII));
  }

  void remove() {
    attributes.remove(name);
  }

  /** The process that parks there; empty without a mark, or without the group. */
  OptionalLong owner() {
    try {
      return attributes
          .get(name)
          .map(value ->
              OptionalLong.of(Long.parseLong(new String(value, StandardCharsets.US_ASCII))))
          .orElse(OptionalLong.empty());
    } catch (LinuxException failed) {
      if (failed.is(Errno.ENOENT)) {
        return OptionalLong.empty();
      }
      throw failed;
    } catch (NumberFormatException notOurs) {
      return OptionalLong.empty();
    }
  }
}
