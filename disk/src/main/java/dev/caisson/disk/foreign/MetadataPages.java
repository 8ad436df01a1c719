/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Numbers read from anywhere in a file, with the pages around the latest ones kept: a few
 * megabytes, however large the tables claim to be.
 */
final class MetadataPages {
  private static final int PAGE = 16 << 10;
  private static final int MOST_PAGES = 256;

  private final Storage storage;
  private final ByteOrder order;
  private final Map<Long, ByteBuffer> pages =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, ByteBuffer> eldest) {
          return size() > MOST_PAGES;
        }
      };

  MetadataPages(Storage storage, ByteOrder order) {
    this.storage = storage;
    this.order = order;
  }

  /** The unsigned 32-bit number at {@code offset}, a multiple of 4. */
  long intAt(long offset) {
    return Integer.toUnsignedLong(page(offset, 4).getInt((int) (offset % PAGE)));
  }

  /** The 64-bit number at {@code offset}, a multiple of 8. */
  long longAt(long offset) {
    return page(offset, 8).getLong((int) (offset % PAGE));
  }

  int byteAt(long offset) {
    return Byte.toUnsignedInt(page(offset, 1).get((int) (offset % PAGE)));
  }

  /** Some bytes as a buffer of their own, in this file's byte order. */
  static ByteBuffer read(Storage storage, long offset, int length, ByteOrder order) {
    if (offset < 0 || offset > storage.size() - length) {
      throw DiskException.corrupt(
          storage.name(),
          "%d bytes of metadata at %d are not in the file".formatted(length, offset));
    }
    var bytes = ByteBuffer.allocate(length).order(order);
    storage.read(offset, bytes);
    return bytes.flip();
  }

  private synchronized ByteBuffer page(long offset, int length) {
    long number = offset / PAGE;
    var page = pages.get(number);
    if (page == null) {
      if (offset < 0 || offset > storage.size() - length) {
        throw DiskException.corrupt(
            storage.name(), "a table entry at " + offset + " is not in the file");
      }
      page =
          read(storage, number * PAGE, (int) Math.min(PAGE, storage.size() - number * PAGE), order);
      pages.put(number, page);
    }
    if (offset % PAGE + length > page.limit()) {
      throw DiskException.corrupt(storage.name(), "a table entry at " + offset + " is cut off");
    }
    return page;
  }
}
