/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.virtio.VirtioException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a guest knows of its files, as bytes of a snapshot. Files are named by their paths below
 * their exports, since descriptors end with the process.
 *
 * @param exports their names, in order
 * @param nextNode above every number a node ever had
 * @param nextHandle above every number a handle ever had
 */
record SavedFiles(
    List<String> exports,
    long nextNode,
    List<SavedNode> nodes,
    long nextHandle,
    List<SavedHandle> handles) {
  private static final int VERSION = 1;
  private static final int MOST_EXPORTS = 4096;
  private static final int LONGEST_PATH = 4095; // PATH_MAX with its NUL

  /**
   * A file the guest knows.
   *
   * @param export place in the list of exports
   * @param lookups how many the guest has not forgotten
   * @param type S_IFMT bits of its mode
   * @param path below the export, as the host writes it
   */
  record SavedNode(long id, int export, long lookups, int type, byte[] path) {
    String name() {
      return new String(path, StandardCharsets.UTF_8);
    }
  }

  /**
   * @param flags as open(2) has them
   */
  record SavedHandle(long number, long node, int flags) {}

  byte[] encode() {
    var bytes = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      out.writeInt(VERSION);
      out.writeInt(exports.size());
      for (String name : exports) {
        out.writeUTF(name);
      }
      out.writeLong(nextNode);
      out.writeInt(nodes.size());
      for (SavedNode node : nodes) {
        out.writeLong(node.id);
        out.writeInt(node.export);
        out.writeLong(node.lookups);
        out.writeInt(node.type);
        out.writeShort(node.path.length);
        out.write(node.path);
      }
      out.writeLong(nextHandle);
      out.writeInt(handles.size());
      for (SavedHandle handle : handles) {
        out.writeLong(handle.number);
        out.writeLong(handle.node);
        out.writeInt(handle.flags);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory has no other errors
    }
    return bytes.toByteArray();
  }

  /**
   * @param mostNodes the limit of the server that takes over
   * @param mostHandles likewise
   * @throws VirtioException PEER when the bytes are no such state
   */
  static SavedFiles decode(byte[] bytes, int mostNodes, int mostHandles) {
    try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (in.readInt() != VERSION) {
        throw wrong("of another version");
      }
      List<String> exports = new ArrayList<>();
      for (int left = count(in, MOST_EXPORTS); left > 0; left--) {
        exports.add(in.readUTF());
      }
      long nextNode = in.readLong();
      List<SavedNode> nodes = new ArrayList<>();
      Set<Long> numbers = new HashSet<>();
      for (int left = count(in, mostNodes); left > 0; left--) {
        nodes.add(node(in, exports.size(), nextNode, numbers));
      }
      long nextHandle = in.readLong();
      List<SavedHandle> handles = new ArrayList<>();
      numbers.clear();
      for (int left = count(in, mostHandles); left > 0; left--) {
        handles.add(handle(in, nextHandle, numbers));
      }
      if (in.read() >= 0) {
        throw wrong("with bytes behind its end");
      }
      return new SavedFiles(exports, nextNode, nodes, nextHandle, handles);
    } catch (IOException e) {
      throw wrong("cut off or garbled");
    }
  }

  private static SavedNode node(DataInputStream in, int exports, long next, Set<Long> numbers)
      throws IOException {
    long id = in.readLong();
    int export = in.readInt();
    long lookups = in.readLong();
    int type = in.readInt();
    byte[] path = new byte[in.readUnsignedShort()];
    in.readFully(path);
    boolean sane =
        id > NodeTable.ROOT + exports
            && id < next
            && export >= 0
            && export < exports
            && lookups > 0
            && (type & ~KnownNode.TYPE) == 0
            && path.length > 0
            && path.length <= LONGEST_PATH
            && path[0] != '/'
            && numbers.add(id);
    if (!sane) {
      throw wrong("with a file " + id + " that cannot be");
    }
    for (byte one : path) {
      if (one == 0) {
        throw wrong("with a NUL in a path");
      }
    }
    return new SavedNode(id, export, lookups, type, path);
  }

  private static SavedHandle handle(DataInputStream in, long next, Set<Long> numbers)
      throws IOException {
    var handle = new SavedHandle(in.readLong(), in.readLong(), in.readInt());
    if (handle.number < 1 || handle.number >= next || !numbers.add(handle.number)) {
      throw wrong("with an open file " + handle.number + " that cannot be");
    }
    return handle;
  }

  private static int count(DataInputStream in, int most) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > most) {
      throw wrong("of " + count + " things where at most " + most + " can be");
    }
    return count;
  }

  private static VirtioException wrong(String what) {
    return new VirtioException(
        VirtioException.Kind.PEER, "state of forwarded files " + what + "; take the snapshot anew");
  }
}
