/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.run;

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
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;

/**
 * Starts the stub with a plan.
 *
 * <p>The program runs from a sealed memfd: no path on the host leads to it, and nobody can write to
 * it through {@code /proc/PID/exe} (CVE-2019-5736).
 */
public final class Launcher implements AutoCloseable {
  private static final int PLAN = 3;
  private static final int STATUS = 4;

  // What surely fits into a pipe without anybody reading: 16 pages. pipe(7)
  private static final int PIPE_ROOM = 64 << 10;

  private final Fd program;
  private final Fd nothing = Directory.openFile(Path.of("/dev/null"), 0, OpenFlag.READ_WRITE);

  /** A launcher of this program: the bytes of the stub. */
  public Launcher(byte[] stub) {
    program = Memfd.sealed("caisson-stub", stub);
  }

  /** The streams the stub starts with; a workload without pipes or a terminal inherits them. */
  public record Streams(Fd input, Fd output, Fd errors) {}

  /**
   * Starts a launch; its reports say how it goes.
   *
   * @param passed the files a plan calls {@code Handle.descriptor(5)}, {@code (6)} and so on; the
   *     caller still closes them
   */
  public Launch start(LaunchPlan plan, Streams streams, List<Fd> passed) {
    return start(plan, PlanEncoder.encode(plan), streams, passed);
  }

  /** As {@link #start}, with the null device for all three streams, of a plan encoded before. */
  public Launch start(LaunchPlan plan, byte[] encoded, List<Fd> passed) {
    return start(plan, encoded, new Streams(nothing, nothing, nothing), passed);
  }

  private Launch start(LaunchPlan plan, byte[] bytes, Streams streams, List<Fd> passed) {
    try (Fd encoded = planFile(bytes)) {
      Pipe status = Pipe.open();
      try (Fd writer = status.writer()) {
        var files = new TreeMap<Integer, Fd>();
        files.put(0, streams.input());
        files.put(1, streams.output());
        files.put(2, streams.errors());
        files.put(PLAN, encoded);
        files.put(STATUS, writer);
        for (int i = 0; i < passed.size(); i++) {
          files.put(Handle.FIRST_DESCRIPTOR + i, passed.get(i));
        }
        ProcessFd process =
            new Spawn(new Executable.Open(program), List.of("caisson-stub"), List.of(), files)
                .start();
        return new Launch(plan, process, new Channel(status.reader()));
      } catch (RuntimeException failed) {
        status.reader().close();
        throw failed;
      }
    }
  }

  /** As {@link #start}, with the null device for all three streams. */
  public Launch start(LaunchPlan plan, List<Fd> passed) {
    return start(plan, new Streams(nothing, nothing, nothing), passed);
  }

  /** Nearly every plan fits into a pipe, which takes fewer calls than a sealed file. */
  private static Fd planFile(byte[] encoded) {
    if (encoded.length > PIPE_ROOM) {
      return Memfd.sealed("launch-plan", encoded);
    }
    Pipe pipe = Pipe.open();
    try (Fd writer = pipe.writer()) {
      new Channel(writer).writeFully(encoded);
    }
    return pipe.reader();
  }

  @Override
  public void close() {
    nothing.close();
    program.close();
  }
}
