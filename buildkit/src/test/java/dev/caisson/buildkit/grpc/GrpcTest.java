/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls over HTTP/2, both sides ours. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class GrpcTest {
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void oneAsksAndOneAnswers() throws Exception {
    try (var loop = new Loop(Map.of("/a.B/C", GrpcMethod.unary(request -> request)));
        var channel = loop.channel()) {
      assertThat(channel.unary("/a.B/C", bytes("hello"))).isEqualTo(bytes("hello"));
      assertThat(channel.unary("/a.B/C", new byte[0])).isEmpty();
      byte[] large = new byte[3 << 20]; // larger than a stream's window
      large[large.length - 1] = 7;
      assertThat(channel.unary("/a.B/C", large)).isEqualTo(large);
    }
  }

  @Test
  void whatIsNotThereIsUnimplemented() throws Exception {
    try (var loop = new Loop(Map.of());
        var channel = loop.channel()) {
      assertThatThrownBy(() -> channel.unary("/a.B/C", bytes("x")))
          .isInstanceOfSatisfying(
              GrpcException.class,
              refused -> assertThat(refused.code()).isEqualTo(GrpcException.Code.UNIMPLEMENTED));
    }
  }

  @Test
  void aStatusArrivesWithItsTextWhateverIsInIt() throws Exception {
    String message = "50% of ünïcode\nand +lines";
    GrpcMethod failing =
        GrpcMethod.unary(_ -> {
          throw new GrpcException(GrpcException.Code.NOT_FOUND, message);
        });
    try (var loop = new Loop(Map.of("/a.B/C", failing));
        var channel = loop.channel()) {
      assertThatThrownBy(() -> channel.unary("/a.B/C", bytes("x")))
          .isInstanceOf(GrpcException.class)
          .hasMessage(message);
    }
  }

  @Test
  void messagesGoBothWaysAtOnceAndHeadersArrive() throws Exception {
    AtomicReference<String> header = new AtomicReference<>("");
    GrpcMethod echo =
        call -> {
          header.set(call.header("dir-name"));
          for (var next = call.receive(); next.isPresent(); next = call.receive()) {
            call.send(next.get());
          }
        };
    try (var loop = new Loop(Map.of("/a.B/C", echo));
        var channel = loop.channel();
        var call = channel.open("/a.B/C", Map.of("dir-name", List.of("context")))) {
      for (int i = 0; i < 1_000; i++) {
        call.send(bytes("message " + i));
        assertThat(call.receive()).hasValue(bytes("message " + i));
      }
      call.endRequest();
      assertThat(call.receive()).isEmpty();
      call.checkStatus();
      assertThat(header.get()).isEqualTo("context");
    }
  }

  @Test
  void aCallerThatLeavesIsNoticed() throws Exception {
    var left = new CountDownLatch(1);
    var begun = new CountDownLatch(1);
    GrpcMethod waiting =
        call -> {
          call.onCancel(left::countDown);
          begun.countDown();
          call.receive();
        };
    try (var loop = new Loop(Map.of("/a.B/C", waiting));
        var channel = loop.channel()) {
      var call = channel.open("/a.B/C", Map.of());
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      call.close();
      assertThat(left.await(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void tooLongMessagesAreRefusedBeforeTheyAreRead() throws Exception {
    try (var loop = new Loop(Map.of("/a.B/C", GrpcMethod.unary(request -> request)));
        var channel = loop.channel()) {
      assertThatThrownBy(() -> channel.unary("/a.B/C", new byte[GrpcCall.MESSAGE_LIMIT + 1]))
          .isInstanceOf(Exception.class);
      assertThat(channel.unary("/a.B/C", bytes("still there"))).isEqualTo(bytes("still there"));
    }
  }
}
