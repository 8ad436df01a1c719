/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;

/**
 * One request, copied out of the guest's memory before anything is decided on it: the struct
 * fuse_in_header and the arguments. Data to be written stays with the guest.
 */
final class FuseRequest {
  static final int HEADER = 40;
  private static final int WRITE_HEADER = HEADER + 40;
  static final int LONGEST_NAME = 255;
  private static final int LONGEST_LINK = 4095;

  private final MemorySegment room;
  private Buffers source = Buffers.NONE;
  private long length;
  private long at;

  FuseRequest(MemorySegment room) {
    this.room = room;
  }

  void read(Buffers readable) {
    source = readable;
    length = readable.copyTo(0, room.asSlice(0, WRITE_HEADER));
    at = HEADER;
    if (length == WRITE_HEADER && opcode() != Opcode.WRITE) {
      length += readable.copyTo(WRITE_HEADER, room.asSlice(WRITE_HEADER));
    }
    if (length < HEADER) {
      throw VirtioException.guest("FUSE request of " + length + " bytes");
    }
  }

  int opcode() {
    return room.get(LittleEndian.U32, 4);
  }

  long unique() {
    return room.get(LittleEndian.U64, 8);
  }

  long node() {
    return room.get(LittleEndian.U64, 16);
  }

  int user() {
    return room.get(LittleEndian.U32, 24);
  }

  int group() {
    return room.get(LittleEndian.U32, 28);
  }

  int u32() {
    return room.get(LittleEndian.U32, take(4));
  }

  long u64() {
    return room.get(LittleEndian.U64, take(8));
  }

  void skip(int bytes) {
    take(bytes);
  }

  /** Whether so many more bytes came. */
  boolean has(long bytes) {
    return length - at >= bytes;
  }

  /** One plain component with its NUL: never empty, "." or "..", never with a slash. */
  MemorySegment name() {
    MemorySegment name = string(LONGEST_NAME, Errno.ENAMETOOLONG);
    long size = name.byteSize() - 1;
    boolean dots =
        size <= 2
            && name.get(LittleEndian.U8, 0) == '.'
            && (size == 1 || name.get(LittleEndian.U8, 1) == '.');
    if (size == 0 || dots) {
      throw Refusal.of(Errno.EINVAL);
    }
    for (long i = 0; i < size; i++) {
      if (name.get(LittleEndian.U8, i) == '/') {
        throw Refusal.of(Errno.EINVAL);
      }
    }
    return name;
  }

  /** The target of a new symbolic link, which nobody here follows. */
  MemorySegment linkTarget() {
    return string(LONGEST_LINK, Errno.ENAMETOOLONG);
  }

  /** The name of an extended attribute. */
  MemorySegment attributeName() {
    return string(LONGEST_NAME, Errno.ERANGE);
  }

  MemorySegment bytes(long size) {
    if (size < 0 || !has(size)) {
      throw Refusal.of(Errno.EINVAL);
    }
    return room.asSlice(take((int) size), size);
  }

  /** What follows the arguments, in the guest's memory. */
  Buffers data(long size) {
    if (size < 0 || size > source.length() - at) {
      throw Refusal.of(Errno.EINVAL);
    }
    return source.range(at, size);
  }

  private MemorySegment string(int longest, Errno tooLong) {
    for (long end = at; end < length; end++) {
      if (room.get(LittleEndian.U8, end) == 0) {
        MemorySegment text = room.asSlice(at, end - at + 1);
        at = end + 1;
        if (text.byteSize() - 1 > longest) {
          throw Refusal.of(tooLong);
        }
        return text;
      }
    }
    throw Refusal.of(Errno.EINVAL);
  }

  private long take(int size) {
    if (!has(size)) {
      throw Refusal.of(Errno.EINVAL);
    }
    long start = at;
    at += size;
    return start;
  }
}
