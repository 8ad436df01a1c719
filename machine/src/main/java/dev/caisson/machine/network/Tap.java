/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.network;

import dev.caisson.linux.Fd;
import dev.caisson.linux.device.Ioctl;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Network interfaces whose other end is a program. Documentation/networking/tuntap.rst */
final class Tap {
  private static final Path DEVICE = Path.of("/dev/net/tun");
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETPERSIST = 0x400454cbL;
  private static final int INTERFACE_REQUEST = 40; // struct ifreq
  private static final short TAP_WITHOUT_HEADER = 0x1002; // IFF_TAP, IFF_NO_PI

  private Tap() {}

  /** Makes one that stays, in the network namespace of the calling thread. */
  static void create(String name) {
    try (Fd device = Directory.openFile(DEVICE, 0, OpenFlag.READ_WRITE)) {
      ByteBuffer request = ByteBuffer.allocate(INTERFACE_REQUEST).order(ByteOrder.LITTLE_ENDIAN);
      request.put(0, name.getBytes(StandardCharsets.US_ASCII)).putShort(16, TAP_WITHOUT_HEADER);
      Ioctl.exchanged("TUNSETIFF " + name, device, TUNSETIFF, request.array());
      Ioctl.checked("TUNSETPERSIST " + name, device, TUNSETPERSIST, 1);
    }
  }
}
