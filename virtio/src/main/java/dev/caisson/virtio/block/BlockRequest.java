/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.block;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;

/**
 * One request: its header copied out of the guest's memory, its data still there. virtio 1.2,
 * section 5.2.6
 *
 * @param type as the driver wrote it
 * @param sector an unsigned number of 512-byte sectors
 * @param source bytes for the disk
 * @param target room for bytes of the disk, without the status byte
 * @param status the byte that says how it went
 */
record BlockRequest(int type, long sector, Buffers source, Buffers target, Buffers status) {
  static final int READ = 0;
  static final int WRITE = 1;
  static final int FLUSH = 4;
  static final int GET_ID = 8;
  static final int DISCARD = 11;
  static final int WRITE_ZEROES = 13;

  static final byte OK = 0;
  static final byte FAILED = 1;
  static final byte UNSUPPORTED = 2;

  private static final int HEADER = 16;

  static BlockRequest of(Chain chain) {
    MemorySegment header = MemorySegment.ofArray(new long[HEADER / 8]);
    long room = chain.writable().length();
    if (chain.readable().copyTo(0, header) < HEADER || room < 1) {
      throw VirtioException.guest(
          "block request of " + chain.readable().length() + " bytes with room for " + room);
    }
    return new BlockRequest(
        header.get(LittleEndian.U32, 0),
        header.get(LittleEndian.U64, 8),
        chain.readable().skip(HEADER),
        chain.writable().range(0, room - 1),
        chain.writable().skip(room - 1));
  }

  /** Writes the status; answers how many bytes the device wrote in all. */
  long finish(byte how) {
    status.copyFrom(MemorySegment.ofArray(new byte[] {how}), 0);
    return target.length() + 1;
  }
}
