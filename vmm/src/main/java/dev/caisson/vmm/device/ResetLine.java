/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.device;

import dev.caisson.vmm.bus.Registers;

/**
 * What is left of the PC's keyboard controller: the line by which old kernels reset the processor.
 * Everything else reads as an idle controller without a keyboard.
 */
public final class ResetLine implements Registers {
  public static final int PORT = 0x64;
  private static final int PULSE_RESET = 0xfe;

  private final Runnable reset;

  public ResetLine(Runnable reset) {
    this.reset = reset;
  }

  @Override
  public long read(long offset, int size) {
    return 0;
  }

  @Override
  public void write(long offset, int size, long value) {
    if ((value & 0xff) == PULSE_RESET) {
      reset.run();
    }
  }
}
