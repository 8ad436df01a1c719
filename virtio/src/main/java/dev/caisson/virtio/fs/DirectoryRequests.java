/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.node.OpenNode;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Listing directories. */
final class DirectoryRequests {
  private static final int LISTING = 32 << 10;
  private static final int LONGEST_ENTRY = 280; // struct linux_dirent64 with a name of 255 bytes
  private static final long COMPLETE = -1; // no position of a directory
  private static final int O_DIRECTORY = 0200000;
  private static final int HEADER = 24; // struct fuse_dirent without its name
  private static final int HOST_HEADER = 19; // struct linux_dirent64 without its name
  private static final long ROOT_HANDLE = 0; // handles of the table begin at 1

  private final NodeTable nodes;
  private final HandleTable handles;
  private final ThreadLocal<MemorySegment> listing =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(LISTING, 8));

  DirectoryRequests(NodeTable nodes, HandleTable handles) {
    this.nodes = nodes;
    this.handles = handles;
  }

  void open(FuseRequest request, FuseReply reply) {
    if (request.node() == NodeTable.ROOT) {
      reply.u64(ROOT_HANDLE);
      reply.u64(0);
      return;
    }
    try (KnownNode node = nodes.use(request.node())) {
      if (!node.isDirectory()) {
        throw Refusal.of(Errno.ENOTDIR);
      }
      long descriptor = Refusal.checked(node.node.open(O_DIRECTORY));
      reply.u64(handles.add(new OpenHandle(OpenNode.of(Fd.adopt(descriptor)), node, 0)));
      reply.u64(0);
    }
  }

  /**
   * @param plus whether each entry comes with what a lookup would say
   */
  void read(FuseRequest request, FuseReply reply, boolean plus) {
    long number = request.u64();
    long position = request.u64();
    int size = request.u32();
    // Never beyond what the guest asked for, whatever room it gave.
    int end = reply.left() - Math.max(0, Math.min(reply.left(), size < 0 ? LISTING : size));
    if (request.node() == NodeTable.ROOT) {
      exports(reply, position, plus, end);
      return;
    }
    try (KnownNode parent = nodes.use(request.node());
        OpenHandle handle = handles.use(number)) {
      if (!handle.identity.equals(parent.identity)) {
        throw Refusal.of(Errno.EBADF);
      }
      list(parent, handle, position, reply, plus, end);
    }
  }

  /**
   * Asks the host in pieces that are sure to fit: a guest lists a page at a time, and what is read
   * beyond its room is read again for its next request.
   */
  private void list(
      KnownNode parent, OpenHandle handle, long from, FuseReply reply, boolean plus, int end) {
    long position = from;
    while (position != COMPLETE) {
      int room = reply.left() - end;
      int piece = Math.clamp(plus ? room / 4 : room / 2, LONGEST_ENTRY, LISTING);
      MemorySegment entries = listing.get().asSlice(0, piece);
      long length;
      synchronized (handle) { // one position is shared by all who read it
        length = Refusal.checked(handle.file.entries(entries, position));
      }
      position =
          length == 0 ? COMPLETE : copy(parent, entries.asSlice(0, length), reply, plus, end);
    }
  }

  /** Answers where to go on, or that the reply is full. */
  private long copy(
      KnownNode parent, MemorySegment entries, FuseReply reply, boolean plus, int end) {
    long at = 0;
    long next = COMPLETE;
    while (at < entries.byteSize()) {
      int record = Short.toUnsignedInt(entries.get(LittleEndian.U16, at + 16));
      MemorySegment host = entries.asSlice(at, record);
      int name = nameLength(host);
      int needed = (plus ? Entry.SIZE : 0) + padded(HEADER + name);
      if (reply.left() - needed < end) {
        return COMPLETE;
      }
      next = host.get(LittleEndian.U64, 8);
      if (plus && !lookup(parent, host, name, reply)) {
        at += record;
        continue;
      }
      reply.u64(host.get(LittleEndian.U64, 0));
      reply.u64(host.get(LittleEndian.U64, 8));
      reply.u32(name);
      reply.u32(host.get(LittleEndian.U8, 18));
      reply.bytes(host.asSlice(HOST_HEADER, name));
      reply.zero(padded(HEADER + name) - HEADER - name);
      at += record;
    }
    return next;
  }

  /** Answers false when the name vanished meanwhile. */
  private boolean lookup(KnownNode parent, MemorySegment host, int name, FuseReply reply) {
    boolean dots =
        name <= 2
            && host.get(LittleEndian.U8, HOST_HEADER) == '.'
            && (name == 1 || host.get(LittleEndian.U8, HOST_HEADER + 1) == '.');
    if (dots) {
      reply.zero(Entry.SIZE);
      return true;
    }
    int mark = reply.mark();
    try {
      NameRequests.find(nodes, reply, parent, host.asSlice(HOST_HEADER, name + 1L)).close();
      return true;
    } catch (Refusal vanished) {
      reply.backTo(mark);
      return false;
    }
  }

  private static int nameLength(MemorySegment host) {
    int length = 0;
    while (host.get(LittleEndian.U8, HOST_HEADER + length) != 0) {
      length++;
    }
    return length;
  }

  private void exports(FuseReply reply, long position, boolean plus, int end) {
    List<KnownNode> tops = nodes.tops();
    for (int i = Math.clamp(position, 0, tops.size()); i < tops.size(); i++) {
      KnownNode top = tops.get(i);
      byte[] name = top.export.name().getBytes(StandardCharsets.UTF_8);
      int needed = (plus ? Entry.SIZE : 0) + padded(HEADER + name.length);
      if (reply.left() - needed < end) {
        return;
      }
      if (plus) {
        Entry.entry(reply, top, Status.of(top.node));
      }
      reply.u64(top.id);
      reply.u64(i + 1);
      reply.u32(name.length);
      reply.u32(top.type >> 12);
      reply.bytes(MemorySegment.ofArray(name));
      reply.zero(padded(HEADER + name.length) - HEADER - name.length);
    }
  }

  private static int padded(int length) {
    return (length + 7) & -8;
  }
}
