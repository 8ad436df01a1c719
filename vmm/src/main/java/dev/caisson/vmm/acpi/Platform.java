/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.acpi;

/**
 * Where the machine's own registers are: what the tables say and the devices answer to.
 *
 * <p>ACPI's hardware-reduced model has no fixed power hardware; it names any ports one likes.
 */
public final class Platform {
  public static final int SERIAL_PORT = 0x3f8;
  public static final int SERIAL_PORTS = 8;
  public static final int SERIAL_LINE = 4;

  /** Sleep control: bit 5 says go, bits 2 to 4 say where to. */
  public static final int SLEEP_CONTROL = 0x600;

  public static final int SLEEP_STATUS = 0x601;

  /** Any write of {@link #RESET_VALUE} resets. */
  public static final int RESET = 0x602;

  public static final int RESET_VALUE = 1;

  /** The sleep type that {@code _S5_} names: off. */
  public static final int SLEEP_TYPE_OFF = 5;

  /** The interrupt by which the power button is pressed. */
  public static final int EVENT_LINE = 5;

  /** The interrupt by which a guest learns that {@link #GENERATION} holds another number. */
  public static final int GENERATION_LINE = 3;

  /** Where the number of this life of the machine is: 16 bytes in the firmware's area. */
  public static final long GENERATION = 0x9_f000L;

  public static final long LOCAL_INTERRUPTS = 0xfee0_0000L;
  public static final long IO_INTERRUPTS = 0xfec0_0000L;

  private Platform() {}
}
