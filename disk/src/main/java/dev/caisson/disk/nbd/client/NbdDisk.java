/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Range;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.nbd.protocol.Command;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.Zeroes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Somebody else's export as a disk.
 *
 * {@snippet :
 * try (var disk = NbdDisk.open(NbdUri.parse("nbd://localhost/root"), NbdOptions.READ)) {
 *   byte[] bootSector = disk.read(0, 512);
 * }
 * }
 *
 * <p>A lost connection is not opened again: writes that the server had acknowledged but not flushed
 * may be gone, and only the caller knows what to do about that. Every later request fails.
 */
public final class NbdDisk implements Disk, Sparse {
  /** Requests without data are cut so that each can be answered in good time. */
  private static final long LONGEST = 1L << 30;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final String name;
  private final Pipeline pipeline;
  private final RemoteExport export;
  private final NbdOptions options;
  private final BlockStatusMemory memory = new BlockStatusMemory();
  private final Object unaligned = new Object();
  private volatile boolean closed;

  public NbdDisk(String name, Pipeline pipeline, RemoteExport export, NbdOptions options) {
    this.name = name;
    this.pipeline = pipeline;
    this.export = export;
    this.options = options;
  }

  /**
   * Connects and chooses the export.
   *
   * @throws DiskException IO if nobody answers, MISSING if the export is not there, REFUSED if the
   *     server wants TLS or has none, READ_ONLY if writing is wanted and not allowed
   */
  public static NbdDisk open(NbdUri uri, NbdOptions options) {
    return Connector.open(uri, options);
  }

  @Override
  public long size() {
    return export.size();
  }

  @Override
  public boolean writable() {
    return options.writable();
  }

  @Override
  public String format() {
    return "nbd";
  }

  /**
   * Starts to read; any number of reads may be under way.
   *
   * @param target filled from its position to its limit; hands off until the result is there
   */
  public CompletableFuture<Void> readAsync(long offset, ByteBuffer target) {
    check(offset, target.remaining());
    var parts = new ArrayList<CompletableFuture<Void>>();
    int end = target.limit();
    for (long at = offset; target.position() < end; ) {
      int count = Math.min(end - target.position(), export.largestPayload());
      var part = target.slice(target.position(), count);
      target.position(target.position() + count);
      parts.add(pipeline.send(Command.READ, 0, at, count, NOTHING, part).done);
      at += count;
    }
    return all(parts);
  }

  /** Starts to write what remains in {@code source}; returns once it is sent. */
  public CompletableFuture<Void> writeAsync(long offset, ByteBuffer source) {
    checkWrite(offset, source.remaining());
    memory.forget();
    var parts = new ArrayList<CompletableFuture<Void>>();
    int end = source.limit();
    for (long at = offset; source.position() < end; ) {
      int count = Math.min(end - source.position(), export.largestPayload());
      var part = source.slice(source.position(), count);
      source.position(source.position() + count);
      parts.add(pipeline.send(Command.WRITE, 0, at, count, part, NOTHING).done);
      at += count;
    }
    return all(parts);
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    if (aligned(offset, target.remaining())) {
      await(readAsync(offset, target));
      return;
    }
    check(offset, target.remaining());
    var around = around(offset, target.remaining());
    await(readAsync(down(offset), around));
    target.put(around.slice((int) (offset - down(offset)), target.remaining()));
  }

  @Override
  public void write(long offset, ByteBuffer source) {
    if (aligned(offset, source.remaining())) {
      await(writeAsync(offset, source));
      return;
    }
    checkWrite(offset, source.remaining());
    synchronized (unaligned) { // Two parts of one block must not undo each other.
      var around = around(offset, source.remaining());
      await(readAsync(down(offset), around));
      around.position((int) (offset - down(offset))).put(source);
      await(writeAsync(down(offset), around.rewind()));
    }
  }

  private boolean aligned(long offset, long length) {
    return ((offset | length) & (export.smallestBlock() - 1)) == 0;
  }

  private long down(long offset) {
    return offset & -export.smallestBlock();
  }

  private ByteBuffer around(long offset, int length) {
    long end = Math.min(size(), down(offset + length + export.smallestBlock() - 1));
    return ByteBuffer.allocate((int) (end - down(offset)));
  }

  @Override
  public void flush() {
    if (writable() && export.can(Flags.Transmission.SEND_FLUSH)) {
      await(pipeline.send(Command.FLUSH, 0, 0, 0, NOTHING, NOTHING).done);
    }
  }

  @Override
  public void discard(long offset, long length) {
    checkWrite(offset, length);
    if (!export.can(Flags.Transmission.SEND_TRIM)) {
      return; // It is only a hint.
    }
    memory.forget();
    long block = Math.max(1, export.smallestBlock());
    long start = (offset + block - 1) & -block;
    long end = (offset + length) & -block;
    each(Command.TRIM, 0, start, end);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayFree) {
    checkWrite(offset, length);
    memory.forget();
    if (export.can(Flags.Transmission.SEND_WRITE_ZEROES) && aligned(offset, length)) {
      each(Command.WRITE_ZEROES, mayFree ? 0 : Flags.Command.NO_HOLE, offset, offset + length);
      return;
    }
    for (long at = offset; at < offset + length; ) {
      var zeroes = Zeroes.upTo(offset + length - at);
      int count = zeroes.remaining();
      write(at, zeroes);
      at += count;
    }
  }

  private void each(Command command, int flags, long start, long end) {
    for (long at = start; at < end; ) {
      long count = Math.min(end - at, LONGEST);
      await(pipeline.send(command, flags, at, count, NOTHING, NOTHING).done);
      at += count;
    }
  }

  @Override
  public Extent extent(long offset, long length) {
    check(offset, length);
    if (export.allocation().isEmpty() || length == 0) {
      return Extent.data(offset, length);
    }
    return memory.find(offset, length).orElseGet(() -> ask(offset, length));
  }

  private Extent ask(long offset, long length) {
    long moment = memory.moment();
    long start = down(offset);
    // To the end of the disk, not of the question: the next question is likely the next run.
    long hint = Math.min(size() - start, LONGEST);
    var asked = pipeline.send(Command.BLOCK_STATUS, 0, start, hint, NOTHING, NOTHING);
    await(asked.done);
    memory.keep(moment, start, asked.runs);
    return BlockStatusMemory.find(asked.runs, start, offset, length)
        .orElse(Extent.data(offset, length));
  }

  private void check(long offset, long length) {
    if (closed) {
      throw new DiskException(DiskException.Kind.CLOSED, name + ": is closed");
    }
    Range.check(name, offset, length, size());
  }

  private void checkWrite(long offset, long length) {
    check(offset, length);
    if (!writable()) {
      throw new DiskException(DiskException.Kind.READ_ONLY, name + ": opened for reading only");
    }
  }

  private static CompletableFuture<Void> all(List<CompletableFuture<Void>> parts) {
    return parts.size() == 1
        ? parts.getFirst()
        : CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
  }

  private void await(CompletableFuture<Void> answer) {
    long end = System.nanoTime() + options.patience().toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          answer.get(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
          return;
        } catch (InterruptedException later) {
          interrupted = true; // The server may write into our buffer still: no way out now.
        } catch (TimeoutException late) {
          // Ends the reading thread, which then fails this request too.
          pipeline.breakOff("no answer within " + options.patience());
          end = Long.MAX_VALUE;
        } catch (ExecutionException failed) {
          throw failed.getCause() instanceof DiskException failure
              ? new DiskException(failure.kind(), String.valueOf(failure.getMessage()), failure)
              : new IllegalStateException(failed);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Leaves; what was written but not flushed is the server's to keep, as with any NBD client. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      pipeline.close();
    }
  }
}
