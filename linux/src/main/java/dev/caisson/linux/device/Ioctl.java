/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.device;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Commands to a device. ioctl(2)
 *
 * <p>For modules that give a device types of its own: they check every argument, since the kernel
 * follows the addresses in a structure wherever they lead.
 */
public final class Ioctl {
  private Ioctl() {}

  /** A command with a number as argument; answers its result. */
  public static long checked(String name, Fd device, long request, long argument) {
    return Downcall.checked(
        name, device, SystemCall.IOCTL, device.number(), request, argument, 0, 0, 0);
  }

  /** A command with a native structure as argument. */
  public static long checked(String name, Fd device, long request, MemorySegment structure) {
    return checked(name, device, request, structure.address());
  }

  /** A command with bytes as argument, which come back as the device left them. */
  public static byte[] exchanged(String name, Fd device, long request, byte[] structure) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment copy = scratch.bytes(structure);
      checked(name, device, request, copy.address());
      return copy.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** As {@link #checked}, answering minus errno when refused or interrupted. */
  public static long attempt(Fd device, long request, long argument) {
    return Downcall.attempt(SystemCall.IOCTL, device.number(), request, argument);
  }
}
