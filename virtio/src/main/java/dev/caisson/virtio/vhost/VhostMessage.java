/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.Fd;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One message of the vhost-user protocol. docs/interop/vhost-user in QEMU's manual
 *
 * @param payload native memory, at most 4096 bytes
 * @param descriptors what came along; what nobody takes is closed with the message
 */
record VhostMessage(int request, int flags, MemorySegment payload, List<Fd> descriptors)
    implements AutoCloseable {
  static final int GET_FEATURES = 1;
  static final int SET_FEATURES = 2;
  static final int SET_OWNER = 3;
  static final int RESET_OWNER = 4;
  static final int SET_MEMORY_TABLE = 5;
  static final int SET_VRING_SIZE = 8;
  static final int SET_VRING_ADDRESS = 9;
  static final int SET_VRING_BASE = 10;
  static final int GET_VRING_BASE = 11;
  static final int SET_VRING_KICK = 12;
  static final int SET_VRING_CALL = 13;
  static final int SET_VRING_ERROR = 14;
  static final int GET_PROTOCOL_FEATURES = 15;
  static final int SET_PROTOCOL_FEATURES = 16;
  static final int GET_QUEUE_COUNT = 17;
  static final int SET_VRING_ENABLE = 18;
  static final int SET_BACKEND_CHANNEL = 21;
  static final int GET_CONFIG = 24;
  static final int SET_CONFIG = 25;
  static final int RESET_DEVICE = 34;

  /** What this side says by itself, over the channel it was given. */
  static final int CONFIG_CHANGED = 2;

  private static final int HEADER = 12;
  private static final int LARGEST = 4096;
  private static final int MOST_DESCRIPTORS = 32; // one for each region of memory
  private static final int VERSION = 1;
  private static final int VERSION_MASK = 3;
  private static final int REPLY = 4;
  static final int NEED_REPLY = 8;

  /** Waits for a message; empty when the peer closed. */
  static Optional<VhostMessage> receive(UnixSocket socket) {
    MemorySegment room = Arena.ofAuto().allocate(HEADER + LARGEST, 8);
    List<Fd> descriptors = new ArrayList<>();
    if (!fill(socket, room.asSlice(0, HEADER), descriptors)) {
      return Optional.empty();
    }
    int request = room.get(LittleEndian.U32, 0);
    int flags = room.get(LittleEndian.U32, 4);
    int size = room.get(LittleEndian.U32, 8);
    if (size < 0 || size > LARGEST || (flags & VERSION_MASK) != VERSION) {
      descriptors.forEach(Fd::close);
      throw peer("message %d of %d bytes, flags 0x%x".formatted(request, size, flags));
    }
    MemorySegment payload = room.asSlice(HEADER, size);
    if (!fill(socket, payload, descriptors)) {
      descriptors.forEach(Fd::close);
      return Optional.empty();
    }
    return Optional.of(new VhostMessage(request, flags, payload, descriptors));
  }

  private static boolean fill(UnixSocket socket, MemorySegment target, List<Fd> descriptors) {
    long done = 0;
    while (done < target.byteSize()) {
      int count = socket.receive(target.asSlice(done), descriptors);
      if (count == 0 || descriptors.size() > MOST_DESCRIPTORS) {
        descriptors.forEach(Fd::close);
        return false;
      }
      done += count;
    }
    return true;
  }

  static VirtioException peer(String message) {
    return new VirtioException(VirtioException.Kind.PEER, "vhost-user: " + message);
  }

  boolean isReply() {
    return (flags & REPLY) != 0;
  }

  boolean wantsAcknowledgement() {
    return (flags & NEED_REPLY) != 0;
  }

  int u32(long offset) {
    need(offset + 4);
    return payload.get(LittleEndian.U32, offset);
  }

  long u64(long offset) {
    need(offset + 8);
    return payload.get(LittleEndian.U64, offset);
  }

  void need(long bytes) {
    if (payload.byteSize() < bytes) {
      throw peer("message " + request + " has only " + payload.byteSize() + " bytes");
    }
  }

  /** The one descriptor that must have come along. */
  Fd descriptor() {
    if (descriptors.size() != 1) {
      throw peer("message " + request + " with " + descriptors.size() + " descriptors");
    }
    return descriptors.getFirst();
  }

  /** Whoever took the one descriptor closes it. */
  void taken() {
    descriptors.clear();
  }

  /** Closes what nobody took. */
  @Override
  public void close() {
    descriptors.forEach(Fd::close);
  }

  /** Sends a message without payload that nobody asked for and nobody answers. */
  static void tell(UnixSocket channel, int what) {
    send(channel, what, 0, new byte[0]);
  }

  void reply(UnixSocket socket, MemorySegment answer) {
    send(socket, request, REPLY, answer.toArray(ValueLayout.JAVA_BYTE));
  }

  /** Sends a message of this protocol's version, with descriptors beside it. */
  static void send(UnixSocket socket, int request, int flags, byte[] payload, Fd... files) {
    var bytes = new byte[HEADER + payload.length];
    MemorySegment message = MemorySegment.ofArray(bytes);
    message.set(LittleEndian.U32, 0, request);
    message.set(LittleEndian.U32, 4, VERSION | flags);
    message.set(LittleEndian.U32, 8, payload.length);
    System.arraycopy(payload, 0, bytes, HEADER, payload.length);
    socket.sendFully(bytes, files);
  }

  void reply(UnixSocket socket, long answer) {
    MemorySegment number = MemorySegment.ofArray(new long[1]);
    number.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, answer);
    reply(socket, number);
  }
}
