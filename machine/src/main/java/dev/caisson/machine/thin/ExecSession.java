/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.guest.GuestProcess;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.ability.Executable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A further process; the guest waits when its output is not read. */
final class ExecSession extends Streams implements Executable.Session {
  private final GuestProcess process;
  private final int pid;
  private final Instant startedAt = Instant.now();

  /** Its output: credit goes back to the guest only when somebody took the bytes. */
  static final class Output implements GuestProcess.Receiver {
    private volatile @Nullable GuestProcess source;
    private final OutputQueue queue =
        new OutputQueue(
            OutputQueue.room(2 * GuestProcess.CREDIT),
            (stream, bytes) -> {
              GuestProcess from = source();
              if (from != null) {
                from.taken(Streams.number(stream), bytes);
              }
            });

    private @Nullable GuestProcess source() {
      return source;
    }

    void follow(GuestProcess process) {
      source = process;
    }

    @Override
    public void output(int stream, ByteBuffer bytes) {
      queue.add(Streams.stream(stream), bytes);
    }

    @Override
    public void end(int stream) {}
  }

  ExecSession(Output output, GuestProcess process, int pid, boolean terminal) {
    super(output.queue, CompletableFuture.completedFuture(process), terminal, () -> {});
    this.process = process;
    this.pid = pid;
    var _ = process.exited().whenComplete((code, failure) -> output.queue.end());
  }

  @Override
  public int pid() {
    return pid;
  }

  @Override
  public void signal(int signal) {
    process.signal(signal);
  }

  @Override
  public CompletableFuture<Exit> exit() {
    return process
        .exited()
        .exceptionally(gone -> RunRecord.LOST)
        .thenApply(code -> new Exit(code, false, startedAt, Instant.now()));
  }
}
