/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.device;

import dev.caisson.vmm.bus.Registers;
import dev.caisson.vmm.snapshot.SerialState;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntConsumer;

/**
 * A 16550A serial port. Output is ready at once; input waits in a bounded queue. National
 * Semiconductor PC16550D data sheet
 */
public final class SerialPort implements Registers {
  private static final int DATA = 0;
  private static final int INTERRUPT_ENABLE = 1;
  private static final int IDENTIFICATION = 2;
  private static final int LINE_CONTROL = 3;
  private static final int MODEM_CONTROL = 4;
  private static final int LINE_STATUS = 5;
  private static final int MODEM_STATUS = 6;
  private static final int SCRATCH = 7;

  private static final int WANTS_DATA = 1;
  private static final int WANTS_EMPTY = 2;
  private static final int NOTHING = 1;
  private static final int EMPTY = 2;
  private static final int ARRIVED = 4;
  private static final int FIFO = 1;
  private static final int CLEAR_RECEIVER = 2;
  private static final int FIFO_ON = 0xc0;
  private static final int DIVISOR_LATCH = 0x80;
  private static final int LOOP = 0x10;
  private static final int DATA_READY = 1;
  private static final int TRANSMITTER_IDLE = 0x60;
  private static final int CONNECTED = 0xb0; // carrier, data set ready, clear to send
  private static final int MOST_INPUT = 4096;
  private static final int ONES = 0xff;

  private final IntConsumer output;
  private final Runnable interrupt;
  private final Deque<Byte> input = new ArrayDeque<>();
  private int enabled;
  private int lineControl;
  private int modemControl;
  private int scratch;
  private int divisor = 12;
  private boolean fifo;
  private boolean emptied;

  /**
   * @param output gets each byte, 0 to 255; must not block for long
   * @param interrupt raises an edge on the port's line
   */
  public SerialPort(IntConsumer output, Runnable interrupt) {
    this.output = output;
    this.interrupt = interrupt;
  }

  /** Bytes for the guest; answers how many found room. */
  public int receive(byte[] bytes) {
    int taken = 0;
    synchronized (this) {
      while (taken < bytes.length && input.size() < MOST_INPUT) {
        input.add(bytes[taken++]);
      }
    }
    update();
    return taken;
  }

  /** The registers as they are, for a snapshot. */
  public synchronized SerialState state() {
    byte[] unread = new byte[input.size()];
    int at = 0;
    for (byte waiting : input) {
      unread[at++] = waiting;
    }
    return new SerialState(
        enabled, lineControl, modemControl, scratch, divisor, fifo, emptied, unread);
  }

  /** Goes on from there. */
  public void restore(SerialState saved) {
    synchronized (this) {
      enabled = saved.enabled() & 0xf;
      lineControl = saved.lineControl() & 0xff;
      modemControl = saved.modemControl() & 0x1f;
      scratch = saved.scratch() & 0xff;
      divisor = saved.divisor() & 0xffff;
      fifo = saved.fifo();
      emptied = saved.emptied();
    }
    receive(saved.input());
  }

  @Override
  public synchronized long read(long offset, int size) {
    boolean latch = (lineControl & DIVISOR_LATCH) != 0;
    return switch ((int) offset) {
      case DATA -> latch ? divisor & 0xff : nextInput();
      case INTERRUPT_ENABLE -> latch ? divisor >>> 8 : enabled;
      case IDENTIFICATION -> identification();
      case LINE_CONTROL -> lineControl;
      case MODEM_CONTROL -> modemControl;
      case LINE_STATUS -> TRANSMITTER_IDLE | (input.isEmpty() ? 0 : DATA_READY);
      case MODEM_STATUS -> (modemControl & LOOP) == 0 ? CONNECTED : looped();
      case SCRATCH -> scratch;
      default -> ONES;
    };
  }

  private int nextInput() {
    Byte next = input.poll();
    return next == null ? 0 : Byte.toUnsignedInt(next);
  }

  private int identification() {
    int cause = cause();
    if (cause == EMPTY) {
      emptied = false; // reading says it was heard
    }
    return cause | (fifo ? FIFO_ON : 0);
  }

  private int cause() {
    if ((enabled & WANTS_DATA) != 0 && !input.isEmpty()) {
      return ARRIVED;
    }
    return (enabled & WANTS_EMPTY) != 0 && emptied ? EMPTY : NOTHING;
  }

  /** In the loop, outputs of the modem control are its inputs: DTR, RTS, OUT1, OUT2. */
  private int looped() {
    return ((modemControl & 1) << 5)
        | ((modemControl & 2) << 3)
        | ((modemControl & 4) << 4)
        | ((modemControl & 8) << 4);
  }

  @Override
  public void write(long offset, int size, long value) {
    int sent = -1;
    synchronized (this) {
      int register = (int) value & 0xff;
      boolean latch = (lineControl & DIVISOR_LATCH) != 0;
      switch ((int) offset) {
        case DATA -> {
          if (latch) {
            divisor = (divisor & 0xff00) | register;
          } else if ((modemControl & LOOP) != 0) {
            if (input.size() < MOST_INPUT) {
              input.add((byte) register);
            }
          } else {
            sent = register;
            emptied = true;
          }
        }
        case INTERRUPT_ENABLE -> {
          if (latch) {
            divisor = (divisor & 0xff) | (register << 8);
          } else {
            // Asking for it while the transmitter is empty, which it always is, raises it.
            emptied |= (register & WANTS_EMPTY & ~enabled) != 0;
            enabled = register & 0xf;
          }
        }
        case IDENTIFICATION -> {
          fifo = (register & FIFO) != 0;
          if ((register & CLEAR_RECEIVER) != 0) {
            input.clear();
          }
        }
        case LINE_CONTROL -> lineControl = register;
        case MODEM_CONTROL -> modemControl = register & 0x1f;
        case SCRATCH -> scratch = register;
        default -> {}
      }
    }
    if (sent >= 0) {
      output.accept(sent);
    }
    if (offset <= IDENTIFICATION) {
      update();
    }
  }

  private void update() {
    boolean pending;
    synchronized (this) {
      pending = cause() != NOTHING;
    }
    if (pending) {
      interrupt.run();
    }
  }
}
