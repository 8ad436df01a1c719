/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * One call, of either side: messages both ways over one HTTP/2 stream. Reading and writing block;
 * nothing is read ahead of who wants it, so a sender that is too fast is held by flow control.
 *
 * <p>Source: gRPC, "gRPC over HTTP2".
 */
public final class GrpcCall implements AutoCloseable {
  /** Flag and length before each message. */
  private static final int PREFIX = 5;

  /** A longer message is refused; gRPC's own limit unless one sets another. */
  static final int MESSAGE_LIMIT = 4 << 20;

  /** Room is made for what has come, not for what a prefix promises. */
  private static final int FIRST_ROOM = 64 << 10;

  private final HttpFields headers;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ReentrantLock sending = new ReentrantLock();
  private final List<Runnable> onEnd = new ArrayList<>();
  private @Nullable Stream stream;
  private ByteBuffer unread = ByteBuffer.allocate(0);
  private boolean serverHeadersSent = true;
  private boolean demanded;
  private boolean ended;
  private boolean over;
  private HttpFields trailers = HttpFields.EMPTY;
  private @Nullable IOException failure;

  /** As its server: {@code headers} are the caller's. */
  GrpcCall(Stream stream, HttpFields headers, boolean ended) {
    this.stream = stream;
    this.headers = headers;
    this.ended = ended;
  }

  /** As its caller, before there is a stream. */
  GrpcCall() {
    this.headers = HttpFields.EMPTY;
  }

  void opened(Stream opened) {
    stream = opened;
  }

  /** A header of the caller's, or empty. */
  public String header(String name) {
    return Optional.ofNullable(headers.get(name)).orElse("");
  }

  /** Runs when the other side ends the call early, or its connection is gone; at once if it is. */
  public void onCancel(Runnable action) {
    lock.lock();
    try {
      if (!over) {
        onEnd.add(action);
        return;
      }
    } finally {
      lock.unlock();
    }
    action.run();
  }

  /** The one message of a request. */
  byte[] request() throws IOException {
    return receive()
        .orElseThrow(
            () -> new GrpcException(GrpcException.Code.INVALID_ARGUMENT, "the request is missing"));
  }

  /**
   * Waits for the next message; empty when the other side sends no more.
   *
   * @throws IOException when the stream or its connection broke
   * @throws GrpcException for a message that is too long, compressed or cut off
   */
  public Optional<byte[]> receive() throws IOException {
    if (!fill()) {
      return Optional.empty();
    }
    ByteBuffer prefix = ByteBuffer.wrap(take(PREFIX));
    boolean compressed = prefix.get() != 0;
    int length = prefix.getInt();
    if (compressed || length < 0 || length > MESSAGE_LIMIT) {
      throw new GrpcException(
          GrpcException.Code.RESOURCE_EXHAUSTED,
          compressed
              ? "compressed messages were not offered"
              : "a message is longer than " + MESSAGE_LIMIT + " bytes");
    }
    return Optional.of(take(length));
  }

  private byte[] take(int length) throws IOException {
    byte[] bytes = new byte[Math.min(length, FIRST_ROOM)];
    int at = 0;
    while (at < length) {
      if (at == bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.min(length, 2 * bytes.length));
      }
      if (!fill()) {
        throw new GrpcException(GrpcException.Code.DATA_LOSS, "a message is cut off");
      }
      int count = Math.min(bytes.length - at, unread.remaining());
      unread.get(bytes, at, count);
      at += count;
    }
    return bytes;
  }

  /** Whether there is something unread, after waiting for it. Jetty is asked without our lock. */
  private boolean fill() throws IOException {
    while (!unread.hasRemaining()) {
      if (ended) {
        return false;
      }
      boolean last = isResetAfterItsAnswer(); // asked first: what came before it is still read
      Stream.Data data = stream().readData();
      if (data != null) {
        copy(data);
      } else if (last) {
        ended = true;
      } else {
        awaitData();
      }
    }
    return true;
  }

  private void copy(Stream.Data data) {
    try {
      ByteBuffer source = data.frame().getByteBuffer();
      ByteBuffer own = ByteBuffer.allocate(source.remaining());
      own.put(source).flip();
      unread = own;
      ended = data.frame().isEndStream();
    } finally {
      data.release();
    }
  }

  private void awaitData() throws IOException {
    Stream open = stream();
    lock.lock();
    try {
      demanded = true;
    } finally {
      lock.unlock();
    }
    open.demand(); // may tell at once that there is something
    lock.lock();
    try {
      while (demanded && failure == null) {
        changed.await();
      }
      if (failure != null && !GrpcHeaders.hasStatus(trailers)) {
        throw new IOException(failure.getMessage(), failure);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the client");
    } finally {
      lock.unlock();
    }
  }

  /** Sends a message, as soon as flow control lets it. */
  public void send(byte[] message) throws IOException {
    send(message, false);
  }

  /**
   * Sends the caller's last message and says so with it: a server that is done before it knows that
   * nothing follows resets the stream.
   */
  public void sendLast(byte[] message) throws IOException {
    send(message, true);
  }

  private void send(byte[] message, boolean last) throws IOException {
    ByteBuffer framed = ByteBuffer.allocate(PREFIX + message.length);
    framed.put((byte) 0).putInt(message.length).put(message).flip();
    sending.lock();
    try {
      beforeFirstMessage();
      data(framed, last);
    } finally {
      sending.unlock();
    }
  }

  /** Says that no more messages come from this side, the caller's. */
  public void endRequest() throws IOException {
    sending.lock();
    try {
      data(ByteBuffer.allocate(0), true);
    } finally {
      sending.unlock();
    }
  }

  private void data(ByteBuffer bytes, boolean last) throws IOException {
    Stream open = stream();
    try {
      Waiting.until(callback -> open.data(new DataFrame(open.getId(), bytes, last), callback));
    } catch (IOException broken) {
      if (isAnswered()) {
        checkStatus(); // tells why nobody listens any more
      }
      throw broken;
    }
  }

  private boolean isResetAfterItsAnswer() {
    lock.lock();
    try {
      return failure != null && GrpcHeaders.hasStatus(trailers);
    } finally {
      lock.unlock();
    }
  }

  private boolean isAnswered() {
    lock.lock();
    try {
      return GrpcHeaders.hasStatus(trailers);
    } finally {
      lock.unlock();
    }
  }

  /** A server's headers go out with its first message. */
  void headersAreDue() {
    serverHeadersSent = false;
  }

  private void beforeFirstMessage() throws IOException {
    if (!serverHeadersSent) {
      serverHeadersSent = true;
      headers(GrpcHeaders.response(), false);
    }
  }

  /** Ends the call, as its server. */
  void finish(GrpcException.Code code, String message) throws IOException {
    sending.lock();
    try {
      beforeFirstMessage();
      headers(GrpcHeaders.trailers(code, message), true);
    } finally {
      sending.unlock();
    }
  }

  /** What its caller still sends is dropped: it holds back the connection's other calls. */
  void release() throws IOException {
    Stream open = stream();
    if (!open.isRemotelyClosed()) {
      open.reset(new ResetFrame(open.getId(), ErrorCode.NO_ERROR.code), Callback.NOOP);
    }
  }

  private void headers(MetaData fields, boolean last) throws IOException {
    Stream open = stream();
    Waiting.until(
        callback -> open.headers(new HeadersFrame(open.getId(), fields, null, last), callback));
  }

  /**
   * Once {@link #receive} has said that nothing more comes: how the call ended, for its caller.
   *
   * @throws GrpcException for every status but OK
   */
  public void checkStatus() {
    lock.lock();
    try {
      GrpcHeaders.check(trailers);
    } finally {
      lock.unlock();
    }
  }

  private Stream stream() throws IOException {
    Stream open = stream;
    if (open == null) {
      throw new IOException("the call was not opened");
    }
    return open;
  }

  /** Ends the call where it stands; nothing happens when it is over. */
  @Override
  public void close() {
    Stream open = stream;
    if (open != null && !open.isClosed()) {
      open.reset(new ResetFrame(open.getId(), ErrorCode.CANCEL_STREAM_ERROR.code), Callback.NOOP);
    }
  }

  /** What Jetty tells of the stream. */
  Stream.Listener listener() {
    return new Stream.Listener() {
      @Override
      public void onDataAvailable(Stream from) {
        available();
      }

      @Override
      public void onHeaders(Stream from, HeadersFrame frame) {
        lock.lock();
        try {
          trailers = HttpFields.build(trailers).add(frame.getMetaData().getHttpFields());
        } finally {
          lock.unlock();
        }
      }

      @Override
      public void onReset(Stream from, ResetFrame frame, Callback callback) {
        fail(new IOException("the other side canceled the call"));
        callback.succeeded();
      }

      @Override
      public void onFailure(
          Stream from, int error, String reason, Throwable cause, Callback callback) {
        fail(new IOException("the connection to the client broke: " + reason, cause));
        callback.succeeded();
      }
    };
  }

  private void available() {
    lock.lock();
    try {
      demanded = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The other side is gone, or wants no more of this call. */
  void fail(IOException reason) {
    List<Runnable> actions;
    lock.lock();
    try {
      if (failure == null) {
        failure = reason;
      }
      changed.signalAll();
      over = true;
      actions = List.copyOf(onEnd);
      onEnd.clear();
    } finally {
      lock.unlock();
    }
    for (Runnable action : actions) {
      Thread.ofVirtual().name("grpc-cancel").start(action); // Jetty's thread must not wait
    }
  }
}
