/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Attachment;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Output;
import dev.caisson.server.http.Takeover;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Joins a client's raw connection with a container's or exec's streams until one of them ends. */
final class AttachSession {
  private static final int BUFFER = 32 << 10;

  private AttachSession() {}

  static void run(Attachment attachment, Takeover client, boolean stdin) {
    run(attachment, client, stdin, () -> {});
  }

  /**
   * @param settle runs between the last output and the end of the stream, unless the client
   *     detached: what the client asks next must be known by then
   */
  static void run(Attachment attachment, Takeover client, boolean stdin, Runnable settle) {
    try (attachment) {
      Thread input =
          Thread.ofVirtual().name("attach-input").start(() -> pumpInput(attachment, client, stdin));
      Frames frames = new Frames(client.output(), attachment.tty());
      for (Optional<Output> next = attachment.next(); next.isPresent(); next = attachment.next()) {
        frames.write(next.get().stream(), next.get().data());
      }
      if (!attachment.detached()) {
        settle.run();
      }
      client.output().close();
      input.interrupt();
    } catch (IOException | EngineException gone) {
      // The client went away, or the container did: either way both ends are closed on return.
    }
  }

  private static void pumpInput(Attachment attachment, Takeover client, boolean stdin) {
    byte[] buffer = new byte[BUFFER];
    try {
      for (int count = client.input().read(buffer);
          count >= 0;
          count = client.input().read(buffer)) {
        if (stdin) {
          attachment.write(ByteBuffer.wrap(buffer, 0, count));
        }
      }
      if (stdin) {
        attachment.closeInput();
      }
    } catch (IOException reset) {
      attachment.close(); // not a half-close: nobody is there to read either
    } catch (EngineException ended) {
      // The workload closed its input; its output goes on.
    }
  }
}
