/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.nbd.link.Outbox;
import dev.caisson.disk.nbd.protocol.Chunk;
import dev.caisson.disk.nbd.protocol.Command;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.MetaContext;
import dev.caisson.disk.nbd.protocol.NbdError;
import dev.caisson.disk.nbd.protocol.ReplyStyle;
import dev.caisson.disk.nbd.protocol.Request;
import dev.caisson.disk.nbd.protocol.Zeroes;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Carries out requests on an export and writes the replies. Keeps no state between requests, so any
 * number of threads may use it, each with its own {@link Outbox}.
 */
final class Responder {
  private static final System.Logger LOG = System.getLogger(Responder.class.getName());

  /** Reads at least this long skip holes; below, the look-up would cost more than it saves. */
  private static final int WORTH_A_LOOK = 64 << 10;

  private final NbdExport export;
  private final Disk disk;
  private final ReplyStyle style;
  private final List<MetaContext> contexts;

  Responder(Session session) {
    this.export = session.export();
    this.disk = export.disk();
    this.style = session.style();
    this.contexts = session.contexts();
  }

  /**
   * Answers one request. Failures of the disk become error replies.
   *
   * @param payload the data of a write, empty for all else
   * @throws IOException if the reply cannot be sent, or is half sent and cannot be finished
   */
  void answer(Request request, ByteBuffer payload, Outbox out) throws IOException {
    var refusal = refusal(request);
    if (refusal != null) {
      fail(request, refusal.error(), refusal.reason(), out);
      return;
    }
    try {
      switch (request.command()) {
        case READ -> read(request, out);
        case WRITE -> {
          disk.write(request.offset(), payload);
          succeed(request, out);
        }
        case FLUSH -> {
          disk.flush();
          succeed(request, out);
        }
        case TRIM -> {
          sparse().discard(request.offset(), request.length());
          succeed(request, out);
        }
        case WRITE_ZEROES -> writeZeroes(request, out);
        case CACHE -> succeed(request, out);
        case BLOCK_STATUS -> blockStatus(request, out);
        case DISCONNECT, UNKNOWN -> throw new IllegalStateException("refused before");
      }
    } catch (DiskException failure) {
      fail(request, NbdError.of(failure), String.valueOf(failure.getMessage()), out);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError bug) {
      // One request may fail; the other exports and connections of this process may not.
      LOG.log(Level.ERROR, "request failed unexpectedly: " + request, bug);
      fail(request, NbdError.EIO, "internal error", out);
    }
  }

  /**
   * Writes one part of a long write, and answers when it was the last or failed.
   *
   * @param done bytes written by the parts before
   * @return false if it failed; the rest of the payload is then of no use
   */
  boolean writePart(Request request, int done, ByteBuffer data, Outbox out) throws IOException {
    var refusal = refusal(request);
    if (refusal != null) {
      fail(request, refusal.error(), refusal.reason(), out);
      return false;
    }
    boolean last = done + data.remaining() == request.length();
    try {
      disk.write(request.offset() + done, data);
      if (last) {
        succeed(request, out);
      }
      return true;
    } catch (DiskException failure) {
      fail(request, NbdError.of(failure), String.valueOf(failure.getMessage()), out);
      return false;
    }
  }

  /** Answers with an error. */
  void fail(Request request, NbdError error, String reason, Outbox out) throws IOException {
    style.failure(out.room(style.failureBytes()), request, error, reason);
  }

  /** Why a request is not even tried. */
  private record Refusal(NbdError error, String reason) {}

  private @Nullable Refusal refusal(Request request) {
    var command = request.command();
    int flags = request.flags();
    if (style == ReplyStyle.EXTENDED && command == Command.WRITE) {
      if (!request.has(Flags.Command.PAYLOAD_LEN)) {
        return new Refusal(NbdError.EINVAL, "a write without payload");
      }
      flags &= ~Flags.Command.PAYLOAD_LEN;
    }
    if (command == Command.UNKNOWN || command == Command.DISCONNECT) {
      return new Refusal(NbdError.EINVAL, "unknown command " + request.number());
    }
    if (!command.accepts(flags)) {
      return new Refusal(
          NbdError.EINVAL, "flags 0x" + Integer.toHexString(flags) + " on " + command);
    }
    if (command.changesData() && !export.writable()) {
      return new Refusal(NbdError.EPERM, "export is read-only");
    }
    if (command == Command.FLUSH) {
      return null;
    }
    if (!request.within(disk.size())) {
      boolean grows = command == Command.WRITE || command == Command.WRITE_ZEROES;
      return new Refusal(grows ? NbdError.ENOSPC : NbdError.EINVAL, "range past the export's end");
    }
    return switch (command) {
      case READ ->
          request.length() > NbdLimits.PAYLOAD
              ? new Refusal(NbdError.EINVAL, "reads have at most 32 MiB")
              : null;
      case TRIM ->
          disk instanceof Sparse ? null : new Refusal(NbdError.EINVAL, "this disk cannot discard");
      case BLOCK_STATUS ->
          contexts.isEmpty() || request.length() == 0
              ? new Refusal(NbdError.EINVAL, "no metadata context was selected, or no length given")
              : null;
      default -> null;
    };
  }

  private void succeed(Request request, Outbox out) throws IOException {
    if (request.has(Flags.Command.FUA) && request.command().changesData()) {
      disk.flush();
    }
    style.success(out.room(style.headerBytes()), request);
  }

  private void read(Request request, Outbox out) throws IOException {
    boolean whole = request.has(Flags.Command.DF);
    if (whole && style.dataBytes() + request.length() > out.capacity()) {
      fail(request, NbdError.EOVERFLOW, "too long to stay in one piece", out);
    } else if (request.length() == 0) {
      style.success(out.room(style.headerBytes()), request);
    } else if (style.chunked() && !whole && request.length() >= WORTH_A_LOOK) {
      readSparsely(request, out);
    } else {
      readRun(request, request.offset(), (int) request.length(), true, out);
    }
  }

  /** Reads run by run, and says of zeroes only where they are. */
  private void readSparsely(Request request, Outbox out) throws IOException {
    long end = request.offset() + request.length();
    long at = request.offset();
    while (at < end) {
      boolean zero = disk.extent(at, end - at).readsAsZero();
      long runEnd = at;
      while (runEnd < end) {
        Extent next = disk.extent(runEnd, end - runEnd);
        if (next.readsAsZero() != zero) {
          break;
        }
        runEnd += next.length();
      }
      boolean last = runEnd == end;
      int length = (int) (runEnd - at);
      if (zero) {
        style.hole(out.room(style.headerBytes() + 12), request, last, at, length);
      } else {
        readRun(request, at, length, last, out);
      }
      at = runEnd;
    }
  }

  /** Reads a run into as few chunks as fit the outbox. */
  private void readRun(Request request, long offset, int length, boolean last, Outbox out)
      throws IOException {
    int piece = out.capacity() - style.dataBytes();
    boolean headerSent = false;
    for (int done = 0; done < length; ) {
      int count = Math.min(piece, length - done);
      boolean header = style.chunked() || !headerSent;
      var buffer = out.room(count + (header ? style.dataBytes() : 0));
      int start = buffer.position();
      if (header) {
        style.data(buffer, request, last && done + count == length, offset + done, count);
      }
      try {
        disk.read(offset + done, buffer.limit(buffer.position() + count));
      } catch (DiskException failure) {
        if (!style.chunked() && headerSent) {
          throw new IOException("a simple reply was half sent when the disk failed", failure);
        }
        buffer.position(start); // Takes the header back: it promised data.
        throw failure;
      } finally {
        buffer.limit(buffer.capacity());
      }
      headerSent = true;
      done += count;
    }
  }

  private void writeZeroes(Request request, Outbox out) throws IOException {
    boolean mayFree = !request.has(Flags.Command.NO_HOLE);
    boolean canBeFast = disk instanceof Sparse && mayFree;
    if (request.has(Flags.Command.FAST_ZERO) && !canBeFast) {
      fail(request, NbdError.ENOTSUP, "no faster than writing", out);
      return;
    }
    if (disk instanceof Sparse sparse) {
      sparse.writeZeroes(request.offset(), request.length(), mayFree);
    } else {
      long end = request.offset() + request.length();
      for (long at = request.offset(); at < end; ) {
        var zeroes = Zeroes.upTo(end - at);
        int count = zeroes.remaining();
        disk.write(at, zeroes);
        at += count;
      }
    }
    succeed(request, out);
  }

  private void blockStatus(Request request, Outbox out) throws IOException {
    // Looked up before the first is sent, so that a failure can still answer the whole request.
    var described =
        contexts.stream()
            .map(c ->
                c.describe(request.offset(), request.length(), request.has(Flags.Command.REQ_ONE)))
            .toList();
    for (int i = 0; i < contexts.size(); i++) {
      boolean last = i == contexts.size() - 1;
      if (style == ReplyStyle.EXTENDED) {
        longDescriptors(request, contexts.get(i).id(), described.get(i), last, out);
      } else {
        shortDescriptors(request, contexts.get(i).id(), described.get(i), last, out);
      }
    }
  }

  private void shortDescriptors(
      Request request, int id, List<MetaContext.Run> runs, boolean last, Outbox out)
      throws IOException {
    int payload = 4 + 8 * runs.size();
    var to = out.room(style.headerBytes() + payload);
    style.chunk(to, request, last, Chunk.BLOCK_STATUS, payload);
    to.putInt(id);
    runs.forEach(run -> to.putInt((int) run.length()).putInt(run.state()));
  }

  private void longDescriptors(
      Request request, int id, List<MetaContext.Run> runs, boolean last, Outbox out)
      throws IOException {
    int payload = 8 + 16 * runs.size();
    var to = out.room(style.headerBytes() + payload);
    style.chunk(to, request, last, Chunk.BLOCK_STATUS_EXT, payload);
    to.putInt(id).putInt(runs.size());
    runs.forEach(run -> to.putLong(run.length()).putLong(run.state()));
  }

  private Sparse sparse() {
    return (Sparse) disk;
  }
}
