/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.engine.Attachment;
import dev.caisson.engine.Engine;
import dev.caisson.engine.Feed;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.state.RecordCodec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a caller that does not keep to the protocol gets, and that every call can be carried. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HostileCallerTest {
  private static final Set<Class<?>> SCALARS =
      Set.of(
          String.class,
          boolean.class,
          Boolean.class,
          int.class,
          Integer.class,
          long.class,
          Long.class,
          byte[].class,
          Instant.class,
          Duration.class,
          Path.class,
          OptionalInt.class,
          OptionalLong.class);
  private static final Set<Class<?>> CONTAINERS =
      Set.of(Optional.class, List.class, Set.class, Map.class);
  private static final Set<Class<?>> STREAMS =
      Set.of(
          InputStream.class,
          OutputStream.class,
          ProgressListener.class,
          Attachment.class,
          void.class);

  @TempDir Path directory;
  private final EngineDoor door = new EngineDoor();

  @BeforeEach
  void listen() {
    // An engine that is never reached: all of these calls end at the border.
    var engine =
        (Engine)
            Proxy.newProxyInstance(
                Engine.class.getClassLoader(),
                new Class<?>[] {Engine.class},
                (proxy, method, arguments) -> {
                  throw new IllegalStateException("reached " + method);
                });
    door.start(engine, Map.of("socket", socket().toString()));
  }

  @AfterEach
  void close() {
    door.close();
  }

  private Path socket() {
    return directory.resolve("e.sock");
  }

  /** Sends bytes, and returns what comes back until the engine closes. */
  private byte[] answer(byte[] sent) throws IOException {
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket()));
      try {
        var bytes = ByteBuffer.wrap(sent);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.shutdownOutput();
        var heard = ByteBuffer.allocate(64 << 10);
        while (channel.read(heard) >= 0) {
          // until it closes
        }
        return java.util.Arrays.copyOf(heard.array(), heard.position());
      } catch (IOException closed) {
        return new byte[0]; // with what we sent unread
      }
    }
  }

  private static byte[] frame(byte kind, int length, String body) {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(5 + bytes.length).put(kind).putInt(length).put(bytes).array();
  }

  private static byte[] frame(byte kind, String body) {
    return frame(kind, body.getBytes(StandardCharsets.UTF_8).length, body);
  }

  @Test
  void malformedCallsAreRefusedOrClosed() throws IOException {
    var deep = "[".repeat(200) + "]".repeat(200);
    for (var call :
        List.of(
            "",
            "null",
            "7",
            "[]",
            "{",
            deep,
            "{\"protocol\":1}",
            "{\"protocol\":1,\"service\":\"CONTAINERS\"}",
            "{\"protocol\":1,\"service\":\"CONTAINERS\",\"method\":\"getClass\"}",
            "{\"protocol\":1,\"service\":\"NONE\",\"method\":\"list\"}",
            "{\"protocol\":9,\"service\":\"HOST\",\"method\":\"version\"}",
            "{\"protocol\":99999999999999,\"service\":\"HOST\",\"method\":\"version\"}")) {
      var heard = answer(frame(Frame.CALL, call));
      assertThat(heard).as(call).isNotEmpty();
      assertThat((char) heard[0]).as(call).isEqualTo('f');
    }
    assertThat(answer(frame(Frame.CALL, -1, "x"))).isEmpty();
    assertThat(answer(frame(Frame.CALL, Integer.MAX_VALUE, "x"))).isEmpty();
    assertThat(answer(frame((byte) 0, "x"))).isEmpty();
    assertThat(answer(frame(Frame.CALL, 100, "cut"))).isEmpty();
  }

  @Test
  void noiseClosesOnlyItsOwnConnection() throws IOException {
    var random = new Random(7);
    for (int i = 0; i < 200; i++) {
      var noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      if (noise.length > 5 && random.nextBoolean()) {
        ByteBuffer.wrap(noise).put(Frame.CALL).putInt(noise.length - 5);
      }
      answer(noise);
    }
    assertThat(answer(frame(Frame.CALL, "{}"))).isNotEmpty();
  }

  @Test
  void everyCallCanBeCarried() {
    var unknown = new ArrayList<String>();
    for (var service : Service.values()) {
      service
          .methods()
          .values()
          .forEach(method -> {
            var seen = new HashSet<Type>();
            for (var type : method.getGenericParameterTypes()) {
              look(type, seen, method.toString(), unknown);
            }
            look(method.getGenericReturnType(), seen, method.toString(), unknown);
          });
    }
    assertThat(unknown).isEmpty();
  }

  private static void look(Type type, Set<Type> seen, String where, List<String> unknown) {
    if (!seen.add(type)) {
      return;
    }
    if (type instanceof ParameterizedType generic) {
      var raw = (Class<?>) generic.getRawType();
      if (!CONTAINERS.contains(raw) && raw != Feed.class && raw != CompletableFuture.class) {
        unknown.add(where + ": " + type);
      }
      for (var argument : generic.getActualTypeArguments()) {
        look(argument, seen, where, unknown);
      }
      return;
    }
    if (!(type instanceof Class<?> plain)) {
      unknown.add(where + ": " + type);
    } else if (plain.isRecord()) {
      for (var component : plain.getRecordComponents()) {
        look(component.getGenericType(), seen, where + " " + plain.getSimpleName(), unknown);
      }
    } else if (plain.isSealed()) {
      for (var member : plain.getPermittedSubclasses()) {
        look(member, seen, where, unknown);
      }
    } else if (!SCALARS.contains(plain) && !plain.isEnum() && !STREAMS.contains(plain)) {
      unknown.add(where + ": " + type);
    }
  }

  @Test
  void whatIsEmptyComesBackAsItWas() {
    record Sample(
        Optional<String> none,
        Optional<String> empty,
        Optional<List<String>> list,
        Map<String, Map<String, String>> map,
        byte[] bytes,
        long number) {}
    var sample =
        new Sample(
            Optional.empty(),
            Optional.of(""),
            Optional.of(List.of()),
            Map.of("a", Map.of()),
            new byte[] {0, -1},
            Long.MIN_VALUE);
    var back = (Sample) RecordCodec.decodeValue(RecordCodec.encodeValue(sample), Sample.class);
    assertThat(back).usingRecursiveComparison().isEqualTo(sample);
  }
}
