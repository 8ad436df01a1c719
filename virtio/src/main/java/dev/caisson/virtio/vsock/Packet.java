/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vsock;

import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A struct virtio_vsock_hdr, copied out of the guest's memory. virtio 1.2, section 5.10.6
 *
 * @param fromPort of the sender, an unsigned number
 * @param length bytes of data behind the header, an unsigned number
 * @param room bytes the sender can hold for this stream, unsigned
 * @param forwarded bytes the sender has taken from this stream so far, unsigned and wrapping
 */
record Packet(
    long fromCid,
    long toCid,
    int fromPort,
    int toPort,
    int length,
    int type,
    int operation,
    int flags,
    int room,
    int forwarded) {
  static final int SIZE = 44;
  static final int STREAM = 1;

  static final int REQUEST = 1;
  static final int RESPONSE = 2;
  static final int RESET = 3;
  static final int SHUTDOWN = 4;
  static final int DATA = 5;
  static final int CREDIT_UPDATE = 6;
  static final int CREDIT_REQUEST = 7;

  /** In a SHUTDOWN: the sender will not receive any more. */
  static final int NO_RECEIVE = 1;

  /** In a SHUTDOWN: the sender will not send any more. */
  static final int NO_SEND = 2;

  /** Empty when the bytes are no packet: too few, or fewer data than it says. */
  static Optional<Packet> read(Buffers source) {
    MemorySegment copy = MemorySegment.ofArray(new byte[SIZE]);
    if (source.copyTo(0, copy) < SIZE) {
      return Optional.empty();
    }
    var packet =
        new Packet(
            copy.get(LittleEndian.U64, 0),
            copy.get(LittleEndian.U64, 8),
            copy.get(LittleEndian.U32, 16),
            copy.get(LittleEndian.U32, 20),
            copy.get(LittleEndian.U32, 24),
            Short.toUnsignedInt(copy.get(LittleEndian.U16, 28)),
            Short.toUnsignedInt(copy.get(LittleEndian.U16, 30)),
            copy.get(LittleEndian.U32, 32),
            copy.get(LittleEndian.U32, 36),
            copy.get(LittleEndian.U32, 40));
    boolean whole = Integer.toUnsignedLong(packet.length) <= source.length() - SIZE;
    return whole ? Optional.of(packet) : Optional.empty();
  }

  byte[] encode() {
    var bytes = new byte[SIZE];
    MemorySegment target = MemorySegment.ofArray(bytes);
    target.set(LittleEndian.U64, 0, fromCid);
    target.set(LittleEndian.U64, 8, toCid);
    target.set(LittleEndian.U32, 16, fromPort);
    target.set(LittleEndian.U32, 20, toPort);
    target.set(LittleEndian.U32, 24, length);
    target.set(LittleEndian.U16, 28, (short) type);
    target.set(LittleEndian.U16, 30, (short) operation);
    target.set(LittleEndian.U32, 32, flags);
    target.set(LittleEndian.U32, 36, room);
    target.set(LittleEndian.U32, 40, forwarded);
    return bytes;
  }

  /** What a sender hears of a stream that does not exist here. */
  Packet resetAnswer() {
    long answering = toCid;
    long asked = fromCid;
    int answeringPort = toPort;
    int askedPort = fromPort;
    return new Packet(answering, asked, answeringPort, askedPort, 0, type, RESET, 0, 0, 0);
  }
}
