/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.queue.Buffers;
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
  private final byte[] bytes; // the same, since a byte of native memory costs more to read
  private final MemorySegment bytesAsMemory;
  private Buffers source = Buffers.NONE;
  private long length;
  private long at;

  FuseRequest(MemorySegment room) {
    this.room = room;
    this.bytes = new byte[(int) room.byteSize()];
    this.bytesAsMemory = MemorySegment.ofArray(bytes);
  }

  void read(Buffers readable) {
    source = readable;
    length = readable.copyTo(0, room.asSlice(0, WRITE_HEADER));
    at = HEADER;
    copied(0);
    if (length == WRITE_HEADER && opcode() != Opcode.WRITE) {
      length += readable.copyTo(WRITE_HEADER, room.asSlice(WRITE_HEADER));
      copied(WRITE_HEADER);
    }
    if (length < HEADER) {
      throw VirtioException.guest("FUSE request of " + length + " bytes");
    }
  }

  private void copied(int from) {
    MemorySegment.copy(room, from, bytesAsMemory, from, length - from);
  }

  private int u32(int offset) {
    return (bytes[offset] & 0xff)
        | (bytes[offset + 1] & 0xff) << 8
        | (bytes[offset + 2] & 0xff) << 16
        | bytes[offset + 3] << 24;
  }

  private long u64(int offset) {
    return Integer.toUnsignedLong(u32(offset)) | (long) u32(offset + 4) << 32;
  }

  int opcode() {
    return u32(4);
  }

  long unique() {
    return u64(8);
  }

  long node() {
    return u64(16);
  }

  int user() {
    return u32(24);
  }

  int group() {
    return u32(28);
  }

  int u32() {
    return u32((int) take(4));
  }

  long u64() {
    return u64((int) take(8));
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
    int start = (int) at;
    MemorySegment name = string(LONGEST_NAME, Errno.ENAMETOOLONG);
    int size = (int) name.byteSize() - 1;
    boolean dots = size <= 2 && bytes[start] == '.' && (size == 1 || bytes[start + 1] == '.');
    if (size == 0 || dots) {
      throw Refusal.of(Errno.EINVAL);
    }
    for (int i = start; i < start + size; i++) {
      if (bytes[i] == '/') {
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
    for (int end = (int) at; end < length; end++) {
      if (bytes[end] == 0) {
        MemorySegment text = room.asSlice(at, end - at + 1);
        at = end + 1L;
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
