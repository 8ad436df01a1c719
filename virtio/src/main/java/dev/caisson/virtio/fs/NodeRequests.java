/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.node.Node;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Requests about a file itself: its attributes, its link target, its file system. */
final class NodeRequests {
  private static final int MODE = 1;
  private static final int USER = 1 << 1;
  private static final int GROUP = 1 << 2;
  private static final int SIZE = 1 << 3;
  private static final int ACCESSED = 1 << 4;
  private static final int MODIFIED = 1 << 5;
  private static final int HANDLE = 1 << 6;
  private static final int ACCESSED_NOW = 1 << 7;
  private static final int MODIFIED_NOW = 1 << 8;
  private static final int KILL_PRIVILEGES = 1 << 11;
  private static final long UTIME_NOW = 0x3fffffff;
  private static final long UTIME_OMIT = 0x3ffffffe;
  private static final int LONGEST_LINK = 4096;
  private static final int LONGEST_VALUE = 65536;

  private final NodeTable nodes;
  private final HandleTable handles;

  NodeRequests(NodeTable nodes, HandleTable handles) {
    this.nodes = nodes;
    this.handles = handles;
  }

  void get(FuseRequest request, FuseReply reply) {
    if (nodes.lists(request.node())) {
      Entry.rootAttributes(reply, nodes.tops().size());
      return;
    }
    try (KnownNode node = nodes.use(request.node())) {
      Entry.attributes(reply, node, reply.status().read(node.node));
    }
  }

  void set(FuseRequest request, FuseReply reply) {
    try (KnownNode node = nodes.useOfHost(request.node())) {
      Entry.writable(node.export);
      var change = Change.read(request);
      if (change.has(MODE)) {
        if (node.isLink()) {
          throw Refusal.of(Errno.EOPNOTSUPP);
        }
        Refusal.checked(node.node.changePermissions(change.mode));
      }
      if (change.has(USER) || change.has(GROUP)) {
        int user = change.has(USER) ? change.user : -1;
        int group = change.has(GROUP) ? change.group : -1;
        Refusal.checked(node.node.changeOwner(user, group));
      }
      if (change.has(SIZE)) {
        truncate(node, change, reply.status());
      }
      if (change.has(ACCESSED) || change.has(MODIFIED)) {
        Refusal.checked(node.node.changeTimes(change.times()));
      }
      Entry.attributes(reply, node, reply.status().read(node.node));
    }
  }

  private void truncate(KnownNode node, Change change, Status status) {
    if (!node.isRegular()) {
      throw Refusal.of(Errno.EINVAL);
    }
    if (change.has(KILL_PRIVILEGES)) {
      FileRequests.killPrivileges(node, status);
    }
    if (!change.has(HANDLE)) {
      Refusal.checked(node.node.truncate(change.size));
      return;
    }
    // Through the handle: the file may since have lost the permission to be opened for writing.
    try (OpenHandle handle = handles.use(change.handle)) {
      if (!handle.identity.equals(node.identity) || !handle.writable) {
        throw Refusal.of(Errno.EBADF);
      }
      Refusal.checked(handle.file.truncate(change.size));
    }
  }

  /** struct fuse_setattr_in. */
  private record Change(
      int valid,
      long handle,
      long size,
      long accessed,
      long modified,
      int accessedNanos,
      int modifiedNanos,
      int mode,
      int user,
      int group) {
    static Change read(FuseRequest request) {
      int valid = request.u32();
      request.skip(4);
      long handle = request.u64();
      long size = request.u64();
      request.skip(8);
      long accessed = request.u64();
      long modified = request.u64();
      request.skip(8);
      int accessedNanos = request.u32();
      int modifiedNanos = request.u32();
      request.skip(4);
      int mode = request.u32();
      request.skip(4);
      return new Change(
          valid,
          handle,
          size,
          accessed,
          modified,
          accessedNanos,
          modifiedNanos,
          mode,
          request.u32(),
          request.u32());
    }

    boolean has(int bit) {
      return (valid & bit) != 0;
    }

    /** Two struct timespec as utimensat(2) takes them. */
    MemorySegment times() {
      MemorySegment times = Arena.ofAuto().allocate(32, 8);
      time(times, 0, ACCESSED, ACCESSED_NOW, accessed, accessedNanos);
      time(times, 16, MODIFIED, MODIFIED_NOW, modified, modifiedNanos);
      return times;
    }

    private void time(MemorySegment times, int at, int given, int now, long seconds, int nanos) {
      times.set(ValueLayout.JAVA_LONG, at, seconds);
      long part = has(now) ? UTIME_NOW : has(given) ? Integer.toUnsignedLong(nanos) : UTIME_OMIT;
      times.set(ValueLayout.JAVA_LONG, at + 8L, part);
    }
  }

  void readLink(FuseRequest request, FuseReply reply) {
    try (KnownNode node = nodes.use(request.node())) {
      if (!node.isLink()) {
        throw Refusal.of(Errno.EINVAL);
      }
      reply.filled(Refusal.checked(node.node.readLink(reply.free(LONGEST_LINK))));
    }
  }

  void fileSystem(FuseRequest request, FuseReply reply) {
    if (nodes.lists(request.node())) {
      reply.zero(40);
      reply.u32(4096);
      reply.u32(FuseRequest.LONGEST_NAME);
      reply.u32(4096);
      reply.zero(28);
      return;
    }
    try (KnownNode node = nodes.use(request.node())) {
      MemorySegment statfs = Arena.ofAuto().allocate(Node.STATFS_SIZE, 8);
      Refusal.checked(node.node.fileSystem(statfs));
      for (int field = 16; field <= 48; field += 8) { // blocks, free, available, files, free files
        reply.u64(statfs.get(LittleEndian.U64, field));
      }
      reply.u32((int) statfs.get(LittleEndian.U64, 8));
      reply.u32((int) statfs.get(LittleEndian.U64, 64));
      reply.u32((int) statfs.get(LittleEndian.U64, 72));
      reply.zero(28);
    }
  }

  void syncFileSystem(FuseRequest request) {
    if (nodes.lists(request.node())) {
      nodes.tops().forEach(NodeRequests::sync);
      return;
    }
    try (KnownNode node = nodes.use(request.node())) {
      sync(node);
    }
  }

  private static void sync(KnownNode node) {
    if (node.isRegular() || node.isDirectory()) {
      Refusal.checked(node.node.syncFileSystem());
    }
  }

  void getExtended(FuseRequest request, FuseReply reply) {
    int size = request.u32();
    request.skip(4);
    MemorySegment name = ExtendedName.permitted(request.attributeName());
    try (KnownNode node = extended(request)) {
      int most = Math.min(size < 0 ? LONGEST_VALUE : size, LONGEST_VALUE);
      MemorySegment room = size == 0 ? MemorySegment.NULL : reply.free(most);
      long length = node.node.attribute(name, room);
      if (length < 0) {
        reply.refuse((int) -length);
      } else if (size == 0) {
        reply.u64(length);
      } else {
        reply.filled(length);
      }
    }
  }

  void listExtended(FuseRequest request, FuseReply reply) {
    int size = request.u32();
    try (KnownNode node = extended(request)) {
      MemorySegment all = Arena.ofAuto().allocate(LONGEST_VALUE);
      long length = Refusal.checked(node.node.attributeNames(all));
      byte[] visible = ExtendedName.visible(all.asSlice(0, length));
      if (size == 0) {
        reply.u64(visible.length);
      } else {
        reply.bytes(visible);
      }
    }
  }

  void setExtended(FuseRequest request) {
    int size = request.u32();
    int flags = request.u32();
    MemorySegment name = ExtendedName.permitted(request.attributeName());
    MemorySegment value = request.bytes(Integer.toUnsignedLong(size));
    try (KnownNode node = extended(request)) {
      Entry.writable(node.export);
      Refusal.checked(node.node.setAttribute(name, value, flags));
    }
  }

  void removeExtended(FuseRequest request) {
    MemorySegment name = ExtendedName.permitted(request.attributeName());
    try (KnownNode node = extended(request)) {
      Entry.writable(node.export);
      Refusal.checked(node.node.removeAttribute(name));
    }
  }

  /** Extended attributes are reached by path, which for a link would be its target's. */
  private KnownNode extended(FuseRequest request) {
    if (nodes.lists(request.node())) {
      throw Refusal.of(Errno.EOPNOTSUPP);
    }
    KnownNode node = nodes.use(request.node());
    if (!node.isRegular() && !node.isDirectory()) {
      node.close();
      throw Refusal.of(Errno.EOPNOTSUPP);
    }
    return node;
  }
}
