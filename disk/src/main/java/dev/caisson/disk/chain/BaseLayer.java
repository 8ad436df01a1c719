/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.chain;

import dev.caisson.disk.Disk;
import dev.caisson.disk.Extent;
import dev.caisson.disk.raw.RawDisk;
import dev.caisson.disk.storage.FileStorage;
import dev.caisson.disk.storage.HostFiles;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The bottom of a chain: any disk that has no base of its own. */
public record BaseLayer(Disk disk) implements Layer {

  @Override
  public String name() {
    return disk.toString();
  }

  @Override
  public long size() {
    return disk.size();
  }

  @Override
  public Extent own(long offset, long length) {
    var extent = disk.extent(offset, length);
    long host = isPlain() ? extent.hostOffset() : -1;
    return new Extent(extent.offset(), extent.length(), extent.kind(), 0, host);
  }

  @Override
  public void readOwn(long offset, ByteBuffer target) {
    disk.read(offset, target);
  }

  @Override
  public void readPlain(long host, ByteBuffer target) {
    disk.read(host, target);
  }

  @Override
  public Optional<HostFiles.HostFile> file() {
    return disk instanceof RawDisk raw && raw.storage() instanceof FileStorage storage
        ? storage.host()
        : Optional.empty();
  }

  @Override
  public boolean isPlain() {
    return disk instanceof RawDisk;
  }

  @Override
  public void close() {
    disk.close();
  }
}
