/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/**
 * Encrypts and decrypts whole sectors of {@value #SECTOR} bytes, in place. Safe for many threads:
 * each call borrows its own AES state.
 */
public final class SectorCipher {
  /** Bytes in a sector, whatever the disk's own block size. LUKS 1.2.3, section 2 */
  public static final int SECTOR = 512;

  private final Supplier<SectorBatch> fresh;
  private final ConcurrentLinkedQueue<SectorBatch> idle = new ConcurrentLinkedQueue<>();

  SectorCipher(Supplier<SectorBatch> fresh) {
    this.fresh = fresh;
    idle.add(fresh.get());
  }

  /**
   * Encrypts what remains of {@code data}; its position and limit stay.
   *
   * @param sector number of the first sector; in a raw container counted from the payload's start,
   *     in qcow2 the cluster's offset in the file divided by 512
   * @throws IllegalArgumentException if the length is no multiple of {@value #SECTOR}
   */
  public void encrypt(long sector, ByteBuffer data) {
    run(sector, data, true);
  }

  /** Decrypts what remains of {@code data}; see {@link #encrypt}. */
  public void decrypt(long sector, ByteBuffer data) {
    run(sector, data, false);
  }

  private void run(long sector, ByteBuffer data, boolean encrypt) {
    if (data.remaining() % SECTOR != 0) {
      throw new IllegalArgumentException(data.remaining() + " bytes are not whole sectors");
    }
    var borrowed = idle.poll();
    var batch = borrowed != null ? borrowed : fresh.get();
    try {
      for (int at = data.position(); at < data.limit(); at += SectorBatch.BYTES) {
        int length = Math.min(SectorBatch.BYTES, data.limit() - at);
        data.get(at, batch.data, 0, length);
        batch.run(sector + (at - data.position()) / SECTOR, length, encrypt);
        data.put(at, batch.data, 0, length);
      }
    } finally {
      idle.add(batch);
    }
  }
}
