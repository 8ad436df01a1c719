/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.node.Node;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What the host says of a file: a struct statx. Read by its own thread before the next one is
 * taken.
 */
record Status(MemorySegment statx) {
  private static final ThreadLocal<MemorySegment> ROOM =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Node.STATX_SIZE, 8));

  static Status of(Node node) {
    MemorySegment room = ROOM.get();
    Refusal.checked(node.status(room));
    return new Status(room);
  }

  static Status ofName(Node directory, MemorySegment name) {
    MemorySegment room = ROOM.get();
    Refusal.checked(directory.statusAt(name, room));
    return new Status(room);
  }

  static Status ofDescriptor(int number) {
    MemorySegment room = ROOM.get();
    Refusal.checked(Node.statusOf(number, room));
    return new Status(room);
  }

  int mode() {
    return Short.toUnsignedInt(statx.get(LittleEndian.U16, 28));
  }

  int type() {
    return mode() & KnownNode.TYPE;
  }

  long inode() {
    return statx.get(LittleEndian.U64, 32);
  }

  long size() {
    return statx.get(LittleEndian.U64, 40);
  }

  KnownNode.Identity identity() {
    long device =
        ((long) statx.get(LittleEndian.U32, 136) << 32)
            | Integer.toUnsignedLong(statx.get(LittleEndian.U32, 140));
    return new KnownNode.Identity(statx.get(LittleEndian.U64, 144), device, inode());
  }

  /** Writes a struct fuse_attr, 88 bytes. include/uapi/linux/fuse.h */
  void attributes(FuseReply reply, boolean submount) {
    reply.u64(inode());
    reply.u64(size());
    reply.u64(statx.get(LittleEndian.U64, 48)); // blocks of 512 bytes
    reply.u64(statx.get(LittleEndian.U64, 64)); // accessed
    reply.u64(statx.get(LittleEndian.U64, 112)); // modified
    reply.u64(statx.get(LittleEndian.U64, 96)); // changed
    reply.u32(statx.get(LittleEndian.U32, 72));
    reply.u32(statx.get(LittleEndian.U32, 120));
    reply.u32(statx.get(LittleEndian.U32, 104));
    reply.u32(mode());
    reply.u32(statx.get(LittleEndian.U32, 16)); // links
    reply.u32(statx.get(LittleEndian.U32, 20)); // user
    reply.u32(statx.get(LittleEndian.U32, 24)); // group
    int major = statx.get(LittleEndian.U32, 128);
    int minor = statx.get(LittleEndian.U32, 132);
    reply.u32((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)); // new_encode_dev()
    reply.u32(statx.get(LittleEndian.U32, 4)); // block size
    reply.u32(submount ? 1 : 0);
  }
}
