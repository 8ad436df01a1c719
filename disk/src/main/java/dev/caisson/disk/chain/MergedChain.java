/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.chain;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Layered;
import dev.caisson.disk.Range;
import dev.caisson.disk.ReadOnlyDisk;
import dev.caisson.disk.storage.HostFiles;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * All layers beneath a disk, read as one disk through one index.
 *
 * <p>The index says for each run of bytes which layer answers and where the bytes stand in its
 * file, so that a read costs the same whether two files lie beneath or five hundred. It is built
 * page by page, when a page is first read, and never changes: layers beneath are read-only, and the
 * writable disk on top keeps its own tables. When the pages kept outgrow the budget, the next ones
 * push out others and are built again when needed.
 */
public final class MergedChain implements ReadOnlyDisk, Layered {
  /** Bytes of disk one page indexes. */
  static final int PAGE_BITS = 25;

  private static final int PAGE = 1 << PAGE_BITS;

  private final List<? extends Layer> layers;

  /**
   * The layers' files, where the host has handles of its own: hundreds of files fall out of the
   * processor's caches, so each read follows as few objects of theirs as it can.
   */
  private final HostFiles.@Nullable HostFile[] files;

  private final Optional<String> baseName;
  private final long size;
  private final long budget;
  private final AtomicReferenceArray<ChainPage> pages;
  private final AtomicInteger hand = new AtomicInteger();
  private long indexBytes;

  /**
   * @param layers the nearest first; closed with this disk
   * @param budget bytes of heap the index may take
   */
  public MergedChain(List<? extends Layer> layers, long budget) {
    this.layers = List.copyOf(layers);
    this.files =
        layers.stream()
            .map(layer -> layer.isPlain() ? layer.file().orElse(null) : null)
            .toArray(HostFiles.HostFile[]::new);
    this.size = layers.getFirst().size();
    this.budget = budget;
    this.baseName = layers.size() > 1 ? Optional.of(layers.get(1).name()) : Optional.empty();
    long count = (size >>> PAGE_BITS) + 1;
    if (count > 1 << 22) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "%s: a base of %d bytes is too large to index".formatted(layers.getFirst().name(), size));
    }
    this.pages = new AtomicReferenceArray<>((int) count);
  }

  /** Heap the index takes at this moment, in bytes. */
  public synchronized long indexBytes() {
    return indexBytes;
  }

  /** The layers, nearest first. */
  public List<? extends Layer> layers() {
    return layers;
  }

  @Override
  public Optional<String> baseName() {
    return baseName;
  }

  @Override
  public List<String> chain() {
    return layers.stream().map(Layer::name).toList();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public String format() {
    return "chain";
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    Range.check(toString(), offset, target.remaining(), size);
    int limit = target.limit();
    for (long at = offset; target.position() < limit; ) {
      ChainPage page = page(at);
      int run = page.runAt((int) (at & (PAGE - 1)));
      long left = Math.min(limit - target.position(), page.end(run) - (at & (PAGE - 1)));
      target.limit(target.position() + (int) left);
      readRun(page, run, at, target);
      target.limit(limit);
      at += left;
    }
  }

  private void readRun(ChainPage page, int run, long offset, ByteBuffer target) {
    int layer = page.layer(run);
    if (layer == ChainPage.ZEROES) {
      MemorySegment.ofBuffer(target).fill((byte) 0);
      target.position(target.limit());
      return;
    }
    long host = page.host(run, (int) (offset & (PAGE - 1)));
    if (host < 0) {
      layers.get(layer).readOwn(offset, target);
    } else if (files[layer] == null || !target.isDirect() || !files[layer].fill(host, target)) {
      layers.get(layer).readPlain(host, target);
    }
  }

  @Override
  public Extent extent(long offset, long length) {
    Range.check(toString(), offset, length, size);
    ChainPage page = page(offset);
    int inPage = (int) (offset & (PAGE - 1));
    int run = page.runAt(inPage);
    long got = Math.min(length, page.end(run) - inPage);
    return new Extent(
        offset, got, page.kind(run), Math.max(0, page.depth(run)), page.host(run, inPage));
  }

  private ChainPage page(long offset) {
    int number = (int) (offset >>> PAGE_BITS);
    ChainPage page = pages.get(number);
    return page == null ? build(number) : page;
  }

  private ChainPage build(int number) {
    long start = (long) number << PAGE_BITS;
    ChainPage page = ChainPage.of(layers, start, Math.min(PAGE, size - start));
    synchronized (this) {
      if (pages.compareAndSet(number, null, page)) {
        indexBytes += page.bytes();
      }
      while (indexBytes > budget && dropOneBut(number)) {
        // the next one
      }
    }
    return page;
  }

  /** Drops some page, in turn; false when there is none but this one. */
  private boolean dropOneBut(int kept) {
    for (int tries = 0; tries < pages.length(); tries++) {
      int number = Math.floorMod(hand.getAndIncrement(), pages.length());
      ChainPage page = number == kept ? null : pages.getAndSet(number, null);
      if (page != null) {
        indexBytes -= page.bytes();
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    layers.forEach(Layer::close);
  }

  @Override
  public String toString() {
    return layers.getFirst().name();
  }
}
