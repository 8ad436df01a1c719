/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.node.Caller;
import dev.caisson.linux.node.Node;
import dev.caisson.linux.node.OpenNode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Requests about a name in a directory: find, make, remove, rename. */
final class NameRequests {
  private static final int FIFO = 0010000;
  private static final int CHARACTER = 0020000;
  private static final int BLOCK = 0060000;
  private static final int SOCKET = 0140000;
  private static final int EXCLUSIVE = 0200;

  private final NodeTable nodes;
  private final HandleTable handles;

  NameRequests(NodeTable nodes, HandleTable handles) {
    this.nodes = nodes;
    this.handles = handles;
  }

  void lookup(FuseRequest request, FuseReply reply) {
    MemorySegment name = request.name();
    if (nodes.lists(request.node())) {
      export(name, reply);
      return;
    }
    try (KnownNode parent = nodes.use(request.node())) {
      answer(reply, parent, name);
    }
  }

  private void export(MemorySegment name, FuseReply reply) {
    byte[] wanted = name.asSlice(0, name.byteSize() - 1).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(wanted, StandardCharsets.UTF_8);
    for (KnownNode top : nodes.tops()) {
      if (top.export.name().equals(text)) {
        Entry.entry(reply, top, Status.of(top.node));
        return;
      }
    }
    throw Refusal.of(Errno.ENOENT);
  }

  void symbolicLink(FuseRequest request, FuseReply reply) {
    try (KnownNode parent = writableParent(request)) {
      MemorySegment name = request.name();
      MemorySegment target = request.linkTarget();
      try (Caller _ = caller(request)) {
        Refusal.checked(parent.node.makeSymbolicLink(name, target));
      }
      answer(reply, parent, name);
    }
  }

  void makeNode(FuseRequest request, FuseReply reply) {
    try (KnownNode parent = writableParent(request)) {
      int mode = request.u32();
      long device = Integer.toUnsignedLong(request.u32());
      request.skip(8);
      MemorySegment name = request.name();
      switch (mode & KnownNode.TYPE) {
        case KnownNode.REGULAR, FIFO, SOCKET, CHARACTER, BLOCK -> {}
        default -> throw Refusal.of(Errno.EINVAL);
      }
      try (Caller _ = caller(request)) {
        Refusal.checked(parent.node.makeNode(name, mode, device));
      }
      answer(reply, parent, name);
    }
  }

  void makeDirectory(FuseRequest request, FuseReply reply) {
    try (KnownNode parent = writableParent(request)) {
      int mode = request.u32();
      request.skip(4);
      MemorySegment name = request.name();
      try (Caller _ = caller(request)) {
        Refusal.checked(parent.node.makeDirectory(name, mode));
      }
      answer(reply, parent, name);
    }
  }

  void create(FuseRequest request, FuseReply reply) {
    try (KnownNode parent = writableParent(request)) {
      int flags = request.u32();
      int mode = request.u32();
      request.skip(8);
      MemorySegment name = request.name();
      long descriptor;
      try (Caller _ = caller(request)) {
        descriptor = parent.node.create(name, FileRequests.openFlags(flags), mode);
      }
      if (descriptor == -Errno.EEXIST.number() && (flags & EXCLUSIVE) == 0) {
        descriptor = existing(parent, name, flags);
      }
      Refusal.checked(descriptor);
      OpenNode file = OpenNode.of(Fd.adopt(descriptor));
      try (KnownNode node = made(file, parent, reply)) {
        reply.u64(handles.add(new OpenHandle(file, node, FileRequests.openFlags(flags))));
        reply.u64(0);
      } catch (Refusal refusal) {
        file.close();
        throw refusal;
      }
    }
  }

  /**
   * Opens what somebody else made of this name meanwhile, if it is a regular file: opening a fifo
   * waits, and opening a device acts on the host's.
   */
  private long existing(KnownNode parent, MemorySegment name, int flags) {
    long found = Refusal.checked(parent.node.lookup(name));
    try (Node node = Node.of(Fd.adopt(found))) {
      if (Status.of(node).type() != KnownNode.REGULAR) {
        throw Refusal.of(Errno.ESTALE);
      }
      return node.open(FileRequests.openFlags(flags));
    }
  }

  /** The file just opened, whatever its name leads to by now. */
  private KnownNode made(OpenNode file, KnownNode parent, FuseReply reply) {
    Status status = reply.status().readDescriptor(file.number());
    if (status.type() != KnownNode.REGULAR) {
      throw Refusal.of(Errno.ESTALE); // the host put something else there meanwhile
    }
    long descriptor = Refusal.checked(Node.reference(file.number()));
    KnownNode node = nodes.known(descriptor, parent, status);
    Entry.entry(reply, node, status);
    return node;
  }

  void remove(FuseRequest request) {
    try (KnownNode parent = writableParent(request)) {
      Refusal.checked(parent.node.remove(request.name()));
    }
  }

  void removeDirectory(FuseRequest request) {
    try (KnownNode parent = writableParent(request)) {
      Refusal.checked(parent.node.removeDirectory(request.name()));
    }
  }

  void rename(FuseRequest request, boolean withFlags) {
    long newParent = request.u64();
    int flags = withFlags ? request.u32() : 0;
    if (withFlags) {
      request.skip(4);
    }
    try (KnownNode from = writableParent(request);
        KnownNode to = nodes.useOfHost(newParent)) {
      sameExport(from, to);
      MemorySegment name = request.name();
      MemorySegment newName = request.name();
      Refusal.checked(from.node.rename(name, to.node, newName, flags));
    }
  }

  void link(FuseRequest request, FuseReply reply) {
    long existing = request.u64();
    try (KnownNode parent = writableParent(request);
        KnownNode file = nodes.useOfHost(existing)) {
      sameExport(parent, file);
      MemorySegment name = request.name();
      Refusal.checked(parent.node.link(file.node, name));
      answer(reply, parent, name);
    }
  }

  private KnownNode writableParent(FuseRequest request) {
    KnownNode parent = nodes.useOfHost(request.node());
    if (parent.export.readOnly()) {
      parent.close();
      throw Refusal.of(Errno.EROFS);
    }
    return parent;
  }

  private static void sameExport(KnownNode one, KnownNode other) {
    if (one.place != other.place) {
      throw Refusal.of(Errno.EXDEV);
    }
  }

  /** Who owns what the request makes. */
  private static Caller caller(FuseRequest request) {
    return Caller.as(request.user(), request.group());
  }

  private void answer(FuseReply reply, KnownNode parent, MemorySegment name) {
    find(nodes, reply, parent, name);
  }

  /**
   * Looks a name up, counts that, and writes the entry; or refuses.
   *
   * @return whether there is such a file
   */
  static boolean find(NodeTable nodes, FuseReply reply, KnownNode parent, MemorySegment name) {
    if (!parent.isDirectory()) {
      throw Refusal.of(Errno.ENOTDIR);
    }
    if (parent.revisited && recall(nodes, reply, parent, name)) {
      return true;
    }
    long descriptor = parent.node.lookup(name);
    if (descriptor < 0) {
      reply.refuse((int) -descriptor);
      return false;
    }
    Status status;
    try {
      status = reply.status().readDescriptor((int) descriptor);
    } catch (Refusal refusal) {
      Fd.adopt(descriptor).close();
      throw refusal;
    }
    try (KnownNode node = nodes.known(descriptor, parent, status)) {
      Entry.entry(reply, node, status);
    }
    return true;
  }

  /** A known file needs no descriptor: one call instead of three. False when it is not known. */
  private static boolean recall(
      NodeTable nodes, FuseReply reply, KnownNode parent, MemorySegment name) {
    Status status = reply.status();
    if (!status.readName(parent.node, name)) {
      return false;
    }
    @Nullable KnownNode node = nodes.again(status.identity(), parent);
    if (node == null) {
      parent.revisited = false;
      return false;
    }
    try (node) {
      Entry.entry(reply, node, status);
    }
    return true;
  }
}
