/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * A new pseudo-terminal: we keep {@code master}, a program gets {@code slave}. pty(7)
 *
 * <p>The slave is opened through the master, so that a foreign /dev/pts cannot be mistaken for
 * ours.
 */
public record Terminal(Fd master, Fd slave) implements AutoCloseable {
  private static final int TIOCSPTLCK = 0x40045431; // include/uapi/asm-generic/ioctls.h
  private static final int TIOCGPTPEER = 0x5441;
  private static final int TIOCSWINSZ = 0x5414;
  private static final int TIOCGWINSZ = 0x5413;
  private static final int O_RDWR_NOCTTY_CLOEXEC = 2 | 0400 | 02000000;

  /** Columns and rows, 0 to 65,535 each. */
  public record Size(int columns, int rows) {
    public Size {
      if (columns < 0 || columns > 0xffff || rows < 0 || rows > 0xffff) {
        throw new IllegalArgumentException("terminal size out of range: " + columns + "x" + rows);
      }
    }
  }

  public static Terminal open() {
    Fd master =
        Directory.openFile(
            Path.of("/dev/ptmx"), 0, OpenFlag.READ_WRITE, OpenFlag.NO_CONTROLLING_TERMINAL);
    try (Scratch scratch = Scratch.open()) {
      MemorySegment unlock = scratch.allocate(4, 4);
      Downcall.checked(
          "ioctl TIOCSPTLCK",
          master,
          SystemCall.IOCTL,
          master.number(),
          TIOCSPTLCK,
          unlock.address());
      long slave =
          Downcall.checked(
              "ioctl TIOCGPTPEER",
              master,
              SystemCall.IOCTL,
              master.number(),
              TIOCGPTPEER,
              O_RDWR_NOCTTY_CLOEXEC);
      return new Terminal(master, Fd.adopt(slave));
    } catch (RuntimeException e) {
      master.close();
      throw e;
    }
  }

  /** Tells programs on any side of a terminal its new size; they get SIGWINCH. */
  public static void resize(Fd terminal, Size size) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment winsize = scratch.allocate(8, 2); // struct winsize: rows, columns, pixels
      winsize.set(ValueLayout.JAVA_SHORT, 0, (short) size.rows());
      winsize.set(ValueLayout.JAVA_SHORT, 2, (short) size.columns());
      Downcall.checked(
          "ioctl TIOCSWINSZ",
          terminal,
          SystemCall.IOCTL,
          terminal.number(),
          TIOCSWINSZ,
          winsize.address());
    }
  }

  /** Fails with ENOTTY if the descriptor is no terminal. */
  public static Size size(Fd terminal) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment winsize = scratch.allocate(8, 2);
      Downcall.checked(
          "ioctl TIOCGWINSZ",
          terminal,
          SystemCall.IOCTL,
          terminal.number(),
          TIOCGWINSZ,
          winsize.address());
      return new Size(
          Short.toUnsignedInt(winsize.get(ValueLayout.JAVA_SHORT, 2)),
          Short.toUnsignedInt(winsize.get(ValueLayout.JAVA_SHORT, 0)));
    }
  }

  @Override
  public void close() {
    master.close();
    slave.close();
  }
}
