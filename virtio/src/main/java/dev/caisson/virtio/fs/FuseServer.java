/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.linux.node.Places;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.Chain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Answers FUSE requests from directories of the host.
 *
 * <p>The root of the file system is a read-only directory that lists the exports by name, or the
 * one export itself. Every file the guest knows is an O_PATH descriptor here, and every request
 * names one component below such a descriptor: there is no path to escape by. Advisory locks stay
 * in the guest. Serves several queues at once.
 */
public final class FuseServer implements AutoCloseable {
  private static final int ROOM = 136 << 10;
  private static final int MOST_HANDLES = 1 << 16;

  private final NodeTable nodes;
  private final HandleTable handles;
  private final NameRequests names;
  private final NodeRequests attributes;
  private final FileRequests files;
  private final DirectoryRequests directories;
  private final FileKeeper keeper;
  private final boolean extendedAttributes;
  private final ThreadLocal<Exchange> exchanges = ThreadLocal.withInitial(Exchange::new);

  /**
   * @param exports with different names; the server owns their descriptors
   * @param capacity most files the guest may know at once; the host spends a descriptor on each
   */
  public FuseServer(List<Export> exports, int capacity) {
    this(exports, capacity, true);
  }

  /**
   * @param extendedAttributes whether files have them in the guest. Without, no file has
   *     capabilities there, and the guest's kernel does not ask for them before it first writes to
   *     a file
   */
  public FuseServer(List<Export> exports, int capacity, boolean extendedAttributes) {
    this(exports, capacity, extendedAttributes, DescriptorBudget.OF_PROCESS);
  }

  FuseServer(
      List<Export> exports, int capacity, boolean extendedAttributes, DescriptorBudget budget) {
    this(new NodeTable(exports, true, capacity, budget.share()), capacity, extendedAttributes);
  }

  /**
   * A server whose root is {@code export} itself, as virtiofsd's is.
   *
   * @param export a directory; its name is seen nowhere
   */
  public static FuseServer rootedAt(Export export, int capacity, boolean extendedAttributes) {
    DescriptorBudget.Share share = DescriptorBudget.OF_PROCESS.share();
    var nodes = new NodeTable(List.of(export), false, capacity, share);
    return new FuseServer(nodes, capacity, extendedAttributes);
  }

  private FuseServer(NodeTable nodes, int capacity, boolean extendedAttributes) {
    this.extendedAttributes = extendedAttributes;
    this.nodes = nodes;
    this.handles = new HandleTable(Math.min(capacity, MOST_HANDLES), nodes.share());
    this.names = new NameRequests(nodes, handles);
    this.attributes = new NodeRequests(nodes, handles);
    this.files = new FileRequests(nodes, handles);
    this.directories = new DirectoryRequests(nodes, handles);
    this.keeper = new FileKeeper(nodes, handles);
  }

  /** Request and answer of one thread. */
  private static final class Exchange {
    final FuseRequest request;
    final FuseReply reply;
    final Places places = new Places();

    Exchange() {
      MemorySegment room = Arena.ofAuto().allocate(2L * ROOM, 8);
      request = new FuseRequest(room.asSlice(0, ROOM));
      reply = new FuseReply(room.asSlice(ROOM, ROOM));
    }
  }

  /**
   * Answers one request.
   *
   * @return bytes written to the chain's writable part
   */
  public long serve(Chain chain) {
    Exchange own = exchanges.get();
    FuseRequest request = own.request;
    FuseReply reply = own.reply;
    request.read(chain.readable());
    if (forgets(request)) {
      return 0;
    }
    Buffers out = chain.writable();
    if (out.length() < FuseReply.HEADER) {
      throw VirtioException.guest("no room for an answer to FUSE request " + request.opcode());
    }
    reply.begin((int) Math.min(out.length() - FuseReply.HEADER, ROOM));
    long direct = 0;
    try {
      direct = answer(own, out);
    } catch (Refusal refusal) {
      reply.refuse(refusal.errno);
    }
    int error = reply.error();
    long total = error != 0 ? FuseReply.HEADER : reply.length() + direct;
    reply.finish(request.unique(), error, total, out);
    return total;
  }

  /** No request waits now: what nobody waits for is done. */
  public void rest() {
    files.rest();
  }

  /** Requests that get no answer, not even when they make no sense. */
  private boolean forgets(FuseRequest request) {
    int opcode = request.opcode();
    if (opcode != Opcode.FORGET && opcode != Opcode.BATCH_FORGET) {
      return false;
    }
    try {
      if (opcode == Opcode.FORGET) {
        nodes.forget(request.node(), request.u64());
      } else {
        forgetAll(request);
      }
    } catch (Refusal tooShort) {
      return true;
    }
    return true;
  }

  private void forgetAll(FuseRequest request) {
    int count = request.u32();
    request.skip(4);
    for (int i = 0; i < count && request.has(16); i++) {
      nodes.forget(request.u64(), request.u64());
    }
  }

  /** Answers how many bytes went to the guest's memory directly, behind the header. */
  private long answer(Exchange own, Buffers out) {
    FuseRequest request = own.request;
    FuseReply reply = own.reply;
    switch (request.opcode()) {
      case Opcode.INIT -> {
        reset();
        Negotiation.answer(request, reply);
      }
      case Opcode.DESTROY -> reset();
      case Opcode.LOOKUP -> names.lookup(request, reply);
      case Opcode.SYMLINK -> names.symbolicLink(request, reply);
      case Opcode.MKNOD -> names.makeNode(request, reply);
      case Opcode.MKDIR -> names.makeDirectory(request, reply);
      case Opcode.UNLINK -> names.remove(request);
      case Opcode.RMDIR -> names.removeDirectory(request);
      case Opcode.RENAME -> names.rename(request, false);
      case Opcode.RENAME2 -> names.rename(request, true);
      case Opcode.LINK -> names.link(request, reply);
      case Opcode.CREATE -> names.create(request, reply);
      case Opcode.GETATTR -> attributes.get(request, reply);
      case Opcode.SETATTR -> attributes.set(request, reply);
      case Opcode.READLINK -> attributes.readLink(request, reply);
      case Opcode.STATFS -> attributes.fileSystem(request, reply);
      case Opcode.SYNCFS -> attributes.syncFileSystem(request);
      case Opcode.SETXATTR, Opcode.GETXATTR, Opcode.LISTXATTR, Opcode.REMOVEXATTR ->
          extended(request, reply);
      case Opcode.OPEN -> files.open(request, reply);
      case Opcode.READ -> {
        return files.read(request, out, own.places);
      }
      case Opcode.WRITE -> files.write(request, reply, own.places);
      case Opcode.RELEASE, Opcode.RELEASEDIR -> handles.remove(request.u64());
      case Opcode.FSYNC, Opcode.FSYNCDIR -> files.sync(request);
      case Opcode.FALLOCATE -> files.allocate(request);
      case Opcode.LSEEK -> files.seek(request, reply);
      case Opcode.COPY_FILE_RANGE -> files.copy(request, reply);
      case Opcode.OPENDIR -> directories.open(request, reply);
      case Opcode.READDIR -> directories.read(request, reply, false);
      case Opcode.READDIRPLUS -> directories.read(request, reply, true);
      // A close has nothing to wait for here: writes went to the file. So told once, the guest
      // never asks again. FUSE_FLUSH is among these.
      default -> throw Refusal.of(Errno.ENOSYS);
    }
    return 0;
  }

  private void extended(FuseRequest request, FuseReply reply) {
    if (!extendedAttributes) {
      throw Refusal.of(Errno.ENOSYS); // so told once, the guest never asks again
    }
    switch (request.opcode()) {
      case Opcode.SETXATTR -> attributes.setExtended(request);
      case Opcode.GETXATTR -> attributes.getExtended(request, reply);
      case Opcode.LISTXATTR -> attributes.listExtended(request, reply);
      default -> attributes.removeExtended(request);
    }
  }

  /** Files the guest knows now, exports included. */
  public int known() {
    return nodes.size();
  }

  /** Forgets the guest's knowledge: it unmounted, or starts anew. */
  public void reset() {
    handles.reset();
    nodes.reset();
  }

  /**
   * What the guest knows, for a snapshot; no request is being answered meanwhile.
   *
   * @throws VirtioException HOST when the guest has a removed file open
   */
  public byte[] save() {
    return keeper.save().encode();
  }

  /**
   * Goes on where another server stopped, on the same or equal directories. A file that is not
   * there any more is stale for the guest.
   *
   * @throws VirtioException PEER when the bytes are no such state, or of other exports; HOST when a
   *     file the guest has open is not there any more
   */
  public void restore(byte[] state) {
    reset();
    try {
      keeper.restore(SavedFiles.decode(state, nodes.capacity(), handles.capacity()));
    } catch (VirtioException e) {
      reset();
      throw e;
    }
  }

  @Override
  public void close() {
    handles.reset();
    nodes.close();
  }
}
