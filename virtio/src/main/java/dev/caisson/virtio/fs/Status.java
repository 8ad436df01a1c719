/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.node.Node;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What the host says of a file: a struct statx as 64-bit words. Read by its own thread before the
 * next one is taken. Words, since a field read from native memory costs as much as ten here.
 */
final class Status {
  private static final int WORDS = 19; // up to and with stx_mnt_id

  /** Words of a struct fuse_attr. */
  static final int ATTRIBUTES = 11;

  private final MemorySegment statx = Arena.ofAuto().allocate(Node.STATX_SIZE, 8);
  private final long[] words = new long[WORDS];
  private final MemorySegment wordsAsMemory = MemorySegment.ofArray(words);

  private static final ThreadLocal<Status> OWN = ThreadLocal.withInitial(Status::new);

  /** As {@link #read}, into one that is the calling thread's. */
  static Status of(Node node) {
    return OWN.get().read(node);
  }

  /** As {@link #readDescriptor}, into one that is the calling thread's. */
  static Status ofDescriptor(int number) {
    return OWN.get().readDescriptor(number);
  }

  /** What the kernel says now. */
  Status read(Node node) {
    return taken(node.status(statx));
  }

  /** Of a name in a directory; a link is itself. False when the kernel refuses. */
  boolean readName(Node directory, MemorySegment name) {
    long result = directory.statusAt(name, statx);
    if (result >= 0) {
      taken(result);
    }
    return result >= 0;
  }

  Status readDescriptor(int number) {
    return taken(Node.statusOf(number, statx));
  }

  private Status taken(long result) {
    Refusal.checked(result);
    MemorySegment.copy(statx, 0, wordsAsMemory, 0, 8L * WORDS);
    return this;
  }

  int mode() {
    return (int) (words[3] >>> 32) & 0xffff;
  }

  int type() {
    return mode() & KnownNode.TYPE;
  }

  KnownNode.Identity identity() {
    return new KnownNode.Identity(words[18], words[17], words[4]);
  }

  /** Puts a struct fuse_attr at a place of words. include/uapi/linux/fuse.h */
  void attributes(long[] target, int at, KnownNode node) {
    target[at] = node.inode(words[4]);
    target[at + 1] = words[5]; // size
    target[at + 2] = words[6]; // blocks of 512 bytes
    target[at + 3] = words[8]; // accessed
    target[at + 4] = words[14]; // modified
    target[at + 5] = words[12]; // changed
    target[at + 6] = pair(words[9], words[15]); // their nanoseconds
    target[at + 7] = pair(words[13], mode());
    target[at + 8] = words[2]; // links, user
    long major = words[16] & 0xffff_ffffL;
    long minor = words[16] >>> 32;
    long device = (minor & 0xff) | (major << 8) | ((minor & ~0xffL) << 12); // new_encode_dev()
    target[at + 9] = pair(words[3], device); // group
    target[at + 10] = words[0] >>> 32; // block size
  }

  private static long pair(long low, long high) {
    return (low & 0xffff_ffffL) | high << 32;
  }
}
