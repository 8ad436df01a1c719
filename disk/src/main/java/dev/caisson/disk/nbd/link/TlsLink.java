/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.link;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/** A link inside TLS. */
public final class TlsLink implements Link {
  private final Link plain;
  private final SSLEngine engine;
  private final ReentrantLock writing = new ReentrantLock();
  private final ByteBuffer incoming;
  private final ByteBuffer outgoing;

  /** Decrypted, not yet asked for; ready to be read. */
  private final ByteBuffer clear;

  private TlsLink(Link plain, SSLEngine engine) {
    this.plain = plain;
    this.engine = engine;
    int packet = engine.getSession().getPacketBufferSize();
    this.incoming = ByteBuffer.allocateDirect(4 * packet).limit(0);
    this.outgoing = ByteBuffer.allocateDirect(packet);
    this.clear = ByteBuffer.allocateDirect(engine.getSession().getApplicationBufferSize()).limit(0);
  }

  /** Encrypts {@code plain}; returns once both sides trust each other. */
  public static TlsLink shakeHands(Link plain, SSLEngine engine) throws IOException {
    var link = new TlsLink(plain, engine);
    engine.beginHandshake();
    try {
      link.handshake();
    } catch (SSLException failure) {
      link.close(); // Sends the alert that says why.
      throw failure;
    }
    return link;
  }

  private void handshake() throws IOException {
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> runTasks();
        case NEED_WRAP -> wrap(ByteBuffer.allocate(0));
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          if (!unwrap(clear.compact(), true)) {
            throw new EOFException("the other side left during the TLS handshake");
          }
        }
        case FINISHED, NOT_HANDSHAKING -> {
          return;
        }
      }
    }
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    while (true) {
      if (clear.hasRemaining()) {
        int count = Math.min(clear.remaining(), into.remaining());
        into.put(into.position(), clear, clear.position(), count);
        into.position(into.position() + count);
        clear.position(clear.position() + count);
        return count;
      }
      boolean direct = into.remaining() >= clear.capacity();
      int before = into.position();
      if (!unwrap(direct ? into : clear.clear(), !direct)) {
        return -1;
      }
      if (into.position() > before) {
        return into.position() - before;
      }
    }
  }

  /** Decrypts one packet into {@code target}; false at the end of the stream. */
  private boolean unwrap(ByteBuffer target, boolean flip) throws IOException {
    try {
      while (true) {
        var result = engine.unwrap(incoming, target);
        after(result.getHandshakeStatus());
        if (result.getStatus() == Status.CLOSED) {
          return false;
        }
        if (result.getStatus() != Status.BUFFER_UNDERFLOW) {
          return true;
        }
        incoming.compact();
        int count;
        try {
          count = plain.read(incoming);
        } finally {
          incoming.flip();
        }
        if (count < 0) {
          return false;
        }
      }
    } finally {
      if (flip) {
        target.flip();
      }
    }
  }

  /** Does what the engine wants after the handshake too: new keys, an answer to a new session. */
  private void after(HandshakeStatus status) throws IOException {
    if (status == HandshakeStatus.NEED_TASK) {
      runTasks();
    } else if (status == HandshakeStatus.NEED_WRAP) {
      wrap(ByteBuffer.allocate(0));
    }
  }

  private void runTasks() {
    for (var task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  @Override
  public void write(ByteBuffer from) throws IOException {
    writing.lock();
    try {
      while (from.hasRemaining()) {
        wrap(from);
      }
    } finally {
      writing.unlock();
    }
  }

  private void wrap(ByteBuffer from) throws IOException {
    writing.lock();
    try {
      var result = engine.wrap(from, outgoing.clear());
      plain.write(outgoing.flip());
      if (result.getStatus() == Status.CLOSED && from.hasRemaining()) {
        throw new EOFException("TLS is closed");
      }
    } finally {
      writing.unlock();
    }
  }

  @Override
  public void stopReading() throws IOException {
    plain.stopReading();
  }

  @Override
  public void abort() throws IOException {
    plain.abort();
  }

  @Override
  public void close() throws IOException {
    try {
      if (writing.tryLock()) { // A writer that is stuck must not keep the socket open.
        try {
          engine.closeOutbound();
          while (!engine.isOutboundDone()) {
            wrap(ByteBuffer.allocate(0));
          }
        } finally {
          writing.unlock();
        }
      }
    } catch (IOException alreadyGone) {
      // The close below is what counts.
    } finally {
      plain.close();
    }
  }
}
