/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.EntrySource;
import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.ExtendedAttributes;
import dev.caisson.linux.file.FileTime;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.rootfs.RootfsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Gives files just created their content, owner, mode, attributes and time. One thread at a time.
 */
final class FileWriter implements AutoCloseable {
  private static final int BUFFER = 256 << 10;

  private final Ownership ownership;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment segment = arena.allocate(BUFFER, 4096);
  private final byte[] buffer = new byte[BUFFER];

  FileWriter(Ownership ownership) {
    this.ownership = ownership;
  }

  /** Fills the new file {@code created}, which this closes. */
  void write(Fd created, Entry.File entry, EntrySource data) {
    try (var file = OpenFile.of(created)) {
      if (entry.sparse()) {
        file.truncate(entry.size());
        for (var extent : entry.extents()) {
          copy(data, file, extent.offset(), extent.length());
        }
      } else {
        copy(data, file, 0, entry.size());
      }
      finish(file, entry.attributes());
    }
  }

  private void copy(EntrySource data, OpenFile file, long start, long length) {
    long done = 0;
    while (done < length) {
      int filled = fill(data, (int) Math.min(BUFFER, length - done));
      MemorySegment.copy(buffer, 0, segment, ValueLayout.JAVA_BYTE, 0, filled);
      file.writeFully(segment.asSlice(0, filled), start + done);
      done += filled;
    }
  }

  private int fill(EntrySource data, int wanted) {
    int filled = 0;
    while (filled < wanted) {
      int n = data.read(buffer, filled, wanted - filled);
      if (n <= 0) {
        throw new RootfsException(RootfsException.Kind.INVALID, "a file's data ends too early");
      }
      filled += n;
    }
    return filled;
  }

  private void finish(OpenFile file, Attributes attributes) {
    if (ownership == Ownership.EXACT) {
      file.changeOwner(attributes.user(), attributes.group());
    }
    // After the owner, whose change clears the set-user-id bit; and against any umask.
    file.changePermissions(attributes.permissions());
    extended(file.fd(), attributes);
    file.changeTimes(null, modified(attributes));
  }

  void finishDirectory(Directory directory, Attributes attributes) {
    try (var file = OpenFile.of(directory.fd().duplicate())) {
      finish(file, attributes);
    }
  }

  void finishLink(Directory parent, String name, Attributes attributes) {
    if (ownership == Ownership.EXACT && (attributes.user() != 0 || attributes.group() != 0)) {
      parent.changeOwner(name, attributes.user(), attributes.group());
    }
    parent.changeTimes(name, null, modified(attributes));
  }

  void finishNode(Directory parent, String name, Attributes attributes) {
    if (ownership == Ownership.EXACT) {
      parent.changeOwner(name, attributes.user(), attributes.group());
    }
    parent.changePermissions(name, attributes.permissions());
    parent.changeTimes(name, null, modified(attributes));
  }

  private void extended(Fd file, Attributes attributes) {
    attributes
        .extended()
        .forEach((name, value) -> {
          if (ExtendedAttributePolicy.keeps(name, value)) {
            set(file, name, value);
          }
        });
  }

  private void set(Fd file, String name, byte[] value) {
    try {
      ExtendedAttributes.of(file).set(name, value);
    } catch (LinuxException e) {
      boolean withoutPrivilege = e.is(Errno.EPERM) && ownership == Ownership.OWN;
      boolean withoutSupport = e.is(Errno.EOPNOTSUPP) || e.is(Errno.EINVAL);
      if (!withoutPrivilege && !withoutSupport) {
        throw e;
      }
    }
  }

  private static FileTime modified(Attributes attributes) {
    return new FileTime(attributes.modifiedSeconds(), attributes.modifiedNanos());
  }

  @Override
  public void close() {
    arena.close();
  }
}
