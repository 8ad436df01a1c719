/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.virtio.vhost.VhostUserServer;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** One QEMU process and the devices lent to it. */
final class QemuMachine implements RunningMachine {
  private static final System.Logger LOG = System.getLogger(QemuMachine.class.getName());

  private static final String MEMORY = "memory-backend-memfd";

  private final ChildProcess process;
  private final HostGroup group;
  private final SocketChannel control;
  private final QemuMonitor monitor;
  private final List<VhostUserServer> lent;
  private final CompletableFuture<String> ended = new CompletableFuture<>();

  QemuMachine(
      ChildProcess process,
      CompletableFuture<Boolean> heard,
      HostGroup group,
      SocketChannel control,
      QemuMonitor monitor,
      List<VhostUserServer> lent) {
    this.process = process;
    this.group = group;
    this.control = control;
    this.monitor = monitor;
    this.lent = lent;
    var _ =
        process
            .ended()
            .thenCombine(heard, (how, all) -> ended.complete("QEMU ended with " + how.code()));
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
    monitor.run("stop");
  }

  @Override
  public void resume() {
    monitor.run("cont");
  }

  /** All of it: a group it could not leave even if its guest took it over. */
  @Override
  public void use(HostProcessors chosen) {
    group.use(chosen, process.pid());
  }

  @Override
  public OptionalLong pid() {
    return OptionalLong.of(process.pid());
  }

  @Override
  public Duration cpuTime() {
    return group
        .cpuTime()
        .or(() -> ProcessHandle.of(process.pid()).flatMap(found -> found.info().totalCpuDuration()))
        .orElse(Duration.ZERO);
  }

  /** The guest's memory as far as it is there, and what QEMU has of its own. */
  @Override
  public long memoryUse() {
    return new ProcessMemory(process.pid(), MEMORY).inUse();
  }

  @Override
  public void save(Path target) {
    throw SandboxException.unsupported("a snapshot", Qemu.NO_SNAPSHOTS.reason());
  }

  @Override
  public void close() {
    process.close();
    group.remove();
    try {
      control.close();
      monitor.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "closing machine " + process.pid(), e);
    }
    lent.forEach(VhostUserServer::close);
  }
}
