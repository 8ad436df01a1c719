/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.node.Node;
import org.jspecify.annotations.Nullable;

/** A file of the host that the guest knows by a number. */
final class KnownNode extends Counted {
  static final int TYPE = 0170000;
  static final int DIRECTORY = 0040000;
  static final int REGULAR = 0100000;
  static final int LINK = 0120000;

  private static final int PLACE_SHIFT = 48; // hosts number files from below, overlay from above

  final long id;
  final Identity identity;
  final Node node;
  final int type;
  final Export export;

  /** The export's place in the server's list. */
  final int place;

  /** Whether it is the top of an export. */
  final boolean top;

  /** Whether the last name found in this directory led to a file that was known before. */
  volatile boolean revisited;

  /** How many lookups the guest has not forgotten; guarded by the table. */
  long lookups;

  /** The top of an export. */
  KnownNode(long id, Identity identity, Node node, int type, Export export, int place) {
    this.id = id;
    this.identity = identity;
    this.node = node;
    this.type = type;
    this.export = export;
    this.place = place;
    this.top = true;
  }

  /** A file somewhere below {@code above}. */
  KnownNode(long id, Identity identity, Node node, int type, KnownNode above) {
    this.id = id;
    this.identity = identity;
    this.node = node;
    this.type = type;
    this.export = above.export;
    this.place = above.place;
    this.top = false;
  }

  /** One file of the host, however many names it has. The mount tells apart two exports of it. */
  record Identity(long mount, long device, long inode) {
    // Written out: the generated ones are slow in code that is compiled for a quick start.

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Identity that
          && inode == that.inode
          && device == that.device
          && mount == that.mount;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(inode * 31 + device) + (int) mount;
    }
  }

  /**
   * The number a guest sees for one of the host: exports share a device number in the guest, and
   * may lie on different file systems of the host.
   */
  long inode(long ofHost) {
    return ofHost ^ (long) place << PLACE_SHIFT;
  }

  boolean isDirectory() {
    return type == DIRECTORY;
  }

  boolean isRegular() {
    return type == REGULAR;
  }

  boolean isLink() {
    return type == LINK;
  }

  @Override
  void release() {
    node.close();
  }
}
