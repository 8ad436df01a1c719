/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Pages of metadata tables, read once and written back in the order its owner chooses.
 *
 * <p>Readers may call {@link #page} together; whoever changes pages excludes everybody else. Dirty
 * pages are never dropped: {@link #crowded} tells the owner to write them back.
 */
public final class TableCache {
  private static final int SAMPLE = 16;

  private final Storage storage;
  private final int pageSize;
  private final int capacity;
  private final ConcurrentHashMap<Long, Page> pages = new ConcurrentHashMap<>();
  private final List<Page> dirty = new ArrayList<>();
  private int epoch;

  /**
   * @param bytes how much to keep, beyond which clean pages are dropped; at least 16 pages are kept
   */
  TableCache(Storage storage, int pageSize, long bytes) {
    this.storage = storage;
    this.pageSize = pageSize;
    this.capacity = (int) Math.max(SAMPLE, bytes / pageSize);
  }

  /** A piece of a table, as it stands (or will stand) in the file. */
  public static final class Page {
    final long offset;
    public final ByteBuffer bytes;
    private int dirtyFrom;
    private int dirtyTo;
    private int used;

    private Page(long offset, ByteBuffer bytes) {
      this.offset = offset;
      this.bytes = bytes;
    }

    private boolean isDirty() {
      return dirtyFrom < dirtyTo;
    }
  }

  /** The page at {@code offset}, a multiple of the page size. */
  public Page page(long offset) {
    Page found = pages.get(offset);
    if (found != null) {
      if (found.used != epoch) {
        found.used = epoch; // racy on purpose: a hint for eviction
      }
      return found;
    }
    var bytes = ByteBuffer.allocate(pageSize);
    storage.read(offset, bytes.limit(readable(offset)));
    return keep(new Page(offset, bytes.clear()));
  }

  /** The last table of a file may be cut short: what is missing was never written, so is zero. */
  private int readable(long offset) {
    long left = storage.size() - offset;
    return left >= pageSize || left <= 0 ? pageSize : (int) left;
  }

  /** A new page of zeroes that is to be written whole. */
  public Page fresh(long offset) {
    var page = new Page(offset, ByteBuffer.allocate(pageSize));
    Page old = pages.put(offset, page);
    if (old != null) {
      dirty.remove(old);
    }
    changed(page, 0, pageSize);
    return page;
  }

  private Page keep(Page loaded) {
    loaded.used = ++epoch;
    Page first = pages.putIfAbsent(loaded.offset, loaded);
    if (first != null) {
      return first;
    }
    if (pages.size() > capacity) {
      evictOne();
    }
    return loaded;
  }

  private void evictOne() {
    Page oldest = null;
    int seen = 0;
    for (Page candidate : pages.values()) {
      if (!candidate.isDirty() && (oldest == null || candidate.used - oldest.used < 0)) {
        oldest = candidate;
      }
      if (++seen >= SAMPLE && oldest != null) {
        break;
      }
    }
    if (oldest != null) {
      pages.remove(oldest.offset, oldest);
    }
  }

  /** Notes that bytes {@code [from, to)} of a page differ from the file. */
  public void changed(Page page, int from, int to) {
    if (!page.isDirty()) {
      page.dirtyFrom = from;
      page.dirtyTo = to;
      dirty.add(page);
      pages.put(page.offset, page); // it may have been evicted between its lookup and now
      return;
    }
    page.dirtyFrom = Math.min(page.dirtyFrom, from);
    page.dirtyTo = Math.max(page.dirtyTo, to);
  }

  boolean isDirty() {
    return !dirty.isEmpty();
  }

  /** Whether so much is dirty that it should be written back. */
  boolean crowded() {
    return dirty.size() > capacity / 2;
  }

  /** Writes all dirty pages, lowest first. */
  public void write() {
    dirty.sort(Comparator.comparingLong(page -> page.offset));
    for (Page page : dirty) {
      storage.write(
          page.offset + page.dirtyFrom,
          page.bytes.slice(page.dirtyFrom, page.dirtyTo - page.dirtyFrom));
      page.dirtyTo = page.dirtyFrom = 0;
    }
    dirty.clear();
  }

  /** Drops everything; nothing may be dirty. */
  void clear() {
    pages.clear();
  }
}
