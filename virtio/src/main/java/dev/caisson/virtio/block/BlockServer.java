/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.block;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Sparse;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Answers requests from a disk. Serves several queues at once. */
final class BlockServer {
  static final int SECTOR = 512;

  /** Ranges in one discard or write-zeroes request. */
  static final int MOST_RANGES = 64;

  /** Sectors in one such range: 1 GiB. */
  static final int LARGEST_RANGE = 1 << 21;

  private static final System.Logger LOG = System.getLogger(BlockServer.class.getName());
  private static final long LARGEST_TRANSFER = 256 << 20;
  private static final int RANGE = 16;
  private static final int MAY_FREE = 1;

  private final Disk disk;
  private final boolean writable;
  private final byte[] serial;
  private volatile boolean writeThrough;

  BlockServer(Disk disk, BlockSettings settings) {
    this.disk = disk;
    this.writable = settings.writable() && disk.writable();
    this.serial = new byte[BlockSettings.SERIAL];
    byte[] text = settings.serial().getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, serial, 0, text.length);
  }

  boolean writable() {
    return writable;
  }

  boolean sparse() {
    return writable && disk instanceof Sparse;
  }

  long sectors() {
    return disk.size() / SECTOR;
  }

  /** Whether a write is answered only when it is on stable storage. */
  void writeThrough(boolean wanted) {
    writeThrough = wanted;
  }

  boolean writeThrough() {
    return writeThrough;
  }

  long serve(Chain chain) {
    BlockRequest request = BlockRequest.of(chain);
    byte status;
    try {
      status = answer(request);
    } catch (DiskException e) {
      LOG.log(System.Logger.Level.DEBUG, "request {0} failed: {1}", request.type(), e.getMessage());
      status = BlockRequest.FAILED;
    }
    if (status != BlockRequest.OK) {
      request.target().zero(0); // nothing half read is left to be taken for the disk's bytes
    }
    return request.finish(status);
  }

  private byte answer(BlockRequest request) {
    return switch (request.type()) {
      case BlockRequest.READ -> read(request);
      case BlockRequest.WRITE -> write(request);
      case BlockRequest.FLUSH -> {
        disk.flush();
        yield BlockRequest.OK;
      }
      case BlockRequest.GET_ID -> {
        request.target().zero(0);
        request.target().copyFrom(MemorySegment.ofArray(serial), 0);
        yield BlockRequest.OK;
      }
      case BlockRequest.DISCARD -> ranges(request, false);
      case BlockRequest.WRITE_ZEROES -> ranges(request, true);
      default -> BlockRequest.UNSUPPORTED;
    };
  }

  private boolean inside(long sector, long sectors) {
    return sector >= 0 && sectors >= 0 && sector <= sectors() - sectors;
  }

  private boolean transferable(BlockRequest request, Buffers data) {
    return data.length() % SECTOR == 0
        && data.length() <= LARGEST_TRANSFER
        && inside(request.sector(), data.length() / SECTOR);
  }

  private byte read(BlockRequest request) {
    Buffers target = request.target();
    if (!transferable(request, target)) {
      return BlockRequest.FAILED;
    }
    long offset = request.sector() * SECTOR;
    for (int i = 0; i < target.count(); i++) {
      disk.read(offset, target.part(i));
      offset += target.part(i).byteSize();
    }
    return BlockRequest.OK;
  }

  private byte write(BlockRequest request) {
    Buffers source = request.source();
    if (!writable || !transferable(request, source)) {
      return BlockRequest.FAILED;
    }
    long offset = request.sector() * SECTOR;
    for (int i = 0; i < source.count(); i++) {
      disk.write(offset, source.part(i));
      offset += source.part(i).byteSize();
    }
    return written();
  }

  private byte written() {
    if (writeThrough) {
      disk.flush();
    }
    return BlockRequest.OK;
  }

  /** All ranges are proven before the first takes effect. */
  private byte ranges(BlockRequest request, boolean zero) {
    if (!writable || !(disk instanceof Sparse sparse)) {
      return BlockRequest.UNSUPPORTED;
    }
    long length = request.source().length();
    if (length == 0 || length % RANGE != 0 || length > (long) RANGE * MOST_RANGES) {
      return BlockRequest.FAILED;
    }
    MemorySegment list = MemorySegment.ofArray(new long[(int) length / 8]);
    request.source().copyTo(0, list);
    for (long at = 0; at < length; at += RANGE) {
      int flags = list.get(LittleEndian.U32, at + 12);
      if ((flags & ~(zero ? MAY_FREE : 0)) != 0) {
        return BlockRequest.UNSUPPORTED;
      }
      long count = Integer.toUnsignedLong(list.get(LittleEndian.U32, at + 8));
      if (count > LARGEST_RANGE || !inside(list.get(LittleEndian.U64, at), count)) {
        return BlockRequest.FAILED;
      }
    }
    for (long at = 0; at < length; at += RANGE) {
      long offset = list.get(LittleEndian.U64, at) * SECTOR;
      long bytes = Integer.toUnsignedLong(list.get(LittleEndian.U32, at + 8)) * SECTOR;
      if (bytes == 0) {
        continue;
      }
      if (zero) {
        sparse.writeZeroes(offset, bytes, list.get(LittleEndian.U32, at + 12) == MAY_FREE);
      } else {
        sparse.discard(offset, bytes);
      }
    }
    return written();
  }

  void close() {
    disk.close();
  }
}
