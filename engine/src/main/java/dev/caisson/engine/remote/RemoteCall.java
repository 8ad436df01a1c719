/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.Attachment;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Feed;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.state.RecordCodec;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One call, from its arguments to its answer. */
final class RemoteCall {
  private final Connection connection;
  private final Method method;
  private ProgressListener progress = ProgressListener.SILENT;
  private @Nullable OutputStream output;
  private @Nullable Supply supply;

  RemoteCall(Connection connection, Method method) {
    this.connection = connection;
    this.method = method;
  }

  /** Returns the answer, as the method would in process. */
  @Nullable Object make(Service service, Object[] arguments) {
    boolean goesOn = false;
    try {
      ask(service, arguments);
      var answer = answer();
      goesOn = goesOn(method.getReturnType());
      return result(answer);
    } catch (IOException e) {
      var cause = supply != null && supply.failure().isPresent() ? supply.failure().get() : e;
      throw EngineException.io(method.getName() + ": " + reason(cause), cause);
    } finally {
      if (!goesOn) {
        connection.close();
      }
    }
  }

  static String reason(IOException cause) {
    return cause instanceof EOFException
        ? "the engine has ended or closed the connection"
        : String.valueOf(cause.getMessage());
  }

  private void ask(Service service, Object[] arguments) throws IOException {
    var call = new Call(Call.PROTOCOL, service, method.getName());
    connection.send(Frame.CALL, RecordCodec.encode(call));
    for (var argument : arguments) {
      switch (argument) {
        case InputStream stream -> supply = new Supply(stream, connection);
        case OutputStream stream -> output = stream;
        case ProgressListener listener -> progress = listener;
        default -> connection.send(Frame.ARGUMENT, RecordCodec.encodeValue(argument));
      }
    }
    if (supply != null) {
      supply.start();
    }
  }

  /** Carries what comes before the answer to where it belongs. */
  private byte[] answer() throws IOException {
    while (true) {
      var frame = connection.receive().orElseThrow(EOFException::new);
      switch (frame.kind()) {
        case Frame.VALUE -> {
          return frame.body();
        }
        case Frame.FAILURE -> throw Failure.decode(frame.body());
        case Frame.PROGRESS ->
            progress.onProgress(RecordCodec.decode(frame.body(), ProgressListener.Step.class));
        case Frame.OUTPUT -> {
          if (output != null) {
            output.write(frame.body());
          }
        }
        case Frame.TAKEN -> {
          if (supply != null) {
            supply.taken();
          }
        }
        default -> throw new IOException("unexpected frame '" + (char) frame.kind() + "'");
      }
    }
  }

  private static boolean goesOn(Class<?> type) {
    return Feed.class.isAssignableFrom(type) || type == CompletableFuture.class;
  }

  @SuppressWarnings("FutureReturnValueIgnored") // it is handed to the caller as what was asked for
  private @Nullable Object result(byte[] answer) throws IOException {
    Class<?> type = method.getReturnType();
    if (type == void.class) {
      return null;
    }
    if (type == Attachment.class) {
      boolean tty = (Boolean) RecordCodec.decodeValue(answer, boolean.class);
      return RemoteAttachment.over(connection, tty);
    }
    if (type == Feed.class) {
      return new RemoteFeed<>(connection, element(method));
    }
    if (type == CompletableFuture.class) {
      return future(element(method));
    }
    return RecordCodec.decodeValue(answer, method.getGenericReturnType());
  }

  /** What a feed or future of this method holds. */
  private static Type element(Method method) {
    return ((ParameterizedType) method.getGenericReturnType()).getActualTypeArguments()[0];
  }

  private CompletableFuture<Object> future(Type element) {
    var future = new CompletableFuture<Object>();
    Thread.ofVirtual()
        .name("engine-future")
        .start(() -> {
          try (var feed = new RemoteFeed<>(connection, element)) {
            future.complete(
                feed.next()
                    .orElseThrow(() -> EngineException.io("gave up waiting", new EOFException())));
          } catch (RuntimeException e) {
            future.completeExceptionally(e);
          }
        });
    return future;
  }
}
