/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.ability.Executable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A command that has ended already. */
record FakeSession(int code) implements Executable.Session {
  @Override
  public int pid() {
    return 4712;
  }

  @Override
  public void signal(int signal) {}

  @Override
  public CompletableFuture<Exit> exit() {
    return CompletableFuture.completedFuture(new Exit(code, false, Instant.now(), Instant.now()));
  }

  @Override
  public Optional<Chunk> read() {
    return Optional.empty();
  }

  @Override
  public void write(ByteBuffer bytes) {}

  @Override
  public void closeInput() {}

  @Override
  public void resize(int rows, int columns) {}

  @Override
  public void close() {}
}
