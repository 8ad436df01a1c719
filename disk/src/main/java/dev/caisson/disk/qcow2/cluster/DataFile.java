/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import dev.caisson.disk.qcow2.image.ClusterCipher;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.storage.Storage;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Guest bytes where they are stored: encrypted if the image is, and short at the file's end. */
public final class DataFile {
  private static final int SECTOR = 512;

  private final Image image;
  private final Storage storage;
  private volatile long knownSize;

  public DataFile(Image image) {
    this.image = image;
    this.storage = image.data();
  }

  /** Fills {@code target} with zeroes. */
  static void zero(ByteBuffer target) {
    MemorySegment.ofBuffer(target).fill((byte) 0);
    target.position(target.limit());
  }

  /** Reads plain guest bytes that are stored at {@code host}. */
  void read(long host, ByteBuffer target) {
    if (image.cipher().isPresent()) {
      readEncrypted(image.cipher().get(), host, target);
    } else {
      readStored(host, target);
    }
  }

  /**
   * The last cluster of a file may be cut short where only zeroes would follow; a cluster that lies
   * wholly past the end was cut off by somebody, and is an I/O error.
   */
  public void readStored(long host, ByteBuffer target) {
    long end = host + target.remaining();
    if (end > knownSize) {
      knownSize = storage.size();
      if (end > knownSize && knownSize > image.geometry().alignDown(end - 1)) {
        int limit = target.limit();
        int there = (int) Math.max(0, knownSize - host);
        storage.read(host, target.limit(target.position() + there));
        zero(target.limit(limit));
        return;
      }
    }
    storage.read(host, target);
  }

  /** Writes plain guest bytes to {@code host}; the source is left at its limit, unchanged. */
  void write(long host, ByteBuffer source) {
    if (image.cipher().isPresent()) {
      writeEncrypted(image.cipher().get(), host, source);
    } else {
      storage.write(host, source);
    }
  }

  /** Whether the file ends before {@code host}, so that what is not written there reads as zero. */
  boolean untouched(long host) {
    return image.cipher().isEmpty() && host >= storage.size();
  }

  private void readEncrypted(ClusterCipher cipher, long host, ByteBuffer target) {
    int before = (int) (host & (SECTOR - 1));
    int length = Math.ceilDiv(before + target.remaining(), SECTOR) * SECTOR;
    var sectors = ByteBuffer.allocate(length);
    readStored(host - before, sectors);
    cipher.decrypt(host - before, sectors.flip());
    sectors.position(before).limit(before + target.remaining());
    target.put(sectors);
  }

  private void writeEncrypted(ClusterCipher cipher, long host, ByteBuffer source) {
    int before = (int) (host & (SECTOR - 1));
    int length = Math.ceilDiv(before + source.remaining(), SECTOR) * SECTOR;
    var sectors = ByteBuffer.allocate(length);
    if (length == source.remaining()) {
      store(cipher, host, sectors.put(source).flip());
      return;
    }
    synchronized (this) { // two writers of one sector must not undo each other
      readEncrypted(cipher, host - before, sectors);
      sectors.position(before).put(source);
      store(cipher, host - before, sectors.clear());
    }
  }

  private void store(ClusterCipher cipher, long host, ByteBuffer sectors) {
    cipher.encrypt(host, sectors);
    storage.write(host, sectors.clear());
  }
}
