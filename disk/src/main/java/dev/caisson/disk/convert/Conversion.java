/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.convert;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.qcow2.Qcow2Disk;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * Copies one disk onto another: several workers take pieces in turn; what reads as zero is not
 * written to a fresh target.
 *
 * @param workers threads that read, look for zeroes, pack and write
 * @param sparse zeroes of this many bytes together are left out; 0 copies them
 * @param compressed whether to pack clusters; the target is qcow2 then
 * @param targetReadsAsZero whether what is not written to the target reads as zero already
 * @param ownOnly whether to leave out what the source's own file says nothing of, because the
 *     target stands on a base that holds the same there
 */
public record Conversion(
    int workers, int sparse, boolean compressed, boolean targetReadsAsZero, boolean ownOnly) {

  /** Two workers, holes from 4 KiB on, plain, onto a new target: qemu-img's ways. */
  public static final Conversion DEFAULT = new Conversion(2, 4096, false, true, false);

  /** Bytes a worker takes at once, and how much of a buffer each one has. */
  static final int PIECE = 2 << 20;

  public Conversion withWorkers(int count) {
    return new Conversion(count, sparse, compressed, targetReadsAsZero, ownOnly);
  }

  public Conversion withSparse(int bytes) {
    return new Conversion(workers, bytes, compressed, targetReadsAsZero, ownOnly);
  }

  public Conversion withCompressed(boolean pack) {
    return new Conversion(workers, sparse, pack, targetReadsAsZero, ownOnly);
  }

  public Conversion withTargetReadsAsZero(boolean fresh) {
    return new Conversion(workers, sparse, compressed, fresh, ownOnly);
  }

  public Conversion withOwnOnly(boolean differences) {
    return new Conversion(workers, sparse, compressed, targetReadsAsZero, differences);
  }

  /**
   * Copies all of {@code source}; the target is as large, or larger.
   *
   * @param progress told from time to time how many bytes are done; from any thread
   */
  public void run(Disk source, Disk target, LongConsumer progress) {
    long size = source.size();
    if (target.size() < size) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          "%s: %d bytes do not fit into %d of %s".formatted(source, size, target.size(), target));
    }
    var next = new AtomicLong();
    var done = new AtomicLong();
    var stop = new AtomicBoolean();
    List<Future<?>> running = new ArrayList<>();
    try (var pool = Executors.newFixedThreadPool(workers)) {
      for (int i = 0; i < workers; i++) {
        running.add(
            pool.submit(() -> {
              try {
                work(source, target, next, done, stop, progress);
              } catch (RuntimeException | Error failure) {
                stop.set(true);
                throw failure;
              }
            }));
      }
    }
    running.forEach(Conversion::join);
    if (!targetReadsAsZero && !ownOnly && target.size() > size && target instanceof Sparse rest) {
      rest.writeZeroes(size, target.size() - size, true);
    }
  }

  private void work(
      Disk source,
      Disk target,
      AtomicLong next,
      AtomicLong done,
      AtomicBoolean stop,
      LongConsumer progress) {
    PieceCopier copier =
        compressed && target instanceof Qcow2Disk image
            ? new PackingCopier(source, image, this)
            : new PlainCopier(source, target, this);
    while (!stop.get()) {
      long at = next.getAndAdd(PIECE);
      if (at >= source.size()) {
        return;
      }
      long length = Math.min(PIECE, source.size() - at);
      copier.copy(at, (int) length);
      progress.accept(done.addAndGet(length));
    }
  }

  private static void join(Future<?> worker) {
    try {
      worker.get();
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof DiskException told) {
        throw told;
      }
      throw new IllegalStateException(failure.getCause());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new DiskException(DiskException.Kind.IO, "copying was interrupted", stopped);
    }
  }
}
