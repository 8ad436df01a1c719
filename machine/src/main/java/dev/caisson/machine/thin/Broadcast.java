/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.guest.GuestProcess;
import dev.caisson.sandbox.ability.Attachment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** Gives the first process's output to the log and to everybody attached. */
final class Broadcast implements GuestProcess.Receiver {
  private static final int QUEUE = 1 << 20;

  private final OutputLog log;
  private final boolean terminal;
  private final List<OutputQueue> readers = new CopyOnWriteArrayList<>();
  private final CompletableFuture<GuestProcess> process = new CompletableFuture<>();
  private boolean ended;

  Broadcast(OutputLog log, boolean terminal) {
    this.log = log;
    this.terminal = terminal;
  }

  void follow(GuestProcess launched) {
    process.complete(launched);
  }

  Attachment attach() {
    var queue = new OutputQueue(QUEUE, (stream, bytes) -> {});
    synchronized (this) {
      if (ended) {
        queue.end();
      }
      readers.add(queue);
    }
    return new Streams(queue, process, terminal, () -> readers.remove(queue));
  }

  @Override
  public void output(int stream, ByteBuffer bytes) {
    Attachment.Stream from = Streams.stream(stream);
    readers.forEach(reader -> reader.add(from, bytes.asReadOnlyBuffer()));
    int size = bytes.remaining();
    log.add(from, bytes);
    var _ = process.thenAccept(source -> source.taken(stream, size));
  }

  @Override
  public void end(int stream) {}

  /** The run is over. */
  void end() {
    synchronized (this) {
      ended = true;
    }
    process.completeExceptionally(new IllegalStateException("the run is over"));
    log.end();
    readers.forEach(OutputQueue::end);
  }
}
