/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A disk whose requests return at once and are answered later, each by a virtual thread of its own:
 * for programs built on futures. Requests that are under way together are done in any order;
 * whoever needs one after another chains them. Failures are {@link DiskException}s within the
 * future.
 */
public final class AsyncDisk implements AutoCloseable {
  private final Disk disk;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  private AsyncDisk(Disk disk) {
    this.disk = disk;
  }

  /** Takes the disk over: closing this closes it. */
  public static AsyncDisk of(Disk disk) {
    return new AsyncDisk(disk);
  }

  /** Length in bytes. */
  public long size() {
    return disk.size();
  }

  /** Reads {@code length} bytes into an array of their own. */
  public CompletableFuture<byte[]> read(long offset, int length) {
    return CompletableFuture.supplyAsync(() -> disk.read(offset, length), threads);
  }

  /** Fills {@code target}, which is the disk's until the future is done. */
  public CompletableFuture<Void> read(long offset, ByteBuffer target) {
    return CompletableFuture.runAsync(() -> disk.read(offset, target), threads);
  }

  /** Writes what remains in {@code source}, which is the disk's until the future is done. */
  public CompletableFuture<Void> write(long offset, ByteBuffer source) {
    return CompletableFuture.runAsync(() -> disk.write(offset, source), threads);
  }

  /** Done once all writes whose futures were done before are on stable storage. */
  public CompletableFuture<Void> flush() {
    return CompletableFuture.runAsync(disk::flush, threads);
  }

  /** Waits for what is under way, then closes the disk. */
  @Override
  public void close() {
    threads.close();
    disk.close();
  }
}
