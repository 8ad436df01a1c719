/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;

/** Writes what the guest learns of a file: struct fuse_entry_out and struct fuse_attr_out. */
final class Entry {
  /** Bytes of a struct fuse_entry_out. */
  static final int SIZE = 128;

  private static final int DIRECTORY_555 = 0040555;

  private Entry() {}

  static void entry(FuseReply reply, KnownNode node, Status status) {
    int at = reply.place(5 + Status.ATTRIBUTES);
    long[] words = reply.words();
    words[at] = node.id;
    words[at + 1] = 0; // generation: numbers are never used again
    words[at + 2] = node.export.cacheSeconds();
    words[at + 3] = node.export.cacheSeconds();
    words[at + 4] = 0;
    status.attributes(words, at + 5, node);
  }

  static void attributes(FuseReply reply, KnownNode node, Status status) {
    int at = reply.place(2 + Status.ATTRIBUTES);
    long[] words = reply.words();
    words[at] = node.export.cacheSeconds();
    words[at + 1] = 0;
    status.attributes(words, at + 2, node);
  }

  /** The file system's own root, which is no file of the host. */
  static void rootAttributes(FuseReply reply, int exports) {
    reply.u64(1);
    reply.u64(0);
    reply.u64(NodeTable.ROOT);
    reply.zero(5 * 8);
    reply.zero(3 * 4);
    reply.u32(DIRECTORY_555);
    reply.u32(2 + exports);
    reply.zero(3 * 4);
    reply.u32(4096);
    reply.u32(0);
  }

  /** What may be changed only where the export is writable. */
  static void writable(Export export) {
    if (export.readOnly()) {
      throw Refusal.of(Errno.EROFS);
    }
  }
}
