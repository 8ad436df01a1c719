/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.Attachment;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Feed;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.state.RecordCodec;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * One caller's call, on the engine's side. The thread that holds it only listens; what the engine
 * does runs on another, which is interrupted when the caller is gone.
 */
final class Conversation {
  private static final System.Logger LOG = System.getLogger(Conversation.class.getName());

  private final Connection connection;
  private final Engine engine;
  private final ExecutorService workers;
  private final Mailbox<Frame> input = new Mailbox<>(Frame.WINDOW + 1);
  private @Nullable Feed<?> opened;
  private @Nullable OutputStream output;
  private boolean gone;

  Conversation(Connection connection, Engine engine, ExecutorService workers) {
    this.connection = connection;
    this.engine = engine;
    this.workers = workers;
  }

  /**
   * Returns when the caller has closed the connection.
   *
   * @throws IOException when it is lost, or the caller does not keep to the protocol
   */
  void hold() throws IOException {
    try {
      var call = call();
      var method = call.service().method(call.method());
      var arguments = arguments(method);
      var work = workers.submit(() -> answer(call.service().of(engine), method, arguments));
      try {
        listen();
      } finally {
        hangUp();
        work.cancel(true);
      }
    } catch (IllegalArgumentException malformed) {
      var refusal = EngineException.invalid("malformed call: " + malformed.getMessage(), "");
      connection.send(Frame.FAILURE, Failure.of(refusal).encode());
    } catch (EngineException refusal) {
      connection.send(Frame.FAILURE, Failure.of(refusal).encode());
    }
  }

  private Call call() throws IOException {
    var call = RecordCodec.decode(expect(Frame.CALL), Call.class);
    if (call.protocol() != Call.PROTOCOL) {
      throw EngineException.unsupported(
          "the caller speaks protocol " + call.protocol() + ", this engine " + Call.PROTOCOL,
          "use the library and the engine of one release");
    }
    return call;
  }

  private byte[] expect(byte kind) throws IOException {
    var frame = connection.receive().orElseThrow(EOFException::new);
    if (frame.kind() != kind) {
      throw new IOException("frame '" + (char) frame.kind() + "' instead of '" + (char) kind + "'");
    }
    return frame.body();
  }

  private Object[] arguments(Method method) throws IOException {
    var types = method.getGenericParameterTypes();
    var arguments = new Object[types.length];
    for (int i = 0; i < types.length; i++) {
      if (types[i] == InputStream.class) {
        arguments[i] = new IncomingStream(connection, input);
      } else if (types[i] == OutputStream.class) {
        output = new BufferedOutputStream(new OutgoingStream(connection), Frame.PIECE);
        arguments[i] = output;
      } else if (types[i] == ProgressListener.class) {
        arguments[i] = (ProgressListener) this::progress;
      } else {
        arguments[i] = RecordCodec.decodeValue(expect(Frame.ARGUMENT), types[i]);
      }
    }
    return arguments;
  }

  private void progress(ProgressListener.Step step) {
    try {
      connection.send(Frame.PROGRESS, RecordCodec.encode(step));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nobody waits for the transfer any more
    }
  }

  private void listen() throws IOException {
    for (var frame = connection.receive(); frame.isPresent(); frame = connection.receive()) {
      switch (frame.get().kind()) {
        case Frame.INPUT, Frame.INPUT_END -> input.put(frame.get());
        case Frame.SIZE -> resize(RecordCodec.decode(frame.get().body(), Size.class));
        default -> throw new IOException("unexpected frame '" + (char) frame.get().kind() + "'");
      }
    }
  }

  private void resize(Size size) {
    Feed<?> streams;
    synchronized (this) {
      streams = opened;
    }
    if (streams instanceof Attachment attachment) {
      try {
        attachment.resize(size.rows(), size.columns());
      } catch (EngineException e) {
        LOG.log(System.Logger.Level.DEBUG, "resize: {0}", e.getMessage());
      }
    }
  }

  private synchronized void hangUp() {
    gone = true;
    input.close();
    if (opened != null) {
      opened.close();
    }
  }

  /** False when the caller is gone already. */
  private synchronized boolean keep(Feed<?> feed) {
    opened = feed;
    if (gone) {
      feed.close();
    }
    return !gone;
  }

  private void answer(Object part, Method method, Object[] arguments) {
    try {
      try {
        tell(method.invoke(part, arguments));
      } catch (InvocationTargetException e) {
        fail(e.getCause() == null ? e : e.getCause());
      } catch (IllegalAccessException | RuntimeException e) {
        fail(e);
      }
    } catch (IOException lost) {
      connection.close();
    }
  }

  private void fail(Throwable failure) throws IOException {
    if (!(failure instanceof EngineException)) {
      LOG.log(System.Logger.Level.WARNING, "a call over the socket", failure);
    }
    connection.send(Frame.FAILURE, Failure.of(failure).encode());
  }

  private void tell(@Nullable Object result) throws IOException {
    switch (result) {
      case Attachment attachment when keep(attachment) -> {
        connection.send(Frame.VALUE, RecordCodec.encodeValue(attachment.tty()));
        workers.execute(() -> passInput(attachment));
        tellOutput(attachment);
      }
      case Feed<?> feed when keep(feed) -> {
        connection.send(Frame.VALUE, Frame.NOTHING);
        tellElements(feed);
      }
      case CompletableFuture<?> future -> {
        connection.send(Frame.VALUE, Frame.NOTHING);
        var _ = future.whenComplete(this::tellCompletion);
      }
      case null, default -> {
        if (output != null) {
          output.flush();
        }
        connection.send(Frame.VALUE, RecordCodec.encodeValue(result));
      }
    }
  }

  private void tellOutput(Attachment attachment) throws IOException {
    try (attachment) {
      for (var piece = attachment.next(); piece.isPresent(); piece = attachment.next()) {
        var data = piece.get().data();
        var body = new byte[data.length + 1];
        body[0] = (byte) piece.get().stream().ordinal();
        System.arraycopy(data, 0, body, 1, data.length);
        connection.send(Frame.OUTPUT, body);
      }
      connection.send(Frame.END, RecordCodec.encodeValue(attachment.detached()));
    }
  }

  private void tellElements(Feed<?> feed) throws IOException {
    try (feed) {
      for (var element = feed.next(); element.isPresent(); element = feed.next()) {
        connection.send(Frame.ELEMENT, RecordCodec.encodeValue(element.get()));
      }
      connection.send(Frame.END, Frame.NOTHING);
    }
  }

  private void tellCompletion(@Nullable Object result, @Nullable Throwable failure) {
    try {
      if (failure != null) {
        fail(failure);
      } else {
        connection.send(Frame.ELEMENT, RecordCodec.encodeValue(result));
      }
    } catch (IOException lost) {
      connection.close();
    }
  }

  private void passInput(Attachment attachment) {
    try {
      for (var frame = input.take(); frame.isPresent(); frame = input.take()) {
        if (frame.get().kind() == Frame.INPUT_END) {
          attachment.closeInput();
        } else {
          connection.send(Frame.TAKEN, RecordCodec.encode(passed(attachment, frame.get().body())));
        }
      }
    } catch (IOException lost) {
      connection.close();
    }
  }

  private static Taken passed(Attachment attachment, byte[] piece) {
    try {
      attachment.write(java.nio.ByteBuffer.wrap(piece));
      return new Taken(attachment.detached(), java.util.Optional.empty());
    } catch (EngineException e) {
      return new Taken(false, java.util.Optional.of(Failure.of(e)));
    }
  }
}
