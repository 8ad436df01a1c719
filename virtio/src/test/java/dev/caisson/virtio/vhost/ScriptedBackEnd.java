/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.process.ThreadEnd;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A back end whose every answer a test chooses; what it does not choose is answered rightly. */
final class ScriptedBackEnd implements AutoCloseable {
  static final long FEATURES = Features.VERSION_1 | ProtocolFeature.OFFERED;
  static final long PROTOCOL =
      ProtocolFeature.MULTIPLE_QUEUES
          | ProtocolFeature.REPLY_ACKNOWLEDGED
          | ProtocolFeature.CONFIGURATION;

  /** What a test chooses. */
  interface Script {
    /** Bytes to send instead of the right answer; null for that. */
    byte @Nullable [] answer(VhostMessage message);
  }

  final UnixSocket front;
  final List<VhostMessage> heard = new CopyOnWriteArrayList<>();
  private final UnixSocket back;
  private final Script script;
  private final Thread thread;

  ScriptedBackEnd(Script script) {
    List<UnixSocket> pair = UnixSocket.pair(SocketKind.STREAM);
    this.front = pair.getFirst();
    this.back = pair.getLast();
    this.script = script;
    this.thread = Thread.ofPlatform().daemon().start(this::serve);
  }

  private void serve() {
    try {
      while (true) {
        Optional<VhostMessage> message = VhostMessage.receive(back);
        if (message.isEmpty()) {
          return;
        }
        heard.add(message.get());
        message.get().close();
        byte[] chosen = script.answer(message.get());
        if (chosen == null) {
          right(message.get());
        } else {
          back.sendFully(chosen);
        }
      }
    } catch (LinuxException | VirtioException e) {
      back.shutdown(); // the front end has had enough
    }
  }

  private void right(VhostMessage message) {
    switch (message.request()) {
      case VhostMessage.GET_FEATURES -> message.reply(back, FEATURES);
      case VhostMessage.GET_PROTOCOL_FEATURES -> message.reply(back, PROTOCOL);
      case VhostMessage.GET_QUEUE_COUNT -> message.reply(back, 2);
      case VhostMessage.GET_VRING_BASE -> message.reply(back, 0);
      case VhostMessage.GET_CONFIG -> message.reply(back, message.payload());
      default -> {
        if (message.wantsAcknowledgement()) {
          message.reply(back, 0);
        }
      }
    }
  }

  /** A message as a back end would send it. */
  static byte[] message(int request, int flags, byte... payload) {
    ByteBuffer bytes = FrontEnd.bytes(12 + payload.length);
    return bytes.putInt(request).putInt(flags).putInt(payload.length).put(payload).array();
  }

  void vanish() {
    back.shutdown();
  }

  @Override
  public void close() {
    back.shutdown();
    ThreadEnd.await(thread);
    back.close();
  }
}
