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

  private final MemorySegment room; // for what the kernel shall read
  private final byte[] bytes;
  private final MemorySegment bytesAsMemory;
  private final MemorySegment head;
  private final MemorySegment tail;
  private Buffers source = Buffers.NONE;
  private long length;
  private long at;

  /**
   * @param room native memory, as large as the largest request without the data of a write
   */
  FuseRequest(MemorySegment room) {
    this.room = room;
    this.bytes = new byte[(int) room.byteSize()];
    this.bytesAsMemory = MemorySegment.ofArray(bytes);
    this.head = bytesAsMemory.asSlice(0, WRITE_HEADER);
    this.tail = bytesAsMemory.asSlice(WRITE_HEADER);
  }

  void read(Buffers readable) {
    source = readable;
    length = readable.copyTo(0, head);
    at = HEADER;
    if (length < HEADER) {
      throw VirtioException.guest("FUSE request of " + length + " bytes");
    }
    if (length == WRITE_HEADER && opcode() != Opcode.WRITE) {
      length += readable.copyTo(WRITE_HEADER, tail);
    }
  }

  /** Bytes of the request in native memory. */
  private MemorySegment copied(long start, long size) {
    MemorySegment.copy(bytesAsMemory, start, room, start, size);
    return room.asSlice(start, size);
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
    return copied(take((int) size), size);
  }

  /** The request in the guest's memory; so many bytes are there from {@link #position} on. */
  Buffers source(long size) {
    if (size < 0 || size > source.length() - at) {
      throw Refusal.of(Errno.EINVAL);
    }
    return source;
  }

  /** Where the next argument begins. */
  long position() {
    return at;
  }

  private MemorySegment string(int longest, Errno tooLong) {
    for (int end = (int) at; end < length; end++) {
      if (bytes[end] == 0) {
        long start = at;
        at = end + 1L;
        if (end - start > longest) {
          throw Refusal.of(tooLong);
        }
        return copied(start, at - start);
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
