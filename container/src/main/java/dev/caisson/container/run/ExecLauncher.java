/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.plan.ExecPlan;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixListener;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.rootfs.layer.TreeRemoval;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Starts further processes in a running container, each with a monitor of its own. */
record ExecLauncher(ContainerHost host, Workload workload, Place place, Optional<Cgroup> group) {
  Executable.Session launch(Executable.Command command, int pid, Identity identity) {
    Path directory = directory();
    try (ProcessFd target = ProcessFd.open(pid);
        UnixListener listener =
            UnixListener.open(directory.resolve("start.sock"), SocketKind.STREAM, 1)) {
      LaunchPlan plan =
          ExecPlan.compile(
              workload,
              command,
              identity,
              group,
              directory,
              command.privileged() ? Optional.empty() : SyscallPrograms.of(workload.security()));
      var launched = host.launcher().start(plan, List.of(target.fd(), listener.fd()));
      StubReports.expect(Report.Created.class, launched, "exec in " + workload.name());
      ExecSession session = new ExecSession(new Monitor(directory));
      session.join();
      try (UnixSocket _ = UnixSocket.connect(directory.resolve("start.sock"), SocketKind.STREAM)) {
        session.started(
            StubReports.expect(Report.Running.class, launched, "exec in " + workload.name()).pid());
      }
      watch(launched, session, directory);
      return session;
    } catch (IOException failed) {
      remove(directory);
      throw new SandboxException(SandboxException.Kind.FAILED, "exec: " + failed, failed);
    } catch (RuntimeException failed) {
      remove(directory);
      throw failed;
    }
  }

  private Path directory() {
    try {
      return Files.createTempDirectory(place.run(), LeftoverExecs.PREFIX);
    } catch (IOException failed) {
      throw new SandboxException(SandboxException.Kind.FAILED, "exec: " + failed, failed);
    }
  }

  private void watch(Launch launched, ExecSession session, Path directory) {
    Instant startedAt = Instant.now();
    host.loop()
        .onceReadable(
            launched.statusFd(),
            () -> {
              launched.process().await();
              launched.close();
              Exit exit =
                  ExitRecord.read(directory).orElseGet(() -> ExitRecord.unrecorded(startedAt));
              remove(directory);
              Thread.startVirtualThread(() -> session.exit().complete(exit));
            });
  }

  private void remove(Path directory) {
    try (Directory run = Directory.open(place.run())) {
      TreeRemoval.remove(run, String.valueOf(directory.getFileName()));
    } catch (LinuxException gone) {
      // with the container itself
    }
  }

  private static final class ExecSession extends MonitorAttachment implements Executable.Session {
    private final Monitor monitor;
    private final CompletableFuture<Exit> exit = new CompletableFuture<>();
    private volatile int pid;

    private ExecSession(Monitor monitor) {
      super(monitor);
      this.monitor = monitor;
    }

    private void started(int number) {
      pid = number;
    }

    @Override
    public int pid() {
      return pid;
    }

    @Override
    public void signal(int signal) {
      if (!exit.isDone()) {
        monitor.signal(signal);
      }
    }

    @Override
    public CompletableFuture<Exit> exit() {
      return exit;
    }
  }
}
