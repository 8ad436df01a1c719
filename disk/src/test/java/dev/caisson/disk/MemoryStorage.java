/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import dev.caisson.disk.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A file in an array. */
public final class MemoryStorage implements Storage {
  private byte[] bytes;

  public MemoryStorage(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    if (offset < 0 || offset > bytes.length - target.remaining()) {
      throw DiskException.io("memory", new EOFException("ends before"));
    }
    target.put(bytes, (int) offset, target.remaining());
  }

  @Override
  public void write(long offset, ByteBuffer source) {
    if (offset < 0 || offset > (64 << 20) - source.remaining()) {
      throw DiskException.io("memory", new IOException("no file can be that large"));
    }
    if (offset + source.remaining() > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) offset + source.remaining());
    }
    source.get(bytes, (int) offset, source.remaining());
  }

  @Override
  public void truncate(long size) {
    bytes = Arrays.copyOf(bytes, (int) size);
  }

  @Override
  public void flush() {
    // Nothing is more stable than this.
  }

  @Override
  public void zero(long offset, long length) {
    Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
