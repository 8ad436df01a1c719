/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.device;

import dev.caisson.vmm.acpi.Platform;
import dev.caisson.vmm.bus.Registers;

/** The sleep and reset registers that our ACPI tables name. */
public final class PowerRegisters implements Registers {
  private static final int SLEEP_ENABLE = 1 << 5;

  private final Runnable off;
  private final Runnable reset;

  /**
   * @param off the guest switched itself off
   * @param reset the guest asks to be started anew
   */
  public PowerRegisters(Runnable off, Runnable reset) {
    this.off = off;
    this.reset = reset;
  }

  @Override
  public long read(long offset, int size) {
    return 0;
  }

  @Override
  public void write(long offset, int size, long value) {
    int register = Platform.SLEEP_CONTROL + (int) offset;
    if (register == Platform.SLEEP_CONTROL && (value & SLEEP_ENABLE) != 0) {
      if (((value >>> 2) & 7) == Platform.SLEEP_TYPE_OFF) {
        off.run();
      }
    } else if (register == Platform.RESET && (value & 0xff) == Platform.RESET_VALUE) {
      reset.run();
    }
  }
}
