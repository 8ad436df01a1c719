/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.machine.ConsoleLog;
import dev.caisson.vmm.machine.Machine;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** One machine of our own hypervisor. */
final class KvmMachine implements RunningMachine {
  private final Machine machine;
  private final ConsolePort control;
  private final CompletableFuture<String> ended;

  KvmMachine(Machine machine, ConsolePort control, ConsoleLog log) {
    this.machine = machine;
    this.control = control;
    // A machine that is off frees its memory at once, and whoever reads its control port learns it.
    this.ended =
        machine
            .ended()
            .thenApply(end -> {
              machine.close();
              log.close();
              return end.cause();
            });
  }

  @Override
  public ByteChannel control() {
    return control;
  }

  @Override
  public CompletableFuture<String> ended() {
    return ended;
  }

  @Override
  public void pause() {
    try {
      machine.pause();
    } catch (VmmException e) {
      throw new SandboxException(
          SandboxException.Kind.WRONG_STATE, String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(SandboxException.Kind.FAILED, "interrupted", e);
    }
  }

  @Override
  public void resume() {
    machine.resume();
  }

  @Override
  public void save(Path directory) {
    try {
      var _ = machine.save(directory);
    } catch (VmmException | IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "cannot keep the machine: " + e.getMessage(), e);
    }
  }

  @Override
  public void use(HostProcessors chosen) {
    try {
      machine.pin(Collections.nCopies(machine.cpus(), chosen.mask()));
    } catch (VmmException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "processors " + chosen.list() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public OptionalLong pid() {
    return OptionalLong.empty();
  }

  @Override
  public Duration cpuTime() {
    return machine.cpuTime();
  }

  @Override
  public long memoryUse() {
    return machine.memoryUse();
  }

  @Override
  public void close() {
    machine.close();
    ended.join();
  }
}
