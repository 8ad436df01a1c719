/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.Extent;
import dev.caisson.disk.ReadOnlyDisk;
import java.nio.ByteBuffer;

/** A snapshot as a disk of its own: closing it closes the file it is in. */
record SnapshotSource(Disk owner, Disk view) implements ReadOnlyDisk {
  @Override
  public long size() {
    return view.size();
  }

  @Override
  public String format() {
    return view.format();
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    view.read(offset, target);
  }

  @Override
  public Extent extent(long offset, long length) {
    return view.extent(offset, length);
  }

  @Override
  public void close() {
    view.close();
    owner.close();
  }

  @Override
  public String toString() {
    return view.toString();
  }
}
