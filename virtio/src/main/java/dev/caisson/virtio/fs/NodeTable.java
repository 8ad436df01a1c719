/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.node.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which files the guest knows, by number and by identity. */
final class NodeTable {
  /** The root of the file system. */
  static final long ROOT = 1;

  private final int capacity;
  private final boolean listing;
  private final DescriptorBudget.Share share;
  private final List<KnownNode> tops;
  private final Map<Long, KnownNode> byId = new HashMap<>();
  private final Map<KnownNode.Identity, KnownNode> byIdentity = new HashMap<>();
  private long nextId;

  /**
   * @param listing whether the root is no file of the host but lists the exports; otherwise there
   *     is one export, and it is the root
   * @param capacity the most files a guest may know at once; each holds a descriptor of the host
   */
  NodeTable(List<Export> exports, boolean listing, int capacity, DescriptorBudget.Share share) {
    this.capacity = capacity;
    this.listing = listing;
    this.share = share;
    this.nextId = ROOT + 1;
    this.tops = exports.stream().map(this::top).toList();
    reset();
  }

  private KnownNode top(Export export) {
    Node node = Node.of(export.file());
    Status status = Status.of(node);
    int place = (int) (nextId - ROOT - 1);
    long next = nextId++;
    long id = listing ? next : ROOT;
    return new KnownNode(id, status.identity(), node, status.type(), export, place);
  }

  /** Whether a request is about the list of exports, which is no file of the host. */
  boolean lists(long id) {
    return listing && id == ROOT;
  }

  /** As {@link #use}, for what the list of exports is not asked: it answers EROFS. */
  KnownNode useOfHost(long id) {
    if (lists(id)) {
      throw Refusal.of(Errno.EROFS);
    }
    return use(id);
  }

  /** What this guest's files hold of the process's descriptors. */
  DescriptorBudget.Share share() {
    return share;
  }

  List<KnownNode> tops() {
    return tops;
  }

  /** Forgets all but the exports themselves. */
  synchronized void reset() {
    List<KnownNode> known = all();
    known.forEach(KnownNode::close);
    share.giveBack(known.size());
    byId.clear();
    byIdentity.clear();
    for (KnownNode top : tops) {
      byId.put(top.id, top);
    }
  }

  synchronized void close() {
    reset();
    tops.forEach(KnownNode::close);
    byId.clear();
  }

  /** Uses a node until the answer is closed. */
  KnownNode use(long id) {
    @Nullable KnownNode node;
    synchronized (this) {
      node = byId.get(id);
    }
    if (node == null || !node.enter()) {
      throw Refusal.of(Errno.ESTALE);
    }
    return node;
  }

  /**
   * Counts one lookup of what {@code descriptor} is; takes ownership of the descriptor. The answer
   * is in use until closed.
   */
  KnownNode known(long descriptor, KnownNode parent, Status status) {
    Fd fd = Fd.adopt(descriptor);
    KnownNode.Identity identity = status.identity();
    synchronized (this) {
      @Nullable KnownNode old = byIdentity.get(identity);
      if (old != null && old.place == parent.place && old.enter()) {
        fd.close();
        old.lookups++;
        parent.revisited = true;
        return old;
      }
      if (byId.size() >= capacity || !share.take()) {
        fd.close();
        throw Refusal.of(Errno.ENFILE);
      }
      var node = new KnownNode(nextId++, identity, Node.of(fd), status.type(), parent);
      node.lookups = 1;
      node.enter();
      byId.put(node.id, node);
      byIdentity.put(identity, node);
      return node;
    }
  }

  /** Counts one lookup of a known file, in use until closed; null when it is not known. */
  synchronized @Nullable KnownNode again(KnownNode.Identity identity, KnownNode parent) {
    @Nullable KnownNode old = byIdentity.get(identity);
    if (old == null || old.place != parent.place || !old.enter()) {
      return null;
    }
    old.lookups++;
    return old;
  }

  /** Those the guest looked up, without the exports themselves. */
  synchronized List<KnownNode> all() {
    return byId.values().stream().filter(node -> !node.top).toList();
  }

  synchronized long nextId() {
    return nextId;
  }

  synchronized void continueFrom(long next) {
    nextId = Math.max(nextId, next);
  }

  /** Knows a file under the number it had; takes ownership of the descriptor. */
  synchronized void restore(long id, long lookups, Fd fd, Status status, KnownNode top) {
    if (!share.take()) {
      throw Refusal.of(Errno.ENFILE);
    }
    KnownNode.Identity identity = status.identity();
    var node = new KnownNode(id, identity, Node.of(fd), status.type(), top);
    node.lookups = lookups;
    byId.put(id, node);
    byIdentity.putIfAbsent(identity, node);
  }

  /** The guest dropped lookups of a node, perhaps its last. */
  void forget(long id, long lookups) {
    KnownNode node;
    synchronized (this) {
      @Nullable KnownNode found = byId.get(id);
      if (found == null || found.top) {
        return;
      }
      found.lookups -= Math.min(found.lookups, lookups);
      if (found.lookups > 0) {
        return;
      }
      byId.remove(id);
      byIdentity.remove(found.identity, found);
      share.giveBack(1);
      node = found;
    }
    node.close();
  }

  int capacity() {
    return capacity;
  }

  synchronized int size() {
    return byId.size();
  }
}
