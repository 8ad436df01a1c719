/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.virtio.queue.Buffers;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is behind a trunk, without a kernel. */
final class FakeTap implements NetworkSide {
  int sent;
  private @Nullable FramePort port;

  void deliver(byte[] bytes) {
    var frame = new Frame();
    frame.begin(Buffers.of(MemorySegment.ofArray(bytes)));
    Objects.requireNonNull(port).receive(frame, 0, null);
    port.flush(0);
  }

  @Override
  public long offloads() {
    return NetFeatures.OFFLOADS;
  }

  @Override
  public void start(long features, FramePort taker) {
    port = taker;
  }

  @Override
  public Verdict send(Frame frame, int lane) {
    sent++;
    return Verdict.DONE;
  }

  @Override
  public void flush(int lane) {}

  @Override
  public void stop() {}

  @Override
  public void close() {}
}
