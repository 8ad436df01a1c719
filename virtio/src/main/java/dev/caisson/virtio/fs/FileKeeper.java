/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.node.OpenNode;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.fs.SavedFiles.SavedHandle;
import dev.caisson.virtio.fs.SavedFiles.SavedNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes down what a guest knows, and finds it again for the guest's restored self. A file that is
 * merely known and gone is stale for the guest, as it would be had it looked again; one that is
 * open must be there.
 */
final class FileKeeper {
  private static final int TRUNCATE = 01000;
  private static final int O_DIRECTORY = 0200000;

  private final NodeTable nodes;
  private final HandleTable handles;

  FileKeeper(NodeTable nodes, HandleTable handles) {
    this.nodes = nodes;
    this.handles = handles;
  }

  /**
   * @throws VirtioException HOST when the guest has a file open that no name leads to
   */
  SavedFiles save() {
    List<SavedHandle> open = handles.saved();
    List<SavedNode> known = new ArrayList<>();
    Set<Long> kept = new HashSet<>();
    List<KnownNode> tops = nodes.tops();
    for (KnownNode top : tops) {
      kept.add(top.id);
    }
    for (KnownNode node : nodes.all()) {
      int export = node.place;
      NodePath.below(tops.get(export), node)
          .ifPresent(path -> {
            known.add(new SavedNode(node.id, export, node.lookups, node.type, path));
            kept.add(node.id);
          });
    }
    for (SavedHandle handle : open) {
      if (!kept.contains(handle.node())) {
        throw new VirtioException(
            VirtioException.Kind.HOST,
            "the guest has a file open that has no name any more, "
                + name(handle.node())
                + ", which no snapshot can hold; end the program that uses it");
      }
    }
    return new SavedFiles(names(tops), nodes.nextId(), known, handles.nextNumber(), open);
  }

  private static List<String> names(List<KnownNode> tops) {
    return tops.stream().map(top -> top.export.name()).toList();
  }

  private String name(long id) {
    try (KnownNode node = nodes.use(id)) {
      return new String(NodePath.ofHost(node), StandardCharsets.UTF_8);
    } catch (Refusal forgotten) {
      return "forgotten by the guest";
    }
  }

  /**
   * Into empty tables.
   *
   * @throws VirtioException PEER when it was saved with other exports; HOST when a file is gone
   *     that the guest has open
   */
  void restore(SavedFiles saved) {
    List<KnownNode> tops = nodes.tops();
    if (!names(tops).equals(saved.exports())) {
      throw new VirtioException(
          VirtioException.Kind.PEER,
          "the snapshot has the forwarded directories %s, this machine has %s"
              .formatted(saved.exports(), names(tops)));
    }
    Map<Long, String> gone = new HashMap<>();
    for (SavedNode node : saved.nodes()) {
      if (!found(tops.get(node.export()), node)) {
        gone.put(node.id(), node.name());
      }
    }
    nodes.continueFrom(saved.nextNode());
    for (SavedHandle handle : saved.handles()) {
      open(handle, gone);
    }
    handles.continueFrom(saved.nextHandle());
  }

  private boolean found(KnownNode top, SavedNode node) {
    long descriptor = NodePath.open(top, node.path());
    if (descriptor < 0) {
      return false;
    }
    Fd fd = Fd.adopt(descriptor);
    try {
      Status status = Status.ofDescriptor(fd.number());
      if (status.type() != node.type()) {
        fd.close();
        return false;
      }
      nodes.restore(node.id(), node.lookups(), fd, status, top);
      return true;
    } catch (Refusal refusal) {
      fd.close();
      return false;
    }
  }

  private void open(SavedHandle saved, Map<Long, String> gone) {
    String name = gone.getOrDefault(saved.node(), "file " + saved.node());
    try (KnownNode node = nodes.use(saved.node())) {
      int flags = FileRequests.openFlags(saved.flags()) & ~TRUNCATE;
      boolean writes = FileRequests.writes(flags);
      if (!node.isRegular() && !(node.isDirectory() && !writes)) {
        throw Refusal.of(Errno.EINVAL);
      }
      if (writes) {
        Entry.writable(node.export);
      }
      int directory = node.isDirectory() ? O_DIRECTORY : 0;
      long descriptor = Refusal.checked(node.node.open(flags | directory));
      var file = OpenNode.of(Fd.adopt(descriptor));
      handles.restore(saved.number(), new OpenHandle(file, node, flags));
    } catch (Refusal refusal) {
      throw new VirtioException(
          VirtioException.Kind.HOST,
          "%s, which the guest has open, cannot be opened again: %s"
              .formatted(name, Errno.of(refusal.errno)),
          refusal);
    }
  }
}
