/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Feed;
import dev.caisson.engine.state.RecordCodec;
import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Type;
import java.util.Optional;

/** What an engine in another process tells over time. The socket's buffer is all that waits. */
final class RemoteFeed<T> implements Feed<T> {
  private final Connection connection;
  private final Type element;

  RemoteFeed(Connection connection, Type element) {
    this.connection = connection;
    this.element = element;
  }

  @Override
  @SuppressWarnings("unchecked") // the element's type is the method's own
  public Optional<T> next() {
    if (connection.isClosed()) {
      return Optional.empty();
    }
    try {
      var frame = connection.receive().orElseThrow(EOFException::new);
      return switch (frame.kind()) {
        case Frame.ELEMENT -> Optional.of((T) RecordCodec.decodeValue(frame.body(), element));
        case Frame.FAILURE -> throw Failure.decode(frame.body());
        default -> {
          connection.close();
          yield Optional.empty();
        }
      };
    } catch (IOException e) {
      boolean ours = connection.isClosed();
      connection.close();
      if (ours) {
        return Optional.empty();
      }
      throw EngineException.io(RemoteCall.reason(e), e);
    }
  }

  @Override
  public void close() {
    connection.close();
  }
}
