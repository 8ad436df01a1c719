/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Feed;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.Takeover;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;

/** Ways to send things as they come. */
final class Streams {
  private Streams() {}

  /** Closes {@code feed} once the client has ended its side: nobody reads on. */
  static void closeWhenGone(Takeover client, Feed<?> feed) {
    closeWhenGone(client, feed::close);
  }

  static void closeWhenGone(Takeover client, Runnable close) {
    Thread.ofVirtual()
        .name("client-watch")
        .start(() -> {
          byte[] ignored = new byte[512];
          try {
            while (client.input().read(ignored) >= 0) {
              // A client has nothing more to say.
            }
          } catch (IOException gone) {
            // the same to us as an end
          }
          close.run();
        });
  }

  /** One JSON object a line until the feed or the client ends. */
  static <T> void jsonLines(
      Exchange exchange, Takeover client, Feed<T> feed, Function<T, ? extends JsonNode> form) {
    try (feed) {
      closeWhenGone(client, feed);
      for (Optional<T> next = feed.next(); next.isPresent(); next = feed.next()) {
        JsonNode json = form.apply(next.get());
        exchange.sent(json);
        client.output().write(bytes(json));
      }
    } catch (IOException gone) {
      // The client went away; the feed is closed.
    }
  }

  static void line(Exchange exchange, Takeover client, JsonNode json) {
    try {
      exchange.sent(json);
      client.output().write(bytes(json));
    } catch (IOException gone) {
      // There is nobody left to tell.
    }
  }

  static byte[] bytes(JsonNode json) {
    return (json + "\r\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Undoes gzip where the bytes begin as gzip does. */
  static InputStream decompressed(InputStream in) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(in, 64 << 10);
    buffered.mark(2);
    int first = buffered.read();
    int second = buffered.read();
    buffered.reset();
    return first == 0x1f && second == 0x8b ? new GZIPInputStream(buffered, 64 << 10) : buffered;
  }
}
