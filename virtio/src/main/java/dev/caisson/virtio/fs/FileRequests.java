/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.node.OpenNode;
import dev.caisson.linux.node.Places;
import dev.caisson.virtio.queue.Buffers;

/** Requests about an open file; data moves between the file and the guest's memory uncopied. */
final class FileRequests {
  private static final int ACCESS_MODE = 3;
  private static final int TRUNCATE = 01000;
  private static final int APPEND = 02000;
  private static final int DATA_SYNC = 010000;
  private static final int LARGE_FILE = 0100000;
  private static final int NO_ACCESS_TIME = 01000000;
  private static final int SYNC = 04010000;
  private static final int KEPT =
      ACCESS_MODE | TRUNCATE | APPEND | DATA_SYNC | LARGE_FILE | NO_ACCESS_TIME | SYNC;

  private static final int OPEN_KILLS_PRIVILEGES = 1;
  private static final int WRITE_KILLS_PRIVILEGES = 1 << 2;
  private static final int KEEP_CACHE = 1 << 1;
  private static final int SET_USER = 04000;
  private static final int SET_GROUP = 02000;
  private static final int GROUP_EXECUTE = 010;

  private final NodeTable nodes;
  private final HandleTable handles;
  private final WriteBehind behind = new WriteBehind();

  FileRequests(NodeTable nodes, HandleTable handles) {
    this.nodes = nodes;
    this.handles = handles;
  }

  /** The open flags of a guest that mean the same on the host. */
  static int openFlags(int flags) {
    return flags & KEPT;
  }

  static boolean writes(int flags) {
    return (flags & ACCESS_MODE) != 0;
  }

  void open(FuseRequest request, FuseReply reply) {
    int flags = request.u32();
    int how = request.u32();
    try (KnownNode node = nodes.useOfHost(request.node())) {
      if (!node.isRegular()) {
        throw Refusal.of(Errno.EINVAL); // a fifo or device of the host is never opened
      }
      if (writes(flags) || (flags & TRUNCATE) != 0) {
        Entry.writable(node.export);
      }
      if ((flags & TRUNCATE) != 0 && (how & OPEN_KILLS_PRIVILEGES) != 0) {
        killPrivileges(node, reply.status());
      }
      long descriptor = Refusal.checked(node.node.open(openFlags(flags)));
      var handle = new OpenHandle(OpenNode.of(Fd.adopt(descriptor)), node, openFlags(flags));
      reply.u64(handles.add(handle));
      reply.u32(node.export.cacheSeconds() > 1 ? KEEP_CACHE : 0);
      reply.u32(0);
    }
  }

  /** Into the guest's memory behind the answer's header. */
  long read(FuseRequest request, Buffers answer, Places places) {
    try (OpenHandle handle = handles.use(request.u64())) {
      long offset = request.u64();
      long room = answer.length() - FuseReply.HEADER;
      long size = Math.min(Integer.toUnsignedLong(request.u32()), room);
      if (offset < 0 || size == 0) {
        return 0;
      }
      collect(places, answer, FuseReply.HEADER, size);
      return Refusal.checked(handle.file.read(places, offset));
    }
  }

  void write(FuseRequest request, FuseReply reply, Places places) {
    try (OpenHandle handle = handles.use(request.u64())) {
      long offset = request.u64();
      long size = Integer.toUnsignedLong(request.u32());
      int flags = request.u32();
      request.skip(16);
      if (!handle.writable || offset < 0) {
        throw Refusal.of(Errno.EBADF);
      }
      if ((flags & WRITE_KILLS_PRIVILEGES) != 0) {
        killPrivileges(handle.file, reply.status());
      }
      long done = 0;
      if (size > 0) {
        collect(places, request.source(size), request.position(), size);
        done = Refusal.checked(handle.file.write(places, offset));
        behind.wrote(handle, offset, done);
      }
      reply.u64(done);
    }
  }

  /** No request waits now. */
  void rest() {
    behind.catchUp();
  }

  /** At most as many places as one call takes; the rest is a short read or write. */
  private static void collect(Places places, Buffers buffers, long offset, long size) {
    places.clear();
    long skip = offset;
    long left = size;
    for (int i = 0; i < buffers.count() && left > 0 && !places.isFull(); i++) {
      long here = buffers.size(i);
      if (skip >= here) {
        skip -= here;
        continue;
      }
      long take = Math.min(here - skip, left);
      places.add(buffers.memory(i), buffers.start(i) + skip, take);
      left -= take;
      skip = 0;
    }
  }

  void sync(FuseRequest request) {
    try (OpenHandle handle = handles.use(request.u64())) {
      Refusal.checked(handle.file.sync((request.u32() & 1) != 0));
    }
  }

  void allocate(FuseRequest request) {
    try (OpenHandle handle = handles.use(request.u64())) {
      long offset = request.u64();
      long length = request.u64();
      if (!handle.writable) {
        throw Refusal.of(Errno.EBADF);
      }
      Refusal.checked(handle.file.allocate(request.u32(), offset, length));
    }
  }

  void seek(FuseRequest request, FuseReply reply) {
    try (OpenHandle handle = handles.use(request.u64())) {
      long offset = request.u64();
      reply.u64(Refusal.checked(handle.file.seek(offset, request.u32())));
    }
  }

  void copy(FuseRequest request, FuseReply reply) {
    long from = request.u64();
    long offset = request.u64();
    request.skip(8);
    long to = request.u64();
    try (OpenHandle source = handles.use(from);
        OpenHandle target = handles.use(to)) {
      if (!target.writable) {
        throw Refusal.of(Errno.EBADF);
      }
      long targetOffset = request.u64();
      long length = Math.min(request.u64(), Integer.MAX_VALUE);
      reply.u64(Refusal.checked(source.file.copyTo(target.file, offset, targetOffset, length)));
    }
  }

  /** A change by somebody without CAP_FSETID takes set-user-id away, as on any file system. */
  static void killPrivileges(KnownNode node, Status status) {
    int mode = status.read(node.node).mode();
    if (privileged(mode)) {
      Refusal.checked(node.node.changePermissions(plain(mode)));
    }
  }

  private static void killPrivileges(OpenNode file, Status status) {
    int mode = status.readDescriptor(file.number()).mode();
    if (privileged(mode)) {
      Refusal.checked(file.changePermissions(plain(mode)));
    }
  }

  private static boolean privileged(int mode) {
    return plain(mode) != (mode & 07777);
  }

  private static int plain(int mode) {
    int kept = mode & 07777 & ~SET_USER;
    return (mode & GROUP_EXECUTE) != 0 ? kept & ~SET_GROUP : kept;
  }
}
