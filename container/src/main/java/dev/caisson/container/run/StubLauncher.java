/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.launch.Handle;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.PlanEncoder;
import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.Channel;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.io.Pipe;
import dev.caisson.linux.process.Executable;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.linux.process.Spawn;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.stub.Stub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;

/**
 * Starts stubs from a sealed memfd, so that /proc/self/exe of a container never names a file of the
 * host (CVE-2019-5736).
 */
final class StubLauncher {
  // What surely fits into a pipe without anybody reading: 16 pages. pipe(7)
  private static final int PIPE_ROOM = 64 << 10;
  private static final int PLAN = 3;
  private static final int STATUS = 4;

  private final Fd program = Memfd.sealed("caisson-stub", Stub.program());
  private final Fd nothing = Directory.openFile(Path.of("/dev/null"), 0, OpenFlag.READ_WRITE);

  /**
   * A stub at work. Whoever holds it reads reports and reaps the process.
   *
   * @param process the monitor, a child of ours
   */
  record Launched(LaunchPlan plan, ProcessFd process, Channel status) implements AutoCloseable {
    @Override
    public void close() {
      status.close();
      process.close();
    }
  }

  /**
   * Starts a stub on a plan.
   *
   * @param passed open files the plan names as descriptors from 5 on; they stay open here
   */
  Launched launch(LaunchPlan plan, List<Fd> passed) {
    byte[] encoded = PlanEncoder.encode(plan);
    try (Fd input = planFile(encoded);
        Pipe status = Pipe.open()) {
      var files = new TreeMap<Integer, Fd>();
      for (int stream = 0; stream < 3; stream++) {
        files.put(stream, nothing);
      }
      files.put(PLAN, input);
      files.put(STATUS, status.writer());
      int next = Handle.FIRST_DESCRIPTOR;
      for (Fd file : passed) {
        files.put(next++, file);
      }
      ProcessFd process =
          new Spawn(new Executable.Open(program), List.of("caisson-stub"), List.of(), files)
              .start();
      return new Launched(plan, process, new Channel(status.reader().duplicate()));
    }
  }

  private static Fd planFile(byte[] encoded) {
    if (encoded.length > PIPE_ROOM) {
      Fd file = Memfd.create("caisson-plan");
      try {
        Files.write(file.path(), encoded); // its own position; ours stays at the start
      } catch (IOException failed) {
        file.close();
        throw new SandboxException(SandboxException.Kind.FAILED, "write launch plan", failed);
      }
      return file;
    }
    Pipe pipe = Pipe.open();
    new Channel(pipe.writer()).writeFully(encoded);
    pipe.writer().close();
    return pipe.reader();
  }
}
