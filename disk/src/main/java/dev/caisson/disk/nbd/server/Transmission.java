/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.nbd.link.Inbox;
import dev.caisson.disk.nbd.link.Link;
import dev.caisson.disk.nbd.link.Outbox;
import dev.caisson.disk.nbd.protocol.Command;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.NbdError;
import dev.caisson.disk.nbd.protocol.ProtocolException;
import dev.caisson.disk.nbd.protocol.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Serves one connection after its handshake.
 *
 * <p>The thread that reads requests also carries them out, as long as the disk answers from memory:
 * then a request costs one read, one copy and one write call, and a deep queue costs fewer, since
 * all requests of one read call are answered by one write call. Requests that wait for a device go
 * to {@link Workers}, as does everything that must reach stable storage.
 */
public final class Transmission {
  /** A whole 256 KiB write with its header fits, which is what copy tools send. */
  static final int INBOX = (256 << 10) + 64;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Link link;
  private final Inbox inbox;
  private final Session session;
  private final Responder responder;
  private final Workers workers;
  private final BufferPool buffers;
  private final BooleanSupplier stopping;
  private final ReentrantLock turn = new ReentrantLock();
  private final Pace pace = new Pace();
  private final InFlight inFlight;

  public Transmission(Link link, Inbox inbox, Session session, Serving serving) {
    this.link = link;
    this.inbox = inbox;
    this.session = session;
    this.responder = new Responder(session);
    this.workers = serving.workers();
    this.buffers = serving.buffers();
    this.inFlight = new InFlight(serving.inFlightBytes());
    this.stopping = serving.stopping();
  }

  /** Serves until the client leaves or the server stops; every request read is answered. */
  public void run() throws IOException {
    ByteBuffer buffer = buffers.take();
    var out = new Outbox(link, turn, buffer);
    try {
      while (next(out)) {
        // Each round is one request.
      }
      inFlight.awaitNone();
      out.flush();
    } finally {
      inFlight.awaitNone(); // Their replies need the link, which ends with this method.
      buffers.give(buffer);
    }
  }

  /** Takes one request; false at the end. */
  private boolean next(Outbox out) throws IOException {
    int header = Request.headerBytes(session.extended());
    if (!inbox.has(header)) {
      out.flush(); // Nothing more to answer together with these.
      if (!inbox.await(header)) {
        return false;
      }
    }
    var request = Request.parse(inbox.buffer(), session.extended());
    if (request.command() == Command.DISCONNECT) {
      return false;
    }
    long payload = request.payload(session.extended());
    if (payload < 0 || payload > NbdLimits.PAYLOAD) {
      throw new ProtocolException("payload of " + Long.toUnsignedString(payload) + " bytes");
    }
    if (stopping.getAsBoolean()) {
      inbox.skip(payload);
      responder.fail(request, NbdError.ESHUTDOWN, "the server is shutting down", out);
    } else if (payload == 0) {
      withoutPayload(request, out);
    } else if (request.command() != Command.WRITE) {
      inbox.skip(payload);
      responder.fail(request, NbdError.EINVAL, "no payload goes with this command", out);
    } else if (payload <= buffers.bytes()) {
      write(request, (int) payload, out);
    } else {
      longWrite(request, (int) payload, out);
    }
    return true;
  }

  private void withoutPayload(Request request, Outbox out) throws IOException {
    if (toWorker(request)) {
      dispatch(request, NOTHING, out);
    } else {
      inline(request, NOTHING, out);
    }
  }

  private void write(Request request, int payload, Outbox out) throws IOException {
    boolean fits = payload <= inbox.capacity();
    if (toWorker(request) || !fits) {
      var data = buffers.take().limit(payload);
      if (!inbox.has(payload)) {
        out.flush();
      }
      inbox.readFully(data);
      dispatch(request, data.flip(), out);
      return;
    }
    if (!inbox.has(payload)) {
      out.flush();
    }
    var data = inbox.need(payload);
    int end = data.position() + payload;
    int limit = data.limit();
    inline(request, data.limit(end), out);
    data.limit(limit).position(end);
  }

  /** A write longer than any buffer goes to the disk piece by piece, as it arrives. */
  private void longWrite(Request request, int payload, Outbox out) throws IOException {
    out.flush();
    var data = buffers.take();
    try {
      for (int done = 0; done < payload; ) {
        int count = Math.min(payload - done, data.capacity());
        inbox.readFully(data.clear().limit(count));
        if (!responder.writePart(request, done, data.flip(), out)) {
          inbox.skip(payload - done - count);
          return;
        }
        done += count;
      }
    } finally {
      buffers.give(data);
    }
  }

  private boolean toWorker(Request request) {
    return switch (request.command()) {
      case FLUSH -> true;
      case READ -> pace.slow() && moreWaits();
      case WRITE -> request.has(Flags.Command.FUA) || (pace.slow() && moreWaits());
      case TRIM, WRITE_ZEROES, BLOCK_STATUS -> moreWaits();
      default -> false;
    };
  }

  /** Whether somebody would wait behind a request served here. */
  private boolean moreWaits() {
    return inbox.has(1) || inFlight.any();
  }

  private void inline(Request request, ByteBuffer payload, Outbox out) throws IOException {
    long start = System.nanoTime();
    responder.answer(request, payload, out);
    pace.note(System.nanoTime() - start, request.length());
  }

  private void dispatch(Request request, ByteBuffer payload, Outbox out) throws IOException {
    if (!inFlight.tryEnter(request)) {
      out.flush();
      inFlight.enter(request);
    }
    workers.run(() -> work(request, payload));
  }

  private void work(Request request, ByteBuffer payload) {
    ByteBuffer buffer = buffers.take();
    try {
      var out = new Outbox(link, turn, buffer);
      long start = System.nanoTime();
      responder.answer(request, payload, out);
      pace.note(System.nanoTime() - start, request.length());
      out.flush();
    } catch (IOException gone) {
      hangUp(); // The reader sees the end of the stream and closes in order.
    } finally {
      buffers.give(buffer);
      if (payload.capacity() > 0) {
        buffers.give(payload);
      }
      inFlight.leave(request);
    }
  }

  private void hangUp() {
    try {
      link.abort();
    } catch (IOException alreadyClosed) {
      // That was the aim.
    }
  }
}
