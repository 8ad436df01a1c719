/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.virtio.vhost.VhostUserServer;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.process.MachineLink;
import dev.caisson.vmm.process.MachineProcess;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** A machine of our own hypervisor in a process of its own. */
final class ProcessMachine implements RunningMachine {
  private static final System.Logger LOG = System.getLogger(ProcessMachine.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** What the process names its guest's memory. */
  private static final String MEMORY = "caisson-memory";

  private final LaunchedProcess process;
  private final HostGroup group;
  private final MachineLink link;
  private final SocketChannel control;
  private final List<VhostUserServer> lent;
  private final CompletableFuture<String> ended;

  ProcessMachine(
      LaunchedProcess process,
      HostGroup group,
      MachineLink link,
      SocketChannel control,
      List<VhostUserServer> lent) {
    this.process = process;
    this.group = group;
    this.link = link;
    this.control = control;
    this.lent = List.copyOf(lent);
    // What it says of its end counts only once it is gone: then nothing holds memory or files.
    this.ended =
        process
            .ended()
            .thenCombine(
                link.ended().handle((end, gone) -> end == null ? "" : end.cause()),
                (code, cause) ->
                    cause.isEmpty() ? "the machine's process ended with " + code : cause);
  }

  @Override
  public ByteChannel control() {
    return control;
  }

  @Override
  public CompletableFuture<String> ended() {
    return ended.copy();
  }

  @Override
  public void pause() {
    order(MachineProcess.PAUSE);
  }

  @Override
  public void resume() {
    order(MachineProcess.RESUME);
  }

  private void order(char order) {
    try {
      link.order(order, PATIENCE);
    } catch (VmmException e) {
      throw new SandboxException(
          e.kind() == VmmException.Kind.WRONG_STATE
              ? SandboxException.Kind.WRONG_STATE
              : SandboxException.Kind.FAILED,
          String.valueOf(e.getMessage()),
          e);
    }
  }

  @Override
  public void save(Path directory) {
    throw SandboxException.unsupported("a snapshot", OwnProcessEngine.NO_SNAPSHOTS.reason());
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
    return group.cpuTime().orElse(Duration.ZERO);
  }

  @Override
  public long memoryUse() {
    return new ProcessMemory(process.pid(), MEMORY).inUse();
  }

  @Override
  public void close() {
    process.close();
    link.close();
    group.remove();
    try {
      control.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "closing a control port", e);
    }
    lent.forEach(VhostUserServer::close);
  }
}
