/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.node.OpenNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Listing directories. */
final class DirectoryRequests {
  private static final int LISTING = 32 << 10;
  private static final int LONGEST_ENTRY = 280; // struct linux_dirent64 with a name of 255 bytes
  private static final long COMPLETE = -1; // no position of a directory
  private static final int SEEK_SET = 0;
  private static final int HEADER = 24; // struct fuse_dirent without its name
  private static final int HOST_HEADER = 19; // struct linux_dirent64 without its name
  private static final long ROOT_HANDLE = 0; // handles of the table begin at 1

  private final NodeTable nodes;
  private final HandleTable handles;
  private final ThreadLocal<Listing> listings = ThreadLocal.withInitial(Listing::new);

  /** One thread's struct linux_dirent64, where the kernel puts them and where they are read. */
  private static final class Listing {
    final MemorySegment memory = Arena.ofAuto().allocate(LISTING, 8);
    final byte[] bytes = new byte[LISTING];
    final MemorySegment bytesAsMemory = MemorySegment.ofArray(bytes);
    int length;

    void fill(OpenHandle handle, int most, long position) {
      synchronized (handle) { // one position is shared by all who read it
        if (handle.position != position) {
          Refusal.checked(handle.file.seek(position, SEEK_SET));
          handle.position = position;
        }
        length = (int) Refusal.checked(handle.file.entries(memory.asSlice(0, most)));
        MemorySegment.copy(memory, 0, bytesAsMemory, 0, length);
        for (int at = 0; at < length; at += u16(at + 16)) {
          handle.position = u64(at + 8);
        }
      }
    }

    /** Whether the host had more entries, as far as its use of the room tells. */
    boolean filledUp(int most) {
      return length > most - LONGEST_ENTRY;
    }

    int u16(int at) {
      return (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8;
    }

    long u64(int at) {
      long value = 0;
      for (int i = 7; i >= 0; i--) {
        value = value << 8 | (bytes[at + i] & 0xff);
      }
      return value;
    }

    int nameLength(int entry) {
      int end = entry + HOST_HEADER;
      while (bytes[end] != 0) {
        end++;
      }
      return end - entry - HOST_HEADER;
    }

    boolean dots(int entry, int name) {
      int at = entry + HOST_HEADER;
      return name <= 2 && bytes[at] == '.' && (name == 1 || bytes[at + 1] == '.');
    }
  }

  DirectoryRequests(NodeTable nodes, HandleTable handles) {
    this.nodes = nodes;
    this.handles = handles;
  }

  void open(FuseRequest request, FuseReply reply) {
    if (nodes.lists(request.node())) {
      reply.u64(ROOT_HANDLE);
      reply.u64(0);
      return;
    }
    try (KnownNode node = nodes.use(request.node())) {
      if (!node.isDirectory()) {
        throw Refusal.of(Errno.ENOTDIR);
      }
      long descriptor = Refusal.checked(node.node.openDirectory());
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
    if (nodes.lists(request.node())) {
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
   * beyond its room is read again for its next request. A piece that the host did not fill is
   * likely its last: that nothing follows is only asked when the guest does.
   */
  private void list(
      KnownNode parent, OpenHandle handle, long from, FuseReply reply, boolean plus, int end) {
    Listing listing = listings.get();
    int begin = reply.mark();
    long position = from;
    while (position != COMPLETE) {
      int room = reply.left() - end;
      int piece = Math.clamp(plus ? room / 4 : room / 2, LONGEST_ENTRY, LISTING);
      listing.fill(handle, piece, position);
      position = listing.length == 0 ? COMPLETE : copy(parent, listing, reply, plus, end);
      if (reply.mark() > begin && !listing.filledUp(piece)) {
        return;
      }
    }
  }

  /** Answers where to go on, or that the reply is full. */
  private long copy(KnownNode parent, Listing listing, FuseReply reply, boolean plus, int end) {
    long next = COMPLETE;
    for (int at = 0; at < listing.length; at += listing.u16(at + 16)) {
      int name = listing.nameLength(at);
      int needed = (plus ? Entry.SIZE : 0) + padded(HEADER + name);
      if (reply.left() - needed < end) {
        return COMPLETE;
      }
      next = listing.u64(at + 8);
      if (plus && !lookup(parent, listing, at, name, reply)) {
        continue;
      }
      entry(reply, parent.inode(listing.u64(at)), next, name, listing.bytes[at + 18]);
      reply.padded(listing.bytesAsMemory, at + HOST_HEADER, name);
    }
    return next;
  }

  /** Answers false when the name vanished meanwhile. */
  private boolean lookup(KnownNode parent, Listing listing, int at, int name, FuseReply reply) {
    if (listing.dots(at, name)) {
      reply.zero(Entry.SIZE);
      return true;
    }
    int mark = reply.mark();
    MemorySegment text = listing.memory.asSlice(at + (long) HOST_HEADER, name + 1L);
    try {
      if (NameRequests.find(nodes, reply, parent, text)) {
        return true;
      }
    } catch (Refusal tooMany) {
      reply.backTo(mark);
    }
    reply.refuse(0);
    return false;
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
      entry(reply, top.id, i + 1, name.length, top.type >> 12);
      reply.padded(MemorySegment.ofArray(name), 0, name.length);
    }
  }

  /** A struct fuse_dirent but for its name. */
  private static void entry(FuseReply reply, long inode, long next, int name, int type) {
    int at = reply.place(3);
    long[] words = reply.words();
    words[at] = inode;
    words[at + 1] = next;
    words[at + 2] = name | (long) type << 32;
  }

  private static int padded(int length) {
    return (length + 7) & -8;
  }
}
