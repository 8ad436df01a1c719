/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.link.Inbox;
import dev.caisson.disk.nbd.link.Link;
import dev.caisson.disk.nbd.protocol.Chunk;
import dev.caisson.disk.nbd.protocol.Command;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.Magic;
import dev.caisson.disk.nbd.protocol.MetaContext;
import dev.caisson.disk.nbd.protocol.NbdError;
import dev.caisson.disk.nbd.protocol.ProtocolException;
import dev.caisson.disk.nbd.protocol.ReplyStyle;
import dev.caisson.disk.nbd.protocol.Request;
import dev.caisson.disk.nbd.protocol.Zeroes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Many requests under way on one connection: any thread sends, one thread reads the replies and
 * wakes whoever waits for them. After any breach of the protocol, or the connection's loss, all
 * that is under way and all that comes later fails: what the server had done by then cannot be
 * known.
 */
public final class Pipeline implements AutoCloseable {
  /** Payloads up to here are sent together with their header. */
  private static final int JOINED = 64 << 10;

  private static final int MOST_MESSAGE = 4096;
  private static final int INBOX = 256 << 10;

  private final String subject;
  private final Link link;
  private final RemoteExport export;
  private final Inbox inbox;
  private final ByteBuffer joined = ByteBuffer.allocateDirect(Request.EXTENDED + JOINED);
  private final ReentrantLock sending = new ReentrantLock();
  private final Semaphore room;
  private final AtomicLong cookies = new AtomicLong();
  private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
  private volatile boolean broken;
  private volatile boolean readerDone;
  private volatile boolean closing;
  private volatile String breach = "the server closed the connection";

  public Pipeline(String subject, Link link, Inbox inbox, RemoteExport export, int inFlight) {
    this.subject = subject;
    this.link = link;
    this.export = export;
    this.inbox = new Inbox(inbox, INBOX);
    this.room = new Semaphore(inFlight);
  }

  /** Begins to read replies. */
  public void start() {
    Thread.ofPlatform().daemon().name("nbd-replies").start(this::readReplies);
  }

  /**
   * Sends a request; returns when it is on its way.
   *
   * @param payload what a write carries, else empty
   * @param target what a read fills, else empty
   */
  Pending send(
      Command command, int flags, long offset, long length, ByteBuffer payload, ByteBuffer target) {
    room.acquireUninterruptibly();
    int all =
        payload.hasRemaining() && export.extended() ? flags | Flags.Command.PAYLOAD_LEN : flags;
    var request = new Request(all, command.number(), cookies.incrementAndGet(), offset, length);
    var waiting = new Pending(request, target);
    pending.put(request.cookie(), waiting);
    try {
      if (broken) {
        throw new IOException(breach);
      }
      write(request, payload);
    } catch (IOException failure) {
      breakOff(String.valueOf(failure.getMessage()));
    }
    return waiting;
  }

  private void write(Request request, ByteBuffer payload) throws IOException {
    // An interrupt during channel I/O would close the connection for everybody.
    boolean interrupted = Thread.interrupted();
    sending.lock();
    try {
      request.write(joined.clear(), export.extended());
      if (payload.remaining() <= JOINED) {
        link.write(joined.put(payload).flip());
      } else {
        link.write(joined.flip());
        link.write(payload);
      }
    } finally {
      sending.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void readReplies() {
    try {
      while (inbox.await(4)) {
        reply();
      }
    } catch (IOException | RuntimeException failure) {
      breach = String.valueOf(failure.getMessage());
    }
    breakOff(breach);
    readerDone = true;
    failAll();
  }

  private void reply() throws IOException {
    int magic = inbox.buffer().getInt(inbox.buffer().position());
    switch (magic) {
      case Magic.SIMPLE_REPLY -> simpleReply();
      case Magic.STRUCTURED_REPLY, Magic.EXTENDED_REPLY -> chunk(magic == Magic.EXTENDED_REPLY);
      default -> throw new ProtocolException("reply magic is 0x" + Integer.toHexString(magic));
    }
  }

  private void simpleReply() throws IOException {
    if (export.extended()) {
      throw new ProtocolException("a simple reply, though extended ones were agreed on");
    }
    var header = inbox.need(ReplyStyle.SIMPLE.headerBytes());
    header.getInt();
    int error = header.getInt();
    var waiting = find(header.getLong());
    if (error != 0) {
      waiting.fail(failure(waiting.request, error, ""));
    } else if (waiting.isRead()) {
      if (export.style().chunked()) {
        throw new ProtocolException(
            "a simple reply to a read, though structured ones were agreed on");
      }
      if (waiting.request.length() > 0) {
        inbox.readFully(waiting.place(waiting.request.offset(), waiting.request.length()));
      }
    }
    finish(waiting);
  }

  private void chunk(boolean extended) throws IOException {
    if (export.style() != (extended ? ReplyStyle.EXTENDED : ReplyStyle.STRUCTURED)) {
      throw new ProtocolException("a reply in a style that was not agreed on");
    }
    var header = inbox.need(export.style().headerBytes());
    header.getInt();
    int flags = header.getShort();
    int type = Short.toUnsignedInt(header.getShort());
    var waiting = find(header.getLong());
    if (extended && header.getLong() != waiting.request.offset()) {
      throw new ProtocolException("a reply with another request's offset");
    }
    long length = extended ? header.getLong() : Integer.toUnsignedLong(header.getInt());
    content(waiting, type, length);
    if ((flags & Flags.REPLY_DONE) != 0) {
      finish(waiting);
    } else if (type == Chunk.NONE) {
      throw new ProtocolException("an empty chunk that is not the last");
    }
  }

  private void content(Pending waiting, int type, long length) throws IOException {
    switch (type) {
      case Chunk.NONE -> check(length == 0, type);
      case Chunk.OFFSET_DATA -> {
        check(length > 8, type);
        long offset = inbox.need(8).getLong();
        inbox.readFully(waiting.place(offset, length - 8));
      }
      case Chunk.OFFSET_HOLE -> {
        check(length == 12, type);
        var body = inbox.need(12);
        var hole = waiting.place(body.getLong(), Integer.toUnsignedLong(body.getInt()));
        Zeroes.fill(hole);
      }
      case Chunk.BLOCK_STATUS -> {
        check(length > 4 && length % 8 == 4 && length <= 4 + (8L << 20), type);
        boolean ours = ours(waiting, inbox.need(4).getInt());
        for (long left = length - 4; left > 0; left -= 8) {
          var body = inbox.need(8);
          note(waiting, ours, Integer.toUnsignedLong(body.getInt()), body.getInt());
        }
      }
      case Chunk.BLOCK_STATUS_EXT -> {
        check(length > 8 && length % 16 == 8 && length <= 8 + (16L << 20), type);
        var start = inbox.need(8);
        boolean ours = ours(waiting, start.getInt());
        check(Integer.toUnsignedLong(start.getInt()) == (length - 8) / 16, type);
        for (long left = length - 8; left > 0; left -= 16) {
          var body = inbox.need(16);
          note(waiting, ours, body.getLong(), (int) body.getLong());
        }
      }
      default -> error(waiting, type, length);
    }
  }

  private boolean ours(Pending waiting, int context) throws ProtocolException {
    if (waiting.request.command() != Command.BLOCK_STATUS) {
      throw new ProtocolException("block status that was not asked for");
    }
    return export.allocation().isPresent() && export.allocation().getAsInt() == context;
  }

  private static void note(Pending waiting, boolean ours, long length, int state)
      throws ProtocolException {
    if (length <= 0) {
      throw new ProtocolException("an extent of no length");
    }
    if (ours && waiting.runs.size() < MetaContext.MOST_DESCRIPTORS) {
      waiting.runs.add(new MetaContext.Run(length, state));
    }
  }

  private void error(Pending waiting, int type, long length) throws IOException {
    if ((type & Chunk.ERROR_BIT) == 0) {
      throw new ProtocolException("a chunk of unknown kind " + type);
    }
    check(length >= 6 && length <= MOST_MESSAGE + 64, type);
    var body = inbox.need((int) length);
    int end = body.position() + (int) length;
    int error = body.getInt();
    int message = Short.toUnsignedInt(body.getShort());
    check(message <= length - 6 && message <= MOST_MESSAGE, type);
    String reason = ClientHandshake.text(body.slice(body.position(), message));
    body.position(end);
    waiting.fail(failure(waiting.request, error, reason));
  }

  private static void check(boolean right, int type) throws ProtocolException {
    if (!right) {
      throw new ProtocolException("a chunk of kind " + type + " with a wrong length");
    }
  }

  private Pending find(long cookie) throws ProtocolException {
    var waiting = pending.get(cookie);
    if (waiting == null) {
      throw new ProtocolException("a reply to a request that was not made");
    }
    return waiting;
  }

  private void finish(Pending waiting) throws ProtocolException {
    waiting.finish();
    settled(waiting);
  }

  private void settled(Pending waiting) {
    if (pending.remove(waiting.request.cookie()) != null) {
      room.release();
    }
  }

  private DiskException failure(Request request, int number, String reason) {
    var error = NbdError.of(number);
    String told = reason.isEmpty() ? "" : " (" + reason + ")";
    return new DiskException(
        error.kind(),
        "%s: %s of %d bytes at %d: %s%s"
            .formatted(
                subject, request.command(), request.length(), request.offset(), error, told));
  }

  /** Gives the connection up; {@code reason} is what later requests will hear. */
  void breakOff(String reason) {
    if (!broken) {
      breach = reason;
      broken = true;
    }
    try {
      link.abort();
    } catch (IOException alreadyGone) {
      // It was given up in any case.
    }
    if (readerDone) {
      failAll(); // The reader did so before, but this request may have come after.
    }
  }

  /** Only once the reading thread is done with their buffers. */
  private void failAll() {
    for (var waiting : List.copyOf(pending.values())) {
      var kind = closing ? DiskException.Kind.CLOSED : DiskException.Kind.IO;
      settled(waiting);
      waiting.done.completeExceptionally(
          new DiskException(kind, subject + ": connection lost: " + breach));
    }
  }

  /** Says goodbye; requests under way fail. */
  @Override
  public void close() {
    closing = true;
    if (!broken && pending.isEmpty()) { // With requests open, the server may not be reading at all.
      sayGoodbye();
    }
    breakOff("the disk was closed");
  }

  private void sayGoodbye() {
    try {
      write(new Request(0, Command.DISCONNECT.number(), 0, 0, 0), ByteBuffer.allocate(0));
      link.close();
    } catch (IOException alreadyGone) {
      // Then nobody waits for a goodbye.
    }
  }
}
