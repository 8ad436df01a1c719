/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.node.OpenNode;

/** A file or directory the guest has open. */
final class OpenHandle extends Counted {
  final OpenNode file;
  final KnownNode.Identity identity;
  final Export export;
  final boolean writable;
  final long node;
  final int flags;
  final WriteStream stream = new WriteStream();

  /** Where the next listing of a directory would go on by itself; guarded by this. */
  long position;

  /**
   * @param flags as open(2) has them
   */
  OpenHandle(OpenNode file, KnownNode node, int flags) {
    this.file = file;
    this.identity = node.identity;
    this.export = node.export;
    this.writable = FileRequests.writes(flags);
    this.node = node.id;
    this.flags = flags;
  }

  @Override
  void release() {
    file.close();
  }
}
